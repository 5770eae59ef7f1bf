"""A whole write, and its second half alone: preflight, append, propagate, under the lease where one is needed."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Callable

from .append import Appended, append
from .config import Settings
from .counted import counted
from .delta_log import Snapshot
from .errors import TwinstoreError
from .feature_group import Definition
from .foreign import foreign_errors
from .gap import Changes, Start, changes_of
from .lease import Lease
from .preflight import (
    CLOCK_SLACK_US,
    Readiness,
    check,
    check_again,
    check_version,
    clock_problems,
    kept_definition,
    needs_lease,
    prepare,
)
from .problem import refuse
from .progress import Progress
from .proofs import Proofs
from .propagate import FAILED_ROWS, Propagation, failed_key
from .receipts import Gap, Receipt, Watermark
from .run_identity import RunIdentity
from .stages import Stages
from .twins import Twins
from .user import acting

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Batch:
    """What a write appends: rows of the group's schema, in which mode, and the features that may come with them.

    `propagate`: whether what the online store lacks is brought there, too.
    """

    rows: DataFrame
    mode: str
    new_features: tuple[str, ...] = ()
    propagate: bool = True


@dataclass(frozen=True)
class Writer:
    """Writes one group. `checkpoint` is told the name of each step before it begins."""

    twins: Twins
    settings: Settings
    progress: Progress
    checkpoint: Callable[[str], None]

    def run(
        self,
        operation: str,
        identity: RunIdentity,
        batch: Batch | None = None,
        keys: DataFrame | None = None,
        set_to: int | None = None,
    ) -> Receipt:
        """The receipt of a `write` (of a batch), a `retry`, a `materialize` (which first stamps every key, and may set
        them to an older version), or a `repair` or `delete` of keys."""
        with broken_off(operation, self.twins.definition):
            return self._run(operation, identity, batch, keys, set_to)

    def _run(
        self,
        operation: str,
        identity: RunIdentity,
        batch: Batch | None,
        keys: DataFrame | None,
        set_to: int | None,
    ) -> Receipt:
        twins = self.twins
        stages = Stages(twins.spark, self.progress)
        new_features = () if batch is None else batch.new_features
        self.checkpoint("preflight")
        with stages.stage("preflight"):
            ready = check(twins, self.settings, new_features)
            if set_to is not None:
                check_version(twins, ready, set_to)
        with ExitStack() as turn:
            with stages.stage("lease"):
                before_commit = turn.enter_context(
                    committing(twins, self.settings, identity.run_id, self.progress, self.checkpoint)
                )
            with stages.stage("preflight"):
                if needs_lease(self.settings, twins.definition.offline):
                    # As it is now that others are done.
                    ready = check_again(twins, self.settings, ready, new_features)
                reached = self._watermark(ready)
                ready = prepare(twins, ready, reached.version, before_commit)
            snapshot = _existing(ready.snapshot)
            appended = Appended(None, 0, 0)
            if batch is not None:
                self.checkpoint("append")
                with stages.stage("append"):
                    appended = append(twins, batch.rows, identity, batch.mode, snapshot, reached, before_commit)
                if not batch.propagate:
                    stages.finished()
                    draft = self._draft(operation, identity, appended, self._left(appended, reached), ready)
                    return replace(draft, durations_s=dict(stages.durations_s))
            elif operation == "delete" and keys is not None:
                self.checkpoint("delete")
                with stages.stage("delete"):
                    appended = self._delete(keys, snapshot, before_commit)
            elif operation in ("materialize", "repair"):
                before_commit()
                twins.offline.stamp(snapshot.schema, "all" if operation == "materialize" else "keys", set_to)
            with stages.stage("keys"):
                start = self._start(appended, reached, set_to, before_commit)
            draft = self._draft(operation, identity, appended, start, ready)
            self.checkpoint("propagate")
            propagation = Propagation(twins, self.settings, stages, self.checkpoint, before_commit)
            receipt = propagation.finish(draft, start, keys)
            if operation == "delete" and keys is not None:
                # After the online store, which is what must not wait for a record that cannot be written.
                with stages.stage("delete"):
                    receipt = replace(receipt, notes=(*receipt.notes, *self._forget(keys, before_commit)))
        stages.finished()
        return replace(receipt, durations_s=dict(stages.durations_s))

    def _delete(self, keys: DataFrame, snapshot: Snapshot, before_commit: Callable[[], None]) -> Appended:
        """Takes the rows of keys out of history, in one commit also when it has none: they are to leave the online
        store all the same."""
        before_commit()
        rows = self.twins.offline.delete(keys)
        if rows is None:
            before_commit()
            self.twins.offline.stamp(snapshot.schema, "keys")
        asked = counted(keys.count(), "key", "keys")
        if not rows:
            return Appended(None, 0, 0, (f"History had no row of {asked}: see that they are right.",))
        note = f"{counted(rows, 'row', 'rows')} of {asked} left history."
        told = f"{note} Earlier versions of the Delta table and its change feed hold them until VACUUM."
        return Appended(None, 0, 0, (told,))

    def _forget(self, keys: DataFrame, before_commit: Callable[[], None]) -> tuple[str, ...]:
        """Takes keys out of what is kept beside history; what to say about it."""
        definition, ledger = self.twins.definition, self.twins.ledger
        failed = keys.select(failed_key(definition).alias("key"))
        records = Proofs(ledger).forget(keys, definition, before_commit)
        records += ledger.delete(FAILED_ROWS, failed, before_commit)
        if not records:
            return ()
        told = f"{counted(records, 'row', 'rows')} of them left the tables of proofs and failed rows."
        return (f"{told} Earlier versions of these hold them until VACUUM of each.",)

    def _watermark(self, ready: Readiness) -> Watermark:
        if ready.snapshot is None:
            return Watermark()
        return self.twins.receipts.watermark(ready.snapshot.table_id)

    def _start(
        self, appended: Appended, reached: Watermark, set_to: int | None, before_commit: Callable[[], None]
    ) -> Start:
        head, changes = self._gap(reached)
        if set_to is None and _needs_stamp(head, changes, reached, self.twins.dialect.oldest_stamp_us):
            before_commit()
            self.twins.offline.stamp(head.schema, "keys")
            head, changes = self._gap(reached)
        wrong = list(clock_problems(head, self.twins.offline.location, _written_us(changes, reached)))
        refuse(f"{self.twins.definition.name} cannot be written online", wrong)
        kept = kept_definition(head, self.twins.offline.location)
        if kept is None or not self.twins.definition.change_from(kept).none:
            # Rows of this definition at the head's write timestamp would hide what the new one writes at it.
            raise TwinstoreError(
                "conflict",
                f"The definition of {self.twins.definition.name} was changed by another writer meanwhile.",
                "What this run appended is in the offline store. Run `store.retry(group)` with the definition of the "
                "table (`store.group(name)`), which brings it online.",
            )
        if head.set_to != set_to and set_to is not None:
            raise TwinstoreError(
                "conflict",
                f"Another writer committed to {self.twins.offline.location} before it was set to version {set_to}, so "
                "that nothing was written online.",
                "Run this again.",
            )
        own = appended.commit
        if own is not None and own.version <= reached.version:
            own = None
        if set_to is not None:
            changes = replace(changes, every_key=True)
        return Start(head, reached, changes, own, own_is_fresh=appended.appended > 0, set_to=set_to)

    def _left(self, appended: Appended, reached: Watermark) -> Start:
        """Where a propagation would begin that is left for later."""
        head = _existing(self.twins.offline.snapshot())
        nothing = Changes(Gap(reached.version, reached.version), (), every_key=False)
        return Start(head, reached, nothing, appended.commit, own_is_fresh=appended.appended > 0)

    def _gap(self, reached: Watermark) -> tuple[Snapshot, Changes]:
        """The head, and what was committed since all was online."""
        location = self.twins.offline.location
        head = self.twins.offline.snapshot()
        if head is None or head.timestamp_us is None:
            raise TwinstoreError(
                "conflict",
                f"The head of {location} has no in-commit timestamp any more.",
                "Run this again: it switches delta.enableInCommitTimestamps on.",
            )
        return head, changes_of(self.twins, Gap(reached.version, head.version))

    def _draft(
        self, operation: str, identity: RunIdentity, appended: Appended, start: Start, ready: Readiness
    ) -> Receipt:
        own_rows = (start.own.rows or 0) if start.own is not None else 0
        notes = [*ready.notes, *appended.notes]
        if operation == "write" and not appended.appended and not appended.notes:
            notes.append("History already held every row of this run: nothing was appended.")
        if start.set_to is not None:
            notes.append(
                f"The online store was set to version {start.set_to} on purpose: it differs from history until "
                "`store.materialize(group)`."
            )
        if start.changes.gap.to_version < start.head.version:
            notes.append("The online store was left as it is: `store.retry(group)`, or the next write, brings it all.")
        return Receipt(
            run_id=identity.run_id,
            operation=operation,
            group=self.twins.definition.name,
            table_id=start.head.table_id,
            repeatable=identity.repeatable,
            version=start.set_to if start.own is None else start.own.version,
            gap=start.changes.gap,
            write_timestamp_us=start.head.timestamp_us or 0,
            rows_in=appended.rows_in,
            appended=own_rows,
            # Of a run that was there already nothing was compared.
            unchanged=0 if appended.was_there else max(0, appended.rows_in - own_rows),
            by=acting(),
            at_us=time.time_ns() // 1_000,
            notes=tuple(notes),
        )


@contextmanager
def committing(
    twins: Twins, settings: Settings, run_id: str, progress: Progress, checkpoint: Callable[[str], None]
) -> Iterator[Callable[[], None]]:
    """The right to commit to a group's tables; gives what to call before the job of each commit.

    Where the log store cannot refuse a second writer this is the lease, and another writer is waited for; `checkpoint`
    may end the wait by raising.
    """
    if not needs_lease(settings, twins.definition.offline):
        yield lambda: None
        return
    holder = f"{acting()} on {socket.gethostname()} ({os.getpid()}, {uuid.uuid4().hex[:8]})"
    lease = Lease(twins.cql, twins.definition.keyspace, twins.definition.offline, holder)
    with lease.held(run_id, progress, checkpoint):
        yield lease.check


def broken_off(operation: str, definition: Definition) -> AbstractContextManager[None]:
    """The border of an operation: within it, what Spark or a store raises becomes one `TwinstoreError`."""
    return foreign_errors(
        f"The {operation} of {definition.name} from {definition.offline} to {definition.online} broke off.",
        "See the details. When both stores answer and the DataFrame can be computed, run it again: it goes on where it "
        "stopped.",
    )


def _written_us(changes: Changes, reached: Watermark) -> int:
    """The latest time at which rows may have been written online: that of any receipt, and of any commit of the gap
    before the head at whose time a write was possible by now."""
    possible_us = time.time_ns() // 1_000 + CLOCK_SLACK_US
    earlier = (commit.timestamp_us or 0 for commit in changes.commits[:-1])
    return max(reached.write_timestamp_us, *(at_us for at_us in earlier if at_us <= possible_us), 0)


def _needs_stamp(head: Snapshot, changes: Changes, reached: Watermark, oldest_us: int | None) -> bool:
    """Whether the gap can be written only at the time of a commit that is yet to be made: at the head's another may be
    writing rows of an older version, a clock was ahead before it, or it is more than `oldest_us` ago."""
    if changes.gap.empty:
        return False
    now_us, stamp_us = time.time_ns() // 1_000, head.timestamp_us or 0
    is_too_old = oldest_us is not None and now_us - stamp_us > oldest_us
    return head.set_to is not None or is_too_old or stamp_us < _written_us(changes, reached) < now_us


def _existing(snapshot: Snapshot | None) -> Snapshot:
    if snapshot is None:
        raise TwinstoreError("internal", "The offline table was not made.", "Report this.")
    return snapshot
