"""One HTTP exchange over a Unix socket, streamed both ways.

Tornado's own client buffers the request and, before 6.6, does not wait for a slow reader of the answer; the
connection below it does both right, and can be dropped at any moment.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Awaitable
from typing import Protocol

from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import (
    HTTPHeaders,
    HTTPInputError,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream, StreamClosedError

_CHUNK = 65_536


class Reader(Protocol):
    """Told of the answer as it comes; the companion is not read from while an awaitable is unfinished."""

    def begin(self, status: int, headers: HTTPHeaders) -> None: ...

    def receive(self, chunk: bytes) -> Awaitable[None]: ...


class Exchange:
    """A request to the companion and its answer, on a connection of its own."""

    def __init__(self, stream: IOStream) -> None:
        self._stream = stream
        parameters = HTTP1ConnectionParameters(chunk_size=_CHUNK, max_body_size=sys.maxsize, decompress=False)
        self._connection = HTTP1Connection(stream, True, parameters)

    @classmethod
    async def open(cls, path: str) -> Exchange:
        """Connects. Raises `OSError` (refused, no such file) or `StreamClosedError` when nobody listens there."""
        stream = IOStream(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        await stream.connect(path)
        return cls(stream)

    async def begin(self, method: str, path: str, headers: HTTPHeaders) -> None:
        """Sends the head of the request. Without Content-Length the body of a POST goes out in chunks."""
        headers["Host"] = "companion"
        headers["Connection"] = "close"
        await self._connection.write_headers(RequestStartLine(method, path, "HTTP/1.1"), headers)

    async def send(self, chunk: bytes) -> None:
        """Sends a piece of the body; returns when the companion has taken it from us."""
        await self._connection.write(chunk)

    def end(self) -> None:
        """Ends the body."""
        self._connection.finish()

    async def answer(self, reader: Reader) -> bool:
        """Reads the answer into `reader`; false when it was broken off, by either side."""
        delegate = _Delegate(reader)
        try:
            await self._connection.read_response(delegate)
        except StreamClosedError:
            return False
        finally:
            self.close()
        return delegate.whole

    def close(self) -> None:
        """Drops the connection, which the companion sees at once."""
        self._stream.close()


class _Delegate(HTTPMessageDelegate):
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.whole = False

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        if not isinstance(start_line, ResponseStartLine):
            raise HTTPInputError("not a response")
        if start_line.code >= 200:
            self._reader.begin(start_line.code, headers)
        return None

    def data_received(self, chunk: bytes) -> Awaitable[None]:
        return self._reader.receive(chunk)

    def finish(self) -> None:
        self.whole = True
