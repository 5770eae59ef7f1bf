"""`control.sock`: where a kernel or a terminal asks this server for the companion."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from logging import Logger
from pathlib import Path
from typing import Any

from tornado.iostream import IOStream, StreamClosedError, UnsatisfiableReadError
from tornado.netutil import bind_unix_socket
from tornado.tcpserver import TCPServer

from ..errors import TwinstoreError
from .companion import Companion

_LINE_LIMIT = 4_096
_LINE_S = 5


class ControlServer(TCPServer):
    """Answers one line of JSON with one line of JSON. The only verb is `ensure`."""

    def __init__(self, companion: Companion, folder: Path, log: Logger) -> None:
        super().__init__()
        self._companion = companion
        self._log = log
        self.add_socket(bind_unix_socket(str(folder / "control.sock"), mode=0o600))

    async def handle_stream(self, stream: IOStream, address: tuple[str, ...]) -> None:
        """Serves one client."""
        try:
            if not _is_same_user(stream.socket):
                self._log.warning("Another user asked control.sock for the companion and was refused.")
                return
            line = await asyncio.wait_for(stream.read_until(b"\n", max_bytes=_LINE_LIMIT), _LINE_S)
            answer = await self._answer(line)
            await stream.write(json.dumps(answer).encode() + b"\n")
        except (StreamClosedError, UnsatisfiableReadError, asyncio.TimeoutError):
            # A client that left, chatters or is silent gets nothing.
            pass
        finally:
            stream.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            verb = request.get("verb") if isinstance(request, dict) else None
            if verb != "ensure":
                raise TwinstoreError("bad_request", f"{verb!r} is not a verb of control.sock.", "Send `ensure`.")
            # Connected to once, so that one that has just died is not handed out.
            exchange, address = await self._companion.connect()
            exchange.close()
        except ValueError:
            return TwinstoreError("bad_request", "The line is not JSON.", "Send a JSON object.").to_body()
        except TwinstoreError as error:
            return error.to_body()
        return {"socket": address.socket, "secret": address.secret}


def _is_same_user(peer: socket.socket) -> bool:
    """Whether the caller is this user. Where the system does not tell, the folder's mode is the guard."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return True
    _pid, user, _group = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i")))
    return bool(user == os.getuid())
