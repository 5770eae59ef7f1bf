"""W1: a DataFrame into the offline store's history, in one commit that carries its run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from .delta_log import Commit, Snapshot
from .errors import TwinstoreError, cause_of
from .feature_group import CREATED_US, ROW_HASH, Definition
from .foreign import FOREIGN, caused_by
from .gap import changes_of
from .receipts import Gap, Watermark
from .row_hash import row_hash
from .run_identity import RunIdentity
from .stages import begun
from .twins import Twins
from .types import event_us, quoted
from .varying import varying
from .winners import EVENT_US, ORDER, from_event_us, key_names, order_column, order_rows

_HASH = "_hash"

#: Bytes of a batch that is looked at before it is known whether its run is in history.
_SMALL_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Appended:
    """What came of it. `commit` is the run's own, also when an earlier attempt made it; None: no commit. `was_there`:
    the run was in history before."""

    commit: Commit | None
    rows_in: int
    appended: int
    notes: tuple[str, ...] = ()
    was_there: bool = False


def append(
    twins: Twins,
    rows: DataFrame,
    identity: RunIdentity,
    mode: str,
    snapshot: Snapshot,
    watermark: Watermark,
    before_commit: Callable[[], None],
) -> Appended:
    """Appends the rows of one run; in mode `changed` those that history does not already hold.

    `before_commit` may refuse the commit by raising.

    Raises `TwinstoreError` when a key or event time is null: then nothing is committed.
    """
    definition = twins.definition
    # Meanwhile the batch is looked at, where that is as quick.
    was_there = begun(lambda: twins.offline.has_run(definition.name, identity.run_id))
    created_us = max(time.time_ns() // 1_000, (snapshot.timestamp_us or 0) + 1_000)
    fresh = hashed(rows, definition, created_us)
    # The size is worked out together with the runs; a receipt of rows tells sooner that there are some.
    is_first = watermark.max_event_us is None and twins.offline.size_bytes() == 0
    if (mode == "append" or is_first or not _is_small(rows)) and was_there():
        return _already(twins, rows.count(), identity.run_id, watermark)
    if mode == "append" or is_first:
        commit = _commit(twins, fresh, identity, created_us, before_commit)
        if commit is None:
            return _already(twins, rows.count(), identity.run_id, watermark)
        return Appended(commit, commit.rows or 0, commit.rows or 0)
    with staged(fresh, identity) as batch:
        totals = totals_of(batch, definition)
        if was_there():
            return _already(twins, totals.rows, identity.run_id, watermark)
        with compared(twins, batch, totals, snapshot, watermark) as unknown:
            if unknown is None:
                return Appended(None, totals.rows, 0)
            commit = _commit(twins, unknown, identity, created_us, before_commit)
            if commit is None:
                return _already(twins, totals.rows, identity.run_id, watermark)
            return Appended(commit, totals.rows, commit.rows or 0)


def _is_small(rows: DataFrame) -> bool:
    """Whether Spark estimates few bytes, so that to look at them in vain would cost little."""
    plan: Any = rows._jdf.queryExecution().optimizedPlan()
    return bool(plan.stats().sizeInBytes() <= _SMALL_BYTES)


def hashed(rows: DataFrame, definition: Definition, created_us: int) -> DataFrame:
    """The rows with the internal columns of the offline table."""
    columns = [sf.col(quoted(column.name)) for column in definition.columns]
    created = varying(created_us).alias(CREATED_US)
    return rows.select(*columns, created, row_hash(definition.features).alias(ROW_HASH))


@contextmanager
def staged(rows: DataFrame, identity: RunIdentity) -> Iterator[DataFrame]:
    """The rows evaluated once, though they are read several times."""
    if not identity.deterministic:
        # A lost block of a cached plan would be computed again and differ; a checkpoint has no plan to go back to.
        yield rows.localCheckpoint()
        return
    kept = rows.persist(StorageLevel.DISK_ONLY)
    try:
        yield kept
    finally:
        kept.unpersist()


@dataclass(frozen=True)
class Totals:
    """What a batch holds: how many rows, how many of them lack a key or the event time, and the range of event times
    in µs, None without rows."""

    rows: int
    incomplete: int
    oldest_us: int | None
    newest_us: int | None


def totals_of(batch: DataFrame, definition: Definition) -> Totals:
    """Reads a batch (as `staged` gives it) once."""
    at_us = event_us(definition.event_column)
    lacking = sf.count(sf.when(_incomplete(definition), True))
    return Totals(*batch.agg(sf.count(sf.lit(1)), lacking, sf.min(at_us), sf.max(at_us)).collect()[0])


@contextmanager
def compared(
    twins: Twins, batch: DataFrame, totals: Totals, snapshot: Snapshot, watermark: Watermark
) -> Iterator[DataFrame | None]:
    """The rows of those events of the batch that history does not hold with the same values.

    An event whose newest record in history equals the batch's is not appended again; only history in the batch's range
    of event times is read. None when no row is left. Raises `TwinstoreError` when a key or event time is null.
    """
    definition = twins.definition
    if totals.incomplete:
        raise _refused(definition, f"{totals.incomplete} of {totals.rows} rows")
    newest_known_us = watermark.max_event_us if watermark.version == snapshot.version else None
    if totals.oldest_us is None or totals.newest_us is None:
        yield None
    elif newest_known_us is not None and totals.oldest_us > newest_known_us:
        yield batch
    else:
        timed = batch.withColumn(EVENT_US, event_us(definition.event_column))
        # Kept, so that its size is known when it meets whole rows: where it is small it moves and they do not.
        hashes_hold = _hashes_hold(twins, snapshot, watermark)
        events = _changed_events(twins, timed, snapshot, totals.oldest_us, totals.newest_us, hashes_hold).persist()
        try:
            if events.count() == 0:
                yield None
            else:
                yield timed.join(events, [*definition.keys, EVENT_US], "left_semi").drop(EVENT_US)
        finally:
            events.unpersist()


def _hashes_hold(twins: Twins, snapshot: Snapshot, watermark: Watermark) -> bool:
    """Whether each `_row_hash` in a snapshot is that of its row's values: nobody else changed rows, as an UPDATE does
    that leaves the hash alone."""
    return watermark.hashes_hold and changes_of(twins, Gap(watermark.version, snapshot.version)).foreign == 0


def _changed_events(
    twins: Twins, timed: DataFrame, snapshot: Snapshot, oldest_us: int, newest_us: int, hashes_hold: bool
) -> DataFrame:
    """Keys and event time of the batch's events that history lacks or holds with other values."""
    definition = twins.definition
    keys = key_names(definition)
    # A dry run comes before the columns that its write would add.
    history = twins.offline.read_as(timed.schema, snapshot.version)
    upto_newest = event_us(definition.event_column) <= varying(newest_us)
    history = history.where(from_event_us(definition, oldest_us) & upto_newest)
    if hashes_hold:
        order, known_hash = order_rows(history, definition), sf.max(ORDER).getField("row_hash")
    else:
        values = row_hash(definition.features)
        ordered = order_column(definition, sf.coalesce(sf.col(ROW_HASH), values)).alias(ORDER)
        order = history.select(*keys, ordered, values.alias(_HASH))
        known_hash = sf.max(sf.struct(ORDER, _HASH)).getField(_HASH)
    by_event = order.groupBy(*keys, sf.col(f"{ORDER}.event_us").alias(EVENT_US))
    newest = by_event.agg(known_hash.alias("known_hash"))
    # Of two records of one event in the batch the greater hash would win, and is what history would show.
    events = timed.groupBy(*keys, EVENT_US).agg(sf.max(ROW_HASH).alias("batch_hash"))
    joined = events.join(newest, [*definition.keys, EVENT_US], "left")
    return joined.where(~sf.col("batch_hash").eqNullSafe(sf.col("known_hash"))).select(*keys, EVENT_US)


def _commit(
    twins: Twins, rows: DataFrame, identity: RunIdentity, created_us: int, before_commit: Callable[[], None]
) -> Commit | None:
    definition = twins.definition
    before_commit()
    try:
        return twins.offline.append(rows, definition.name, identity.run_id, created_us)
    except FOREIGN as error:
        for name in ("DeltaInvariantViolationException", "DeltaConstraintViolation"):
            if caused_by(error, name):
                raise _refused(definition, "A row", cause_of(error)) from error
        raise


def _already(twins: Twins, rows_in: int, run_id: str, watermark: Watermark) -> Appended:
    """The run is in history. Whatever left it since comes back only as another run."""
    # One that is online already has nothing left to do, and need not be sought through all of the log.
    commit = twins.offline.commit_of(run_id, watermark.version)
    where = "in history" if commit is None else f"in history as version {commit.version}"
    return Appended(
        commit,
        rows_in,
        0,
        (
            f"The run {run_id} was {where} before: its rows were not appended again.",
            "Rows of it that left history since, or were changed there, come back only by another run=.",
        ),
        was_there=True,
    )


def _incomplete(definition: Definition) -> Column:
    """Whether a row lacks a key or the event time."""
    condition = sf.lit(False)
    for name in (*definition.keys, definition.event_timestamp):
        condition = condition | sf.col(quoted(name)).isNull()
    return condition


def _refused(definition: Definition, what: str, details: str = "") -> TwinstoreError:
    required = " or ".join((*definition.keys, definition.event_timestamp))
    return TwinstoreError(
        "bad_request",
        f"{what} had a null in {required}, so that nothing of this run was appended to {definition.offline}.",
        "Fill these columns or filter such rows out.",
        details=details,
    )
