"""Counts in words."""

from __future__ import annotations


def counted(n: int, one: str, many: str) -> str:
    """`n` in words, such as `1 row` or `5,560 rows`."""
    return f"{n:,} {one if n == 1 else many}"
