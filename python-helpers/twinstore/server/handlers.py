"""What every handler does before and besides its own work: who may call, what is refused, how errors look."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from tornado import web
from tornado.iostream import StreamClosedError

from ..errors import HTTP_STATUS, TwinstoreError

if TYPE_CHECKING:
    from .app import TwinstoreApp

#: Largest body that is taken, in bytes; files go by their path.
MAX_BODY = 64 * 1024 * 1024

_RESOURCE = "twinstore"
_CODES = {400: "bad_request", 403: "forbidden", 404: "not_found", 405: "bad_request", 413: "bad_request"}
_LOG_IN = "Log in to Jupyter again, then reload the page."
_SAME_VERSION = "See that JupyterLab and the server have the same version of twinstore, then reload the page."
_REMEDIES = {
    400: "Correct the request.",
    403: _LOG_IN,
    404: _SAME_VERSION,
    405: _SAME_VERSION,
    413: "Send files by their path.",
}


@web.stream_request_body
class Handler(APIHandler):
    """A path of the contract's table.

    `actions` gives the right that each method needs; other methods do not exist. All checks are in `admit`, before the
    body, because the decorators around a method run only after its body was read, or passed on.
    """

    def initialize(self, twinstore: TwinstoreApp, actions: dict[str, str]) -> None:
        self.twinstore = twinstore
        self.actions = actions
        self.request_id = uuid.uuid4().hex[:12]
        self._received = 0
        self._refusal: Exception | None = None

    async def prepare(self) -> None:  # type: ignore[override]  # as Jupyter's own APIHandler
        """Admits the request or refuses it; a refusal is told after the body, which is thrown away.

        To answer and hang up while the browser still sends would reset its connection, and it would not see the answer.
        """
        try:
            await self.admit()
        except Exception as refusal:
            if isinstance(refusal, web.HTTPError) and refusal.status_code == 413:
                raise
            self._refusal = refusal
            setattr(self, (self.request.method or "").lower(), self._refuse)

    async def admit(self) -> None:
        """Refuses whoever may not call, in this order: foreign host or origin, no login, no XSRF token, no such method,
        no right, too much to say."""
        if not self.check_host():
            raise _forbidden(
                f"Requests to the host name {self.request.host} are not taken.",
                "Use the address that Jupyter printed, or set ServerApp.allow_remote_access.",
            )
        if not self.check_origin():
            raise _forbidden(
                f"Requests from {self.get_origin()} are not taken.",
                "Set ServerApp.allow_origin when that page may act for you.",
            )
        await APIHandler.prepare(self)
        if self.current_user is None:
            raise _forbidden("This request carries no login of this Jupyter server.", _LOG_IN)
        # Jupyter leaves GET unchecked; an answer here may hold data, so a link on a foreign page must not get it.
        self.check_xsrf_cookie()
        action = self.actions.get(self.request.method or "")
        if action is None:
            raise web.HTTPError(405)
        if not await ensure_async(self.authorizer.is_authorized(self, self.current_user, action, _RESOURCE)):
            raise _forbidden(
                f"{self.current_user.username} may not {action} on {_RESOURCE}.",
                "Ask whoever runs this Jupyter server for that right.",
            )
        if int(self.request.headers.get("Content-Length") or 0) > MAX_BODY:
            raise _too_large()

    def skip_check_origin(self) -> bool:
        """A token does not excuse a foreign page."""
        return False

    async def data_received(self, chunk: bytes) -> None:
        """Counts the body, for one sent in chunks has no length, and hands it on."""
        self._received += len(chunk)
        if self._finished:
            return
        if self._received > MAX_BODY:
            error = _too_large()
            self.send_error(error.status_code, exc_info=(type(error), error, None))
            return
        if self._refusal is None:
            await self.body_received(chunk)

    async def body_received(self, chunk: bytes) -> None:
        """A piece of the body."""
        raise NotImplementedError

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """Refusals are answers, not faults of the server."""
        if not isinstance(error, TwinstoreError):
            super().log_exception(kind, error, trace)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Every error in the one form of the contract."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, TwinstoreError):
            self.set_status(HTTP_STATUS[error.code])
            known = error
        else:
            self.set_status(status_code)
            known = self._as_known(status_code, error)
        if status_code == 405:
            self.set_header("Allow", ", ".join(self.actions))
        if status_code == 413:
            # The rest of the body is not read.
            self.set_header("Connection", "close")
        self.finish(json.dumps(known.to_body(self.request_id)))

    def _refuse(self, *_arguments: Any, **_named: Any) -> NoReturn:
        assert self._refusal is not None
        raise self._refusal

    def _as_known(self, status: int, error: BaseException | None) -> TwinstoreError:
        call = f"{self.request.method} {self.request.path}"
        if status in _CODES:
            said = error.log_message if isinstance(error, web.HTTPError) else None
            words = f"{said.rstrip('.')}." if said else f"{call}: {HTTPStatus(status).phrase}."
            return TwinstoreError(_CODES[status], words, _REMEDIES[status])
        return TwinstoreError(
            "internal",
            f"The server failed at {call}.",
            "Look at Jupyter's log, which has more.",
            details=f"{error!r}" if error else "",
        )


class JsonHandler(Handler):
    """Small JSON bodies in, JSON out."""

    def initialize(self, twinstore: TwinstoreApp, actions: dict[str, str]) -> None:
        super().initialize(twinstore, actions)
        self._body = bytearray()

    async def body_received(self, chunk: bytes) -> None:
        self._body += chunk

    def json_body(self) -> Any:
        """The body's value. Raises `TwinstoreError` when it is not JSON (NaN and Infinity are not)."""
        try:
            return json.loads(bytes(self._body) or b"null", parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise TwinstoreError("bad_request", f"The body is not JSON: {error}.", "Send a JSON object.") from error

    def answer(self, value: Any, status: int = 200) -> None:
        """Ends with `value` as JSON."""
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps(value))


class NotFoundHandler(JsonHandler):
    """Every path that the table lacks."""

    async def admit(self) -> None:
        # Whatever the method: the caller must be logged in to learn even this.
        self.actions = {self.request.method or "": "read"}
        await super().admit()
        raise web.HTTPError(404)


def drop(handler: web.RequestHandler) -> None:
    """Breaks the connection to the browser, so that it cannot take a broken answer for a whole one."""
    connection: Any = handler.request.connection
    if connection is not None and connection.stream is not None:
        connection.stream.close()


async def write_through(handler: web.RequestHandler, chunk: bytes, gone: Callable[[], None]) -> None:
    """Sends `chunk` now and returns when the browser has taken it; calls `gone` when it has left."""
    try:
        handler.write(chunk)
        await handler.flush()
    except StreamClosedError:
        gone()


def _forbidden(message: str, remedy: str) -> TwinstoreError:
    return TwinstoreError("forbidden", message, remedy)


def _too_large() -> web.HTTPError:
    return web.HTTPError(413, f"The body has more than {MAX_BODY // 1024 // 1024} MiB.")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
