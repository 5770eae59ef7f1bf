"""What a gap changed, and which row of each key is due online: `gap.py` and `winners.py` of the library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .delta import Row, Version, latest, newest_event
from .safeguards import Refused
from .world import Watermark, World


class Changes(NamedTuple):
    """What the commits of the gap (after, upto] did. `every_key`: all keys are due."""

    after: int
    upto: int
    commits: tuple[Version, ...]
    every_key: bool

    @property
    def inserts(self) -> bool:
        return any(commit.inserts for commit in self.commits)

    @property
    def removes(self) -> bool:
        return any(commit.takes_rows for commit in self.commits)


class Due(NamedTuple):
    """Rows to write online, keys to delete there, and the newest event of the table."""

    winners: Mapping[int, Row]
    absent: set[int]
    max_event: int | None


def changes_of(world: World, reached: Watermark, head: Version, own: Version | None) -> Changes:
    """What the gap from the watermark to the head did. `own` is the run's own commit, if the gap has it."""
    log, safeguards = world.log, world.safeguards
    if own is not None and not safeguards.whole_gap:
        return Changes(own.number - 1, own.number, (own,), every_key=False)
    after, upto = reached.version, head.number
    commits = log.commits(after, upto)
    if any(commit.cleaned for commit in commits):
        seen = safeguards.keys_of_removed_files or not safeguards.all_keys_fallback
        left = tuple(commit for commit in commits if seen and not commit.cleaned)
        return Changes(after, upto, left, every_key=safeguards.all_keys_fallback)
    if after < 0:
        every_key = any(commit.run is None for commit in commits if commit.inserts)
    else:
        every_key = safeguards.touch_all and any(commit.touches_all for commit in commits)
    return Changes(after, upto, commits, every_key)


def due_online(
    world: World, changes: Changes, head: Version, reached: Watermark, wanted: frozenset[int] | None
) -> Due | None:
    """The winners in snapshot `head` of the keys that the gap changed, and the keys that it took away; None for none.
    `wanted` are keys that are due besides."""
    finder = _Finder(world, changes, head, wanted)
    if changes.every_key:
        return finder.every_key()
    if changes.removes or wanted is not None:
        return finder.of_keys()
    return finder.inserted(reached) if changes.inserts else None


@dataclass(frozen=True)
class _Finder:
    world: World
    changes: Changes
    head: Version
    wanted: frozenset[int] | None

    def inserted(self, reached: Watermark) -> Due:
        """Of a gap that only brought rows."""
        safeguards = self.world.safeguards
        files = [file for commit in self.changes.commits if commit.inserts for file in commit.adds]
        if any(file.gone for file in files) and safeguards.all_keys_fallback:
            return self.every_key()
        rows = [row for file in files if not file.gone for row in file.rows]
        events = [row.order[0] for row in rows]
        if not events or reached.max_event is None:
            return Due(self._latest(rows), set(), max(events, default=reached.max_event))
        newest = max(reached.max_event, *events)
        if min(events) > reached.max_event or not safeguards.history:
            return Due(self._latest(rows), set(), newest)
        return Due(self._winners({row.key for row in rows}), set(), newest)

    def of_keys(self) -> Due:
        """Of a gap that took rows away or replaced some, and of wanted keys: the winner may be any row of history."""
        keys = set(self.wanted or ())
        if self.changes.inserts or self.changes.removes:
            fed = self._fed_keys()
            if fed is None and self.world.safeguards.all_keys_fallback:
                return self.every_key()
            keys |= fed or set()
        winners = self._winners(keys)
        return Due(winners, keys - winners.keys(), newest_event(self.head.rows()))

    def every_key(self) -> Due:
        """Of all that the table holds; what history lacks and the online store has, or may yet get, is to leave it."""
        winners = self._winners(None)
        leaving = self.world.online.keys(self.world.now) | (self.wanted or set())
        if self.changes.removes and self.world.safeguards.keys_on_their_way:
            fed = self._fed_keys()
            if fed is None and self.world.safeguards.keys_of_removed_files:
                removed = [file for commit in self.changes.commits for file in commit.removes if not file.gone]
                fed = {row.key for file in removed for row in file.rows}
            leaving |= fed or set()
        return Due(winners, leaving - winners.keys(), newest_event(winners.values()))

    def _fed_keys(self) -> set[int] | None:
        """The keys that the gap's change feed names; None where it has a hole."""
        log, safeguards = self.world.log, self.world.safeguards
        columns = set(log.head.metadata.columns)
        if not all(columns.issuperset(commit.metadata.columns) for commit in self.changes.commits):
            if safeguards.feed_of_schema:
                return None
            raise Refused("the change feed has a column that the table has lost")
        return log.changed_keys(self.changes.after, self.changes.upto, safeguards.removed_rows)

    def _winners(self, keys: set[int] | None) -> dict[int, Row]:
        """The winners of the head; of `keys` only when they are given."""
        winners = self.head.winners() if self._order_tells else self._latest(self.head.rows())
        return winners if keys is None else {key: row for key, row in winners.items() if key in keys}

    def _latest(self, rows: Iterable[Row]) -> dict[int, Row]:
        """The winners among rows; where their order does not tell, whichever comes first."""
        if self._order_tells:
            return latest(rows)
        shuffled = list(rows)
        self.world.random.shuffle(shuffled)
        return latest(shuffled, parts=3 if self.world.safeguards.total_order else 1)

    @property
    def _order_tells(self) -> bool:
        return self.world.safeguards.total_order and self.world.safeguards.honest_rows
