"""An online store that takes fewer rows than it is sent: time-outs, for CQL has no word for it.

What timed out may have arrived or not; it is sent again with the same values at the same write timestamp, which changes
nothing where it had arrived. Pauses grow and are random, so that many tasks do not come back together.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from .errors import TwinstoreError

_FIRST_PAUSE_S = 0.5
_PAUSES = 5

#: In the messages of the driver's errors, which Spark hands on as text alone.
_SIGNS = ("Cassandra timeout during", "OverloadedException")


class Throttled(TwinstoreError):  # noqa: N818 - its name says what happened
    """The store went on timing out, or failed after it did; `rows_left` are not confirmed, None for all of them."""

    def __init__(self, rows_left: int | None, details: str) -> None:
        super().__init__(
            "store_failed",
            "The online store took fewer rows than it was sent.",
            "Lower `budgets.online_rows_per_second` in the settings below what the table takes.",
            details=details,
        )
        self.rows_left = rows_left


def timed_out(error: BaseException) -> bool:
    """Whether the server answered, and said that it could not do it in time."""
    said = f"{error} {getattr(error, 'details', '')}"
    return any(sign in said for sign in _SIGNS)


def pauses() -> Iterator[float]:
    """Seconds to wait before each further attempt, until it is to be given up."""
    for attempt in range(_PAUSES):
        yield random.uniform(0, _FIRST_PAUSE_S * 2**attempt)
