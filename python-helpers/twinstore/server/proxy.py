"""The companion's routes, passed through: streamed both ways, with allow-lists of headers, aborted to the end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from tornado import web
from tornado.httputil import HTTPHeaders
from tornado.iostream import StreamClosedError

from ..errors import TwinstoreError
from .handlers import Handler, drop, write_through
from .upstream import Exchange

if TYPE_CHECKING:
    from .app import TwinstoreApp

# Nothing else crosses, so that no cookie, token or address of the browser can reach the companion by a new name.
_REQUEST_HEADERS = ("Accept", "Content-Type", "Content-Length")
_RESPONSE_HEADERS = ("Content-Length", "Content-Disposition")
#: How often a question that changes nothing is put, and the pause before each repetition.
_TRIES, _PAUSE_S = 5, 0.1
_JUPYTER_ARGUMENTS = {"token", "_xsrf", "no_track_activity"}


class ProxyHandler(Handler):
    """One route of the companion: `target` is its path there."""

    def initialize(self, twinstore: TwinstoreApp, actions: dict[str, str], target: str = "") -> None:
        super().initialize(twinstore, actions)
        self._target = target
        self._exchange: Exchange | None = None
        self._answer: asyncio.Task[bool] | None = None
        self._is_heard = True
        # An answer that names no type is not one of a page.
        self._content_type = "application/octet-stream"

    async def admit(self) -> None:
        """Opens the way to the companion, so that the body can pass."""
        await super().admit()
        await self._ask()

    async def _ask(self) -> None:
        self._exchange, address = await self.twinstore.companion.connect()
        headers = HTTPHeaders({"X-Twinstore-Secret": address.secret, "X-Request-Id": self.request_id})
        for name in _REQUEST_HEADERS:
            if name in self.request.headers:
                headers[name] = self.request.headers[name]
        with suppress(StreamClosedError):  # The answer tells of it.
            await self._exchange.begin(self.request.method or "GET", self._path(), headers)
        # Read from the start: the companion may refuse a body before it has all of it.
        self._answer = asyncio.create_task(self._exchange.answer(self))

    async def body_received(self, chunk: bytes) -> None:
        """Passes a piece of the request on, and takes no more from the browser until the companion has it."""
        if self._exchange is None or not self._is_heard:
            return
        try:
            await self._exchange.send(chunk)
        except StreamClosedError:
            # The answer, whole or broken, tells why.
            self._is_heard = False

    @web.authenticated
    async def get(self) -> None:
        """Ends the request, and with it when the answer has passed.

        A companion that dies still takes connections for a moment. To read changes nothing, so it is asked again, or
        its successor.
        """
        await self._pass(tries=_TRIES)

    @web.authenticated
    async def post(self) -> None:
        """Ends the request, and with it when the answer has passed."""
        await self._pass()

    def begin(self, status: int, headers: HTTPHeaders) -> None:
        """The answer's head has come."""
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        # nginx would keep a stream back until it has some kilobytes of it.
        self.set_header("X-Accel-Buffering", "no")
        self.set_header("X-Request-Id", self.request_id)
        self._content_type = headers.get("Content-Type", self._content_type)
        self.set_header("Content-Type", self._content_type)
        for name in _RESPONSE_HEADERS:
            if name in headers:
                self.set_header(name, headers[name])

    async def receive(self, chunk: bytes) -> None:
        """A piece of the answer has come; the companion waits until the browser has taken it."""
        await write_through(self, chunk, self._abort)

    def on_connection_close(self) -> None:
        """The browser has left, so the companion may stop as well."""
        super().on_connection_close()
        self._abort()

    def compute_etag(self) -> None:
        """Answers are not cached."""

    async def _pass(self, tries: int = 1) -> None:
        if self._exchange is not None and self._is_heard:
            self._exchange.end()
        if self._answer is None or not await self._answer:
            if tries > 1 and not self._headers_written and not self._has_left():
                await asyncio.sleep(_PAUSE_S)
                await self._ask()
                await self._pass(tries - 1)
            else:
                self._broken()
        elif not self._finished:
            self.finish(set_content_type=self._content_type)

    def _broken(self) -> None:
        """The companion broke off: an error while one can still be told, else a broken answer."""
        if self._headers_written:
            drop(self)
        elif not self._has_left():
            raise TwinstoreError(
                "unavailable", "The companion broke off before it answered.", "Try again; it is started anew."
            )

    def _has_left(self) -> bool:
        return bool(self.request.connection.stream.closed())  # type: ignore[union-attr]

    def _abort(self) -> None:
        if self._exchange is not None:
            self._exchange.close()

    def _path(self) -> str:
        arguments = parse_qsl(self.request.query, keep_blank_values=True)
        kept = urlencode([(name, value) for name, value in arguments if name not in _JUPYTER_ARGUMENTS])
        return f"/{self._target}" + (f"?{kept}" if kept else "")
