"""The second half of a write: everything that the log has and the online store has not goes online, whoever wrote it.

For every key that the gap (w, H] of Delta versions changed, the winner of snapshot H is written at the time of commit
H. The watermark passes a version only by a receipt, so that a crash anywhere leaves a gap, which the next one covers.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from .config import Settings
from .counted import counted
from .errors import TwinstoreError, WriteUnconfirmed, from_foreign
from .fate import ALIVE, EXPIRED, FATE, Limits, Tally, illegal_key, tally, with_fate
from .feature_group import Definition
from .gap import Changes, Due, Start, due_online, resumed_runs, winner_rows
from .receipts import Receipt
from .stages import Stages
from .throttled import Throttled, timed_out
from .twins import Twins
from .types import as_json, cql_json, quoted
from .winners import key_names, tied_note

FAILED_ROWS = "failed_rows"

#: Rows that one task writes online, about: few enough that a failed task leaves little unconfirmed.
_ROWS_IN_TASK = 20_000


class Propagation:
    """Brings the gap of one group online.

    `checkpoint` is told the name of each step before it begins; `before_commit` may refuse a commit by raising.
    """

    def __init__(
        self,
        twins: Twins,
        settings: Settings,
        stages: Stages,
        checkpoint: Callable[[str], None],
        before_commit: Callable[[], None],
    ) -> None:
        self._twins = twins
        self._settings = settings
        self._definition = twins.definition
        self._stages = stages
        self._checkpoint = checkpoint
        self._before_commit = before_commit

    def finish(self, draft: Receipt, start: Start, wanted: DataFrame | None = None) -> Receipt:
        """The receipt of what was brought online, kept; the draft with a note when there was nothing to bring.

        `wanted` are keys that are due whatever the gap changed.

        Raises `WriteUnconfirmed`, which carries the receipt as far as it goes, when the online store fails.
        """
        gap = start.changes.gap
        draft = replace(draft, gap=gap, max_event_us=start.reached.max_event_us, foreign=start.changes.foreign)
        if gap.empty:
            return replace(
                draft, notes=(*draft.notes, f"Everything up to version {gap.to_version} was online already.")
            )
        self._checkpoint("gap")
        with ExitStack() as kept:
            with self._stages.stage("keys"):
                changes = start.changes
                draft = replace(
                    draft,
                    resumed=tuple(resumed_runs(changes, start.own_is_fresh, start.own)),
                    notes=(*draft.notes, *_foreign(changes)),
                )
                due = None
                if wanted is not None or not changes.none:
                    due = due_online(self._twins, start, wanted, kept)
            if due is not None:
                draft = self._online(draft, due, kept)
        return self._keep(draft)

    def _online(self, draft: Receipt, due: Due, kept: ExitStack) -> Receipt:
        with self._stages.stage("winners"):
            partitions = max(self._twins.spark.sparkContext.defaultParallelism, -(-due.keys // _ROWS_IN_TASK))
            limits = Limits.of(self._twins, self._settings)
            whole = winner_rows(due, self._twins, partitions)
            fated = with_fate(whole, self._definition, limits, time.time_ns() // 1_000).persist()
            kept.callback(fated.unpersist)
            fates = tally(fated)
            if fates.alive + fates.expired + fates.failed != due.keys:
                raise TwinstoreError(
                    "internal",
                    f"Of {counted(due.keys, 'row', 'rows')} due in {self._definition.online} the offline store gave "
                    f"{fates.alive + fates.expired + fates.failed}, so that none was written.",
                    "Run `store.materialize(group)`, which takes every row anew, and report this.",
                )
            absent = 0
            if due.absent is not None:
                # What lacks a part of its key, as a row of others may have before it was deleted, is online nowhere,
                # nor is what has a key that the store refuses.
                refused = illegal_key(self._definition, limits.key_bytes)
                gone = due.absent.dropna().where(~refused).persist()
                kept.callback(gone.unpersist)
                absent = gone.count()
                due = replace(due, absent=gone)
        receipt = replace(
            draft,
            max_event_us=due.max_event_us,
            late=due.counts.late,
            corrected=due.counts.corrected,
            superseded=due.counts.superseded,
            notes=(*draft.notes, *tied_note(fates.tied)),
            written=fates.alive,
            deleted=absent,
            expired=fates.expired,
            failed=fates.failed,
        )
        self._checkpoint("online")
        self._write(receipt, due, fated, fates)
        if fates.failed:
            self._set_aside(receipt, fated)
        return receipt

    def _write(self, receipt: Receipt, due: Due, fated: DataFrame, fates: Tally) -> None:
        """W5. The sets of keys that are written and deleted are disjoint, so that their order does not matter."""
        twins = self._twins
        removals = receipt.deleted + receipt.expired
        deleted = 0
        before: set[int] | None = None

        def report(done: int) -> None:
            nonlocal deleted
            deleted = done
            self._stages.report("online", done, removals, "deletes")

        with self._stages.stage("online", fates.alive or None), twins.online.watched() as watch:
            try:
                if removals:
                    gone = self._key_json(due.absent, fated.where(sf.col(FATE) == EXPIRED))
                    twins.online.delete(gone, receipt.write_timestamp_us, report)
                    self._checkpoint("deleted")
                if fates.alive:
                    alive = fated.where(sf.col(FATE) == ALIVE)
                    *others, last = twins.online.tables
                    for table in others:
                        table.write(alive, receipt.write_timestamp_us, receipt.gap.to_version)
                        self._checkpoint("next table")
                    # A row is confirmed when its last table has it.
                    before = self._jobs()
                    last.write(alive, receipt.write_timestamp_us, receipt.gap.to_version)
            except Exception as error:
                written = 0 if before is None else self._written(error, fates, before)
                unconfirmed = replace(
                    receipt,
                    unconfirmed=fates.alive - written + removals - deleted,
                    durations_s=dict(self._stages.durations_s),
                )
                raise _unconfirmed(unconfirmed, error, watch.silent, twins.cql.address) from error

    def _written(self, error: Exception, fates: Tally, before: set[int]) -> int:
        """Rows that are confirmed, at least, where the jobs after those of `before` ended in this error."""
        if isinstance(error, Throttled):
            return 0 if error.rows_left is None else fates.alive - error.rows_left
        return self._confirmed(fates, self._jobs() - before)

    def _jobs(self) -> set[int]:
        """The Spark jobs that this stage began."""
        context = self._twins.spark.sparkContext
        group = context.getLocalProperty("spark.jobGroup.id")
        return set(context.statusTracker().getJobIdsForGroup(group)) if group else set()

    def _confirmed(self, fates: Tally, jobs: set[int]) -> int:
        """Rows that the last of `jobs` wrote, at least: which of its tasks succeeded is not told, so the smallest are
        taken, and first of all those without a row."""
        tracker = self._twins.spark.sparkContext.statusTracker()
        job = tracker.getJobInfo(max(jobs)) if jobs else None
        # The stage that gives the result is the last one of a job.
        stage = tracker.getStageInfo(max(job.stageIds)) if job and job.stageIds else None
        if stage is None:
            return 0
        without_rows = stage.numTasks - len(fates.alive_by_partition)
        return sum(fates.alive_by_partition[: max(0, stage.numCompletedTasks - without_rows)])

    def _key_json(self, *keys: DataFrame | None) -> Iterator[list[str]]:
        columns = [cql_json(column).alias(column.name) for column in self._definition.key_columns]
        for each in keys:
            if each is not None:
                yield from (list(row) for row in each.select(*columns).toLocalIterator(prefetchPartitions=True))

    def _set_aside(self, receipt: Receipt, fated: DataFrame) -> None:
        failed = fated.where(~sf.col(FATE).isin(ALIVE, EXPIRED))
        payload = sf.struct(*(sf.col(quoted(column.name)) for column in self._definition.columns))
        with self._stages.stage("failed rows"):
            self._twins.ledger.append_rows(
                FAILED_ROWS,
                failed.select(
                    sf.lit(receipt.run_id).alias("run_id"),
                    failed_key(self._definition).alias("key"),
                    sf.col(FATE).alias("reason"),
                    as_json(payload).alias("payload"),
                    sf.lit(receipt.at_us).cast("bigint").alias("at_us"),
                    sf.lit(receipt.table_id).alias("table_id"),
                    sf.lit(receipt.gap.to_version).cast("bigint").alias("version"),
                ),
                self._before_commit,
            )

    def _keep(self, receipt: Receipt) -> Receipt:
        self._checkpoint("receipt")
        with self._stages.stage("receipt"):
            receipt = replace(receipt, durations_s=dict(self._stages.durations_s), at_us=time.time_ns() // 1_000)
            return self._twins.receipts.keep(receipt, self._before_commit)


def failed_key(definition: Definition) -> Column:
    """The key of a row as the table of failed rows keeps it."""
    return as_json(sf.struct(*key_names(definition)))


def _foreign(changes: Changes) -> Iterable[str]:
    """Notes on what others did in the gap."""
    for commit in changes.by_others:
        yield f"{commit.operation} at version {commit.version}, by another writer, was brought online."


def _unconfirmed(receipt: Receipt, error: Exception, silent: bool, address: str) -> WriteUnconfirmed:
    cause = from_foreign(error, "The online write failed.", "See the details.")
    why, first = "stopped answering" if silent else "failed", "When it is back,"
    if not silent and timed_out(cause):
        why = "took fewer rows than it was sent"
        first = "Lower `budgets.online_rows_per_second` in the settings below what the table takes, or raise that; then"
    again = f"run `store.retry({receipt.group!r})` or the same write again: it goes on from there"
    sets_back = receipt.operation == "materialize" and receipt.version is not None
    if sets_back or receipt.operation in ("repair", "delete"):
        # Which rows were due is not in the log.
        again = f"run the same {receipt.operation} again"
    return WriteUnconfirmed(
        f"The online store at {address} {why}: up to {receipt.unconfirmed} rows of {receipt.group} are unconfirmed; "
        "the offline store has all of them.",
        f"{first} {again}.",
        receipt,
        details=cause.details,
    )
