"""W2 to W4: what a gap of Delta versions changed, and which row of each changed key is due online."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as sf

from .delta_log import Commit, Snapshot
from .feature_group import CREATED_US, Definition
from .foreign import FOREIGN, caused_by, feed_is_gone
from .receipts import Gap, Watermark
from .twins import Twins
from .types import event_us
from .varying import varying
from .winners import EVENT_US, TIED, event_times, from_event_us, key_names, least_us, newest, rows_of

#: Columns of `rows_by_key`: the oldest event time of a key in µs, null where one is missing, and how many rows it has.
FIRST, _ROWS = "_first", "_rows"
_OWN, _KNOWN, _LATE = "_own", "_known", "_late"


@dataclass(frozen=True)
class Changes:
    """What a gap's commits did. `every_key`: all keys are due, and those that history lacks leave the online store."""

    gap: Gap
    commits: tuple[Commit, ...]
    every_key: bool

    @property
    def inserts(self) -> tuple[Commit, ...]:
        """Commits that brought rows."""
        return tuple(commit for commit in self.commits if commit.added)

    @property
    def removes(self) -> bool:
        """Whether rows left the table or were replaced."""
        return any(commit.removes for commit in self.commits)

    @property
    def by_others(self) -> tuple[Commit, ...]:
        """Commits of other writers that changed rows, of those that the log still has."""
        return tuple(commit for commit in self.commits if commit.changes_rows and not commit.ours)

    @property
    def foreign(self) -> int | None:
        """How many of these may have left a `_row_hash` that is not its row's, as an UPDATE does and a DELETE cannot;
        None where the log no longer has all commits."""
        if len(self.commits) < self.gap.to_version - self.gap.from_version:
            return None
        return sum(commit.operation != "DELETE" for commit in self.by_others)

    @property
    def none(self) -> bool:
        """Whether no key is due, as after OPTIMIZE."""
        return not self.every_key and not self.inserts and not self.removes


@dataclass(frozen=True)
class Start:
    """Where a propagation begins: the head H of the log, the watermark, what the commits between did, and this run's
    own commit if it is one of them.

    `own_is_fresh`: this very call made that commit. `set_to` is the older version whose rows go online in place of the
    head's; the head is the commit that says so.
    """

    head: Snapshot
    reached: Watermark
    changes: Changes
    own: Commit | None = None
    own_is_fresh: bool = False
    set_to: int | None = None


@dataclass(frozen=True)
class Counts:
    """How the rows of one run's append relate to history: see `receipt.schema.json`."""

    late: int = 0
    corrected: int = 0
    superseded: int = 0


@dataclass(frozen=True)
class Due:
    """What is due online: `times` (keys, `EVENT_US`) tell the winners among the rows of `source` (None: each is one),
    `absent` the keys to delete (None: none). `max_event_us` is the newest event time in the table at the end of the
    gap."""

    times: DataFrame | None
    keys: int
    oldest_us: int | None
    source: DataFrame
    absent: DataFrame | None
    max_event_us: int | None
    counts: Counts


def changes_of(twins: Twins, gap: Gap) -> Changes:
    """Reads the commits of the gap. Every key is due at the first propagation of an adopted table, after a commit that
    touches all, and where the log no longer has a commit."""
    commits = twins.offline.commits(gap.from_version, gap.to_version)
    if commits is None:
        return Changes(gap, (), every_key=True)
    if gap.from_version < 0:
        # No row is older than the gap, so that its own rows are all there are to touch.
        touched = any(commit.run_id is None for commit in commits if commit.added)
    else:
        touched = any(commit.touches_all for commit in commits)
    return Changes(gap, tuple(commits), every_key=touched)


def rows_by_key(rows: DataFrame, definition: Definition) -> DataFrame:
    """Each key of `rows` once, with its newest `EVENT_US`, `FIRST` and how many rows it has."""
    by_key = event_times(rows, definition).groupBy(*key_names(definition))
    return by_key.agg(sf.max(EVENT_US).alias(EVENT_US), least_us().alias(FIRST), sf.count(sf.lit(1)).alias(_ROWS))


def decides_alone(first_us: int | None, known_us: int | None) -> bool:
    """Whether all that a gap brought, from `first_us` on (None: not known), is newer than all that was there, up to
    `known_us` (None: nothing), so that each of its keys has its winner among the gap's rows."""
    return first_us is not None and (known_us is None or first_us > known_us)


def fed_keys(twins: Twins, gap: Gap, kept: ExitStack) -> DataFrame | None:
    """The distinct keys of all rows that the gap added, removed or replaced, cached until `kept` closes; None where the
    change feed has a hole."""
    keys = list(twins.definition.keys)
    if gap.empty:
        return twins.offline.read(gap.to_version).select(*keys).limit(0)
    try:
        found = twins.offline.changed_keys(gap.from_version, gap.to_version, keys).persist()
        kept.callback(found.unpersist)
        found.count()
    except FOREIGN as error:
        if not feed_is_gone(error):
            raise
        return None
    return found


def due_online(twins: Twins, start: Start, wanted: DataFrame | None, kept: ExitStack) -> Due:
    """The winners in the snapshot of the head of the keys that the gap changed, and the keys that it took away.

    `wanted` are keys that are due besides, whether or not the gap changed them. What is cached lives until `kept`
    closes.
    """
    changes = start.changes
    finder = _Finder(twins, start, wanted, kept)
    if changes.every_key:
        return finder.every_key()
    if changes.removes or wanted is not None:
        return finder.of_keys()
    try:
        return finder.inserted()
    except FOREIGN as error:
        if not feed_is_gone(error):
            raise
        return finder.every_key()


class _Finder:
    def __init__(self, twins: Twins, start: Start, wanted: DataFrame | None, kept: ExitStack) -> None:
        self._twins = twins
        self._definition = twins.definition
        self._keys = list(twins.definition.keys)
        self._start = start
        self._changes = start.changes
        self._own = start.own
        self._wanted = wanted
        self._kept = kept

    def inserted(self) -> Due:
        """Of a gap that only brought rows."""
        inserts = self._changes.inserts
        gap_rows = self._twins.offline.added_rows(inserts)
        summary = self._cached(rows_by_key(gap_rows, self._definition))
        totals = summary.agg(sf.count(sf.lit(1)), sf.sum(_ROWS), least_us(FIRST), least_us(), sf.max(EVENT_US))
        keys, rows, first_us, oldest_us, last_us = totals.collect()[0]
        known_us = self._start.reached.max_event_us
        newest_us = max((us for us in (known_us, last_us) if us is not None), default=None)
        touched = summary.select(*key_names(self._definition), EVENT_US)
        if keys == 0 or decides_alone(first_us, known_us):
            alone = self._own is not None and inserts == (self._own,)
            counts = Counts(superseded=rows - keys) if alone else self._counts(None)
            return Due(None if rows == keys else touched, keys, oldest_us, gap_rows, None, newest_us, counts)
        snapshot = self._twins.offline.read(self._start.head.version)
        since = snapshot if first_us is None else snapshot.where(from_event_us(self._definition, first_us))
        history = event_times(since, self._definition)
        related = self._cached(history.join(touched.drop(EVENT_US), self._keys, "left_semi"))
        times = self._cached(newest(related, self._definition))
        return replace(self._due(times, snapshot, None, self._counts(related)), max_event_us=newest_us)

    def of_keys(self) -> Due:
        """Of a gap that took rows away or replaced some, and of wanted keys: the winner may be any row of history."""
        keys = self._wanted
        if keys is None or self._changes.inserts or self._changes.removes:
            changed = fed_keys(self._twins, self._changes.gap, self._kept)
            if changed is None:
                return self.every_key()
            keys = changed if keys is None else changed.unionByName(keys).distinct()
        snapshot = self._twins.offline.read(self._start.head.version)
        related = self._cached(event_times(snapshot, self._definition).join(keys, self._keys, "left_semi"))
        times = self._cached(newest(related, self._definition))
        absent = keys.join(times, self._keys, "left_anti")
        due = self._due(times, snapshot, absent, self._counts(related))
        return replace(due, max_event_us=self._newest_us(snapshot))

    def every_key(self) -> Due:
        """Of all that the table holds; what history lacks and the online store has, or may yet get, is to leave it."""
        head, set_to = self._start.head.version, self._start.set_to
        offline, columns = self._twins.offline, self._start.head.schema
        snapshot = offline.read(head) if set_to is None else offline.read_as(columns, set_to)
        history = event_times(snapshot, self._definition)
        times = self._cached(newest(history, self._definition))
        candidates = self._twins.online.read().select(*key_names(self._definition))
        # A slower writer of another snapshot may bring them only later.
        for keys in self._keys_of_others(head if set_to is None else set_to):
            candidates = candidates.unionByName(keys).distinct()
        absent = candidates.join(times, self._keys, "left_anti")
        is_first = self._changes.gap.from_version < 0 and self._own is not None
        only_own = is_first and self._changes.inserts == (self._own,)
        due = self._due(times, snapshot, absent, self._counts(None if only_own else history))
        return due if set_to is None else replace(due, max_event_us=self._newest_us(offline.read(head)))

    def _keys_of_others(self, version: int) -> Iterator[DataFrame]:
        """Keys that the rows of `version` may lack and that another writer may write online."""
        if self._wanted is not None:
            yield self._wanted
        if self._changes.removes:
            removed = fed_keys(self._twins, self._changes.gap, self._kept)
            # The feed has a hole, as before a table was adopted.
            yield self._twins.offline.removed_keys(self._changes.commits, self._keys) if removed is None else removed
        # Versions that one who did not finish was to set the online store to.
        snapshots = {commit.set_to for commit in self._changes.commits if commit.set_to is not None}
        for other in (snapshots | {self._start.head.version}) - {version}:
            keys = self._cached(self._twins.offline.read(other).select(*key_names(self._definition)))
            try:
                keys.count()
            except FOREIGN as error:
                # VACUUM took files of that version, so that nobody can bring its rows any more.
                if not caused_by(error, "FileNotFoundException"):
                    raise
            else:
                yield keys

    def _counts(self, history: DataFrame | None) -> Counts:
        """Of this run's own rows, against `history` (as `event_times` gives it); None: nothing in it is as new."""
        if self._own is None:
            return Counts()
        names = key_names(self._definition)
        own = event_times(self._twins.offline.added_rows([self._own]), self._definition)
        rows = own.select(*names, EVENT_US, sf.lit(1).alias(_OWN))
        if history is not None and self._own.created_us is not None:
            prior = history.where(sf.col(CREATED_US) < varying(self._own.created_us))
            rows = rows.unionByName(prior.select(*names, EVENT_US, sf.lit(0).alias(_OWN)))
        is_known, is_own = sf.col(_KNOWN), sf.col(_OWN)
        # One shuffle, by key, serves all that follows.
        by_event = rows.repartition(*names).groupBy(*names, EVENT_US)
        events = by_event.agg(sf.sum(_OWN).alias(_OWN), (sf.min(_OWN) == 0).alias(_KNOWN))
        newest_known = sf.max(sf.when(is_known, sf.col(EVENT_US))).over(Window.partitionBy(*names))
        by_key = events.withColumn(_LATE, sf.when(sf.col(EVENT_US) < newest_known, is_own)).groupBy(*names)
        sums_of_key = by_key.agg(
            sf.sum(_OWN).alias(_OWN), sf.sum(_LATE).alias(_LATE), sf.sum(sf.when(is_known, is_own)).alias(_KNOWN)
        )
        try:
            own_keys = sums_of_key.where(is_own > 0)
            keys, *sums = own_keys.agg(sf.count(sf.lit(1)), *map(sf.sum, (_OWN, _LATE, _KNOWN))).collect()[0]
        except FOREIGN as error:
            # The run is of an earlier attempt and VACUUM took its files: it can be finished, no longer counted.
            if not caused_by(error, "FileNotFoundException"):
                raise
            return Counts()
        own_rows, late, corrected = (each or 0 for each in sums)
        return Counts(late, corrected, superseded=own_rows - keys)

    def _due(self, times: DataFrame, source: DataFrame, absent: DataFrame | None, counts: Counts) -> Due:
        totals = times.agg(sf.count(sf.lit(1)), least_us(), sf.max(EVENT_US))
        keys, oldest_us, newest_us = totals.collect()[0]
        return Due(times, keys, oldest_us, source, absent, newest_us, counts)

    def _newest_us(self, rows: DataFrame) -> int | None:
        newest_us: int | None = rows.agg(sf.max(event_us(self._definition.event_column))).collect()[0][0]
        return newest_us

    def _cached(self, rows: DataFrame) -> DataFrame:
        cached = rows.persist()
        self._kept.callback(cached.unpersist)
        return cached


def winner_rows(due: Due, twins: Twins, partitions: int) -> DataFrame:
    """The whole rows that are due, one per key, with `TIED`."""
    if due.times is None:
        return due.source.withColumn(TIED, sf.lit(False)).repartition(partitions, *key_names(twins.definition))
    return rows_of(due.times, due.source, twins.definition, partitions, due.oldest_us)


def resumed_runs(changes: Changes, own_is_fresh: bool, own: Commit | None) -> Sequence[str]:
    """Runs of earlier, unfinished writes that the gap holds."""
    fresh = own.run_id if own is not None and own_is_fresh else None
    return [commit.run_id for commit in changes.commits if commit.run_id is not None and commit.run_id != fresh]
