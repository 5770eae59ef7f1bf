"""What writers share: both stores, the receipts, the lease and the time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Callable, NamedTuple

from .cql import OnlineTable
from .delta import Log, Version
from .safeguards import Refused, Safeguards

#: The keys that a table has.
KEYS = range(3)
#: How far a clock may be off before a write is refused.
CLOCK_SLACK = 4
#: How long a lease lasts after it was renewed, and how long its holder trusts in that.
LEASE_TTL, LEASE_TRUST = 15, 10


class Receipt(NamedTuple):
    """The record of a propagation: the versions that it covers, (from_version, to_version], its write timestamp, and
    the newest event of the table at their end."""

    from_version: int
    to_version: int
    stamp: int
    max_event: int | None


class Watermark(NamedTuple):
    """The version up to which all is online (−1: nothing is), and the newest event up to there."""

    version: int = -1
    max_event: int | None = None


def watermark(receipts: Iterable[Receipt]) -> Watermark:
    """The end of the unbroken union of the receipts' gaps."""
    reached = Watermark()
    for each in sorted(receipts, key=lambda receipt: receipt[:2]):
        if each.from_version > reached.version:
            break
        if each.to_version >= reached.version:
            known = [event for event in (reached.max_event, each.max_event) if event is not None]
            reached = Watermark(each.to_version, max(known, default=None))
    return reached


class Lease:
    """The right to commit. Its holder renews it at each step, and loses it by sleeping too long."""

    def __init__(self) -> None:
        self._holder: object = None
        self._renewed = 0

    def take(self, writer: object, now: int) -> bool:
        if self._holder is None or now > self._renewed + LEASE_TTL:
            self._holder, self._renewed = writer, now
        return self._holder is writer

    def renew(self, writer: object, now: int) -> None:
        if self._holder is writer:
            self._holder = writer if now <= self._renewed + LEASE_TTL else None
            self._renewed = now

    def check(self, writer: object, now: int) -> None:
        if self._holder is not writer or now > self._renewed + LEASE_TRUST:
            raise Refused("the lease was lost")

    def release(self, writer: object) -> None:
        if self._holder is writer:
            self._holder = None


@dataclass
class World:
    """`now` is the true time. `lease` is None where the log store refuses a second commit of a version. `listener` is
    told what happens. `lost_at` is the head when the online table was last lost, −1: never. `begun` counts writers."""

    safeguards: Safeguards
    random: Random
    log: Log
    online: OnlineTable
    lease: Lease | None
    now: int
    listener: Callable[[str], None] | None = None
    lost_at: int = -1
    begun: int = 0
    receipts: list[Receipt] = field(default_factory=list)

    def say(self, *what: object) -> None:
        """Tells the listener; words are made only for one who listens."""
        if self.listener is not None:
            self.listener(f"{self.now:6}  {' '.join(map(str, what))}")

    def commit(self, who: object, made: Version, ahead: int = 0, base: int | None = None) -> None:
        """Commits by a clock that is `ahead`, over the version after `base` if there is one."""
        self.log.commit(made, self.now + ahead, self.now, base)
        self.say(who, "commits", made)
