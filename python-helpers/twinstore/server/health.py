"""Where the companion listens, and the one question by which its life is watched."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tornado.httputil import HTTPHeaders

from .upstream import Exchange


@dataclass(frozen=True)
class Address:
    """Where the companion listens, and the word that it wants to hear."""

    socket: str
    secret: str


async def ask_health(address: Address) -> tuple[int, dict[str, Any]]:
    """Status and body of `GET health`: `IHealth`, or the error that says why it cannot serve.

    Raises `OSError` or `StreamClosedError` when nobody listens, `ValueError` for half an answer or no object.
    """
    answer = _Answer()
    exchange = await Exchange.open(address.socket)
    try:
        await exchange.begin("GET", "/health", HTTPHeaders({"X-Twinstore-Secret": address.secret}))
        exchange.end()
        is_whole = await exchange.answer(answer)
    finally:
        exchange.close()
    value = json.loads(bytes(answer.body))
    if not is_whole or not isinstance(value, dict):
        raise ValueError("not a whole answer")
    return answer.status, value


class _Answer:
    """Collects an answer."""

    def __init__(self) -> None:
        self.status = 0
        self.body = bytearray()

    def begin(self, status: int, headers: HTTPHeaders) -> None:
        self.status = status

    async def receive(self, chunk: bytes) -> None:
        self.body += chunk
