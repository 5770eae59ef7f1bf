"""How a kernel or a shell talks to the companion: plain HTTP over its Unix socket.

A Jupyter Server with the extension puts `TWINSTORE_RUNTIME` into its environment, which kernels and terminals
inherit. In that folder `control.sock` answers where the companion listens, and starts it when it does not run. The
companion may be gone at any time (it idles out, or was killed), so the server is asked again after a refused
connection.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import HTTP_STATUS, TwinstoreError

_NO_COMPANION_REMEDY = (
    "Run this in a notebook or terminal of a JupyterLab that has the twinstore extension, or do without: "
    "the library itself needs no companion."
)


@dataclass(frozen=True)
class _Address:
    socket: str
    secret: str


class CompanionClient:
    """Calls of the companion's routes, one connection each.

    `runtime` is the server's runtime folder; default `TWINSTORE_RUNTIME`. `limit_s` bounds each wait: for the
    companion's start and for its answer.
    """

    def __init__(self, runtime: Path | None = None, limit_s: float = 60.0) -> None:
        named = os.environ.get("TWINSTORE_RUNTIME")
        self._runtime = runtime or (Path(named) if named else None)
        self._limit_s = limit_s
        self._address: _Address | None = None

    def health(self) -> dict[str, Any]:
        """Answer of `GET health`."""
        return self._call("GET", "health", None)

    def post(self, route: str, body: dict[str, Any]) -> dict[str, Any]:
        """Answer of `POST <route>`, such as `groups/get` with `{"group": "energy"}`.

        Raises `TwinstoreError`: the companion's own errors as they are, `unavailable` when there is no companion.
        """
        return self._call("POST", route, json.dumps(body).encode())

    def _call(self, method: str, route: str, body: bytes | None) -> dict[str, Any]:
        """Asks; once more, of a companion started anew, when the first was gone or went: every route only reads."""
        for attempt in (1, 2):
            address = self._address or self._ensure()
            try:
                answer = self._request(address, method, route, body)
            except (ConnectionError, FileNotFoundError) as error:
                self._address = None
                if attempt == 2:
                    raise _broken_off(route, error) from error
            else:
                self._address = address
                return answer
        raise AssertionError("unreachable")

    def _request(self, address: _Address, method: str, route: str, body: bytes | None) -> dict[str, Any]:
        connection = _UnixConnection(address.socket, self._limit_s)
        headers = {"X-Twinstore-Secret": address.secret, "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, f"/{route}", body=body, headers=headers)
            response = connection.getresponse()
            return _answer(response.status, response.read(), route)
        except socket.timeout as error:
            raise TwinstoreError(
                "deadline",
                f"The companion did not answer {route} within {self._limit_s:g} s.",
                "Try again; its log is in the Twinstore sidebar.",
                side="twinstore",
            ) from error
        except http.client.IncompleteRead as error:
            raise _broken_off(route, error) from error
        finally:
            connection.close()

    def _ensure(self) -> _Address:
        if self._runtime is None:
            raise TwinstoreError("unavailable", "No companion can be reached from here.", _NO_COMPANION_REMEDY)
        path = str(self._runtime / "control.sock")
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
                control.settimeout(self._limit_s)
                control.connect(path)
                control.sendall(b'{"verb": "ensure"}\n')
                line = _read_line(control)
            reply = json.loads(line)
        except (OSError, ValueError) as error:
            raise TwinstoreError(
                "unavailable", f"The Jupyter Server at {path} does not answer.", _NO_COMPANION_REMEDY,
                details=repr(error),
            ) from error  # fmt: skip
        if "code" in reply:
            raise _error(reply)
        return _Address(reply["socket"], reply["secret"])


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _read_line(control: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        part = control.recv(65_536)
        if not part:
            break
        line += part
    return line


def _answer(status: int, body: bytes, route: str) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    if status == 200 and isinstance(value, dict):
        return value
    if isinstance(value, dict) and "code" in value:
        raise _error(value)
    raise TwinstoreError(
        "internal", f"The companion answered {route} with status {status} and no error of its own.", "Report this."
    )


def _broken_off(route: str, error: Exception) -> TwinstoreError:
    return TwinstoreError(
        "unavailable",
        f"The companion broke off while it answered {route}.",
        "Try again; its log is in the Twinstore sidebar.",
        details=repr(error),
    )


def _error(body: dict[str, Any]) -> TwinstoreError:
    code = body["code"] if body.get("code") in HTTP_STATUS else "internal"
    return TwinstoreError(
        code, body.get("message", ""), body.get("remedy", ""), side=body.get("side"), details=body.get("details", "")
    )
