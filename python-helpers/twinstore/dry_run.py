"""What a write would do, told without doing it."""

from __future__ import annotations

import time
from dataclasses import replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from .append import compared, hashed, staged, totals_of
from .config import Settings
from .cost import cost_notes
from .gap import changes_of
from .preflight import check
from .receipts import Gap, Receipt, Watermark
from .run_identity import RunIdentity
from .twins import Twins
from .user import acting
from .winners import EVENT_US, ORDER, TIED, is_tied, key_names, order_rows, tied_note
from .write import Batch, broken_off


def dry_run(twins: Twins, settings: Settings, identity: RunIdentity, batch: Batch) -> Receipt:
    """The receipt that a write would give, as far as it can be told; nothing is written or made.

    Raises what the write's preflight would raise.
    """
    with broken_off("dry run", twins.definition):
        return _plan(twins, settings, identity, batch)


def _plan(twins: Twins, settings: Settings, identity: RunIdentity, batch: Batch) -> Receipt:
    ready = check(twins, settings, batch.new_features)
    snapshot = ready.snapshot
    reached = Watermark() if snapshot is None else twins.receipts.watermark(snapshot.table_id)
    head = -1 if snapshot is None else snapshot.version
    now_us = time.time_ns() // 1_000
    plan = Receipt(
        run_id=identity.run_id,
        operation="write",
        group=twins.definition.name,
        table_id="" if snapshot is None else snapshot.table_id,
        repeatable=identity.repeatable,
        gap=Gap(reached.version, head),
        write_timestamp_us=now_us,
        max_event_us=reached.max_event_us,
        by=acting(),
        at_us=now_us,
        notes=("A dry run: nothing was written.", *ready.notes),
    )
    if snapshot is not None:
        plan = replace(plan, foreign=changes_of(twins, plan.gap).foreign)
        if not plan.gap.empty:
            note = f"What was committed since version {reached.version} goes online with it, and is not counted here."
            plan = replace(plan, notes=(*plan.notes, note))
    rows = hashed(batch.rows, twins.definition, now_us)
    if snapshot is not None and twins.offline.has_run(twins.definition.name, identity.run_id):
        count = rows.count()
        note = f"The run {identity.run_id} is in history already."
        return replace(plan, rows_in=count, notes=(*plan.notes, note))
    with staged(rows, identity) as kept:
        if snapshot is None:
            return _counted(plan, twins, settings, kept.count(), kept, None)
        history = twins.offline.read_as(kept.schema, snapshot.version)
        if batch.mode == "append":
            return _counted(plan, twins, settings, kept.count(), kept, history)
        totals = totals_of(kept, twins.definition)
        with compared(twins, kept, totals, snapshot, reached) as unknown:
            if unknown is None:
                return replace(plan, rows_in=totals.rows, unchanged=totals.rows)
            return _counted(plan, twins, settings, totals.rows, unknown, history)


def _counted(
    plan: Receipt, twins: Twins, settings: Settings, rows_in: int, fresh: DataFrame, history: DataFrame | None
) -> Receipt:
    definition, keys = twins.definition, list(twins.definition.keys)
    order = order_rows(fresh, definition)
    batch = order.groupBy(*key_names(definition)).agg(sf.max(ORDER).alias("_newest"), is_tied().alias(TIED))
    counts = sf.count(sf.lit(1)), sf.count(sf.when(sf.col(TIED), True))
    winners, tied = batch.agg(*counts).collect()[0]
    appended = order.count()
    late = corrected = 0
    if history is not None:
        known = order_rows(history, definition).join(batch, keys, "left_semi")
        online = known.groupBy(*key_names(definition)).agg(sf.max(ORDER).alias("_online"))
        late = order.join(online, keys).where(sf.col(f"{ORDER}.event_us") < sf.col("_online.event_us")).count()
        events = known.select(*keys, sf.col(f"{ORDER}.event_us").alias(EVENT_US)).distinct()
        corrected = order.withColumn(EVENT_US, sf.col(f"{ORDER}.event_us")).join(events, [*keys, EVENT_US]).count()
        beaten = batch.join(online, keys).where(sf.col("_newest") < sf.col("_online"))
        tied -= beaten.agg(*counts).collect()[0][1]
    return replace(
        plan,
        rows_in=rows_in,
        appended=appended,
        unchanged=rows_in - appended,
        # As the write will: every key that the batch touches, whichever of its rows wins.
        written=winners,
        late=late,
        corrected=corrected,
        superseded=appended - winners,
        notes=(*plan.notes, *tied_note(tied), *cost_notes(twins, settings, fresh, winners)),
    )
