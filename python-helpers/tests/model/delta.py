"""The offline store: commits of a Delta log, the snapshots they make, and what VACUUM and log cleanup take away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Optional

from .safeguards import Refused

#: The features that a table can have, and a row's values of them: 0 to 2, or null.
FEATURES = ("a", "b")
Values = tuple[Optional[int], ...]

#: What a run appends: key, event time and values of each row.
Batch = tuple[tuple[int, int, Values], ...]


class Definition(NamedTuple):
    """What a group is: its features, and how long after its event a row is online (None: for ever)."""

    features: tuple[str, ...]
    ttl: int | None

    def __str__(self) -> str:
        return f"({', '.join(self.features)}){'' if self.ttl is None else f' for {self.ttl}'}"


class Row(NamedTuple):
    """A row of history. `order` is (event time, created, hash): the greatest wins. Of other writers, `created` is 0."""

    key: int
    order: tuple[int, int, int]
    values: Values

    def __repr__(self) -> str:
        event, created, _ = self.order
        values = ", ".join("null" if value is None else str(value) for value in self.values)
        return f"k{self.key}@{event}({values}){f' of {created}' if created else ''}"


def row_hash(values: Values) -> int:
    """Tells values apart, in an order that is not theirs. A null adds nothing: a new feature changes no hash."""
    code = 0
    for value in values:
        code = 4 * code + (0 if value is None else value + 1)
    return code * 7 % 16


class File:
    """A data file. `gone`: VACUUM took it."""

    __slots__ = ("gone", "rows")

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = tuple(rows)
        self.gone = False


class Metadata(NamedTuple):
    """The metadata of a table. One that nobody adopted has neither a definition nor the properties."""

    columns: tuple[str, ...]
    definition: Definition | None = None
    in_commit_timestamps: bool = False
    change_feed: bool = False


class Version:
    """A commit, and the snapshot that it makes once it is in the log.

    `changed` is the metadata that it sets; `rearranges` says that its files hold the same rows as before (OPTIMIZE).
    `stamp` is its in-commit timestamp, `time` that or the time of its file. Log cleanup takes commits (`cleaned`),
    VACUUM takes change data (`feed_gone`).
    """

    def __init__(
        self,
        operation: str,
        adds: tuple[File, ...] = (),
        removes: tuple[File, ...] = (),
        changed: Metadata | None = None,
        run: str | None = None,
        touches_all: bool = False,
        rearranges: bool = False,
    ) -> None:
        self.operation = operation
        self.adds = adds
        self.removes = removes
        self.changed = changed
        self.run = run
        self.touches_all = touches_all or changed is not None
        self.inserts = bool(adds) and not rearranges
        self.takes_rows = bool(removes) and not rearranges
        self.cleaned = self.feed_gone = False
        self.number = self.time = 0
        self.stamp: int | None = None
        self.files = adds
        self.metadata = changed or Metadata(())
        self._winners: dict[int, Row] | None = None

    def __repr__(self) -> str:
        taken = [f" -{row}" for file in self.removes for row in file.rows]
        added = [f" +{row}" for file in self.adds for row in file.rows]
        at = "without a stamp" if self.stamp is None else f"at {self.stamp}"
        return f"version {self.number} {at}, {self.operation}{''.join(taken + added)}"

    def follow(self, before: Version) -> None:
        """Makes it the version after another."""
        removes = self.removes
        kept = tuple(file for file in before.files if file not in removes) if removes else before.files
        self.number = before.number + 1
        self.files = kept + self.adds
        self.metadata = self.changed or before.metadata
        self._winners = None

    @property
    def whole(self) -> bool:
        """Whether its snapshot can be read."""
        return not any(file.gone for file in self.files)

    def rows(self) -> list[Row]:
        if not self.whole:
            raise Refused(f"files of version {self.number} are gone")
        return [row for file in self.files for row in file.rows]

    def winners(self) -> dict[int, Row]:
        """The latest row of each key."""
        rows = self.rows()
        if self._winners is None:
            self._winners = latest(rows)
        return self._winners

    def changed_keys(self, removed: bool) -> set[int]:
        """The keys of the rows that it added, and with `removed` of those that it took away."""
        now = {row for file in self.adds for row in file.rows}
        before = {row for file in self.removes for row in file.rows}
        return {row.key for row in (now ^ before if removed else now - before)}


class Log:
    """The log of a table."""

    def __init__(self, first: Version, time: int) -> None:
        first.time = time
        first.stamp = time if first.metadata.in_commit_timestamps else None
        self.versions = [first]

    @property
    def head(self) -> Version:
        return self.versions[-1]

    def commit(self, made: Version, clock: int, time: int, base: int | None = None) -> None:
        """Makes a commit the head; or the version after `base`, over another one. `clock` is the committer's, `time`
        the store's own."""
        later: list[Version] = []
        if base is not None:
            later = self.versions[base + 2 :]
            del self.versions[base + 1 :]
        made.follow(self.head)
        made.stamp = max(clock, self.head.time + 1) if made.metadata.in_commit_timestamps else None
        made.time = time if made.stamp is None else made.stamp
        self.versions.append(made)
        for version in later:
            version.follow(self.head)
            self.versions.append(version)

    def commits(self, after: int, upto: int) -> tuple[Version, ...]:
        """The commits (after, upto]."""
        return tuple(self.versions[after + 1 : upto + 1])

    def commit_of(self, run: str) -> Version | None:
        """The commit of a run. That it was made is known also where its file is gone."""
        return next((version for version in self.versions if version.run == run), None)

    def changed_keys(self, after: int, upto: int, removed: bool) -> set[int] | None:
        """The keys that the change feed of (after, upto] names; None where it has a hole."""
        keys: set[int] = set()
        for version in self.commits(after, upto):
            if version.cleaned or version.feed_gone or not version.metadata.change_feed:
                return None
            if version.inserts or version.takes_rows:
                keys |= version.changed_keys(removed)
        return keys

    def vacuum(self) -> None:
        """Takes the files that the head does not need, and change data."""
        kept = set(self.head.files)
        for version in self.versions:
            version.feed_gone = version.feed_gone or bool(version.removes) or not kept.issuperset(version.adds)
            for file in version.adds:
                file.gone = file not in kept

    def clean(self, below: int) -> None:
        """Takes the commits below a version."""
        for version in self.versions[:below]:
            version.cleaned = True


def latest(rows: Iterable[Row], parts: int = 3) -> dict[int, Row]:
    """The greatest row of each key in the first `parts` of the order; the first of those that are equal."""
    found: dict[int, Row] = {}
    for row in rows:
        best = found.get(row.key)
        if best is None or row.order[:parts] > best.order[:parts]:
            found[row.key] = row
    return found


def newest_event(rows: Iterable[Row]) -> int | None:
    return max((row.order[0] for row in rows), default=None)
