"""Lines of a child's output."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

_CHUNK = 65_536


async def lines(stream: asyncio.StreamReader, limit: int) -> AsyncIterator[str]:
    """The lines of `stream` without their ends, until it closes. A line of more than `limit` bytes is cut there.

    `StreamReader.readline` would raise on such a line and leave the child blocked on a full pipe.
    """
    pending = bytearray()
    while chunk := await stream.read(_CHUNK):
        *complete, rest = chunk.split(b"\n")
        for piece in complete:
            pending += piece
            yield bytes(pending[:limit]).decode(errors="replace").rstrip("\r")
            pending.clear()
        pending += rest
        del pending[limit:]
    if pending:
        yield bytes(pending).decode(errors="replace")
