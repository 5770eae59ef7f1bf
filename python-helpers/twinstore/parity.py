"""Parity: does the online store hold, for every entity, exactly the winner of the snapshot at the watermark?

The comparison is anchored to the watermark, so that a write in flight is no error. A full proof joins the winners with
a scan of the online table. A changed proof compares only the keys that were touched since an earlier proof, and says
`in_parity` only as a link of an unbroken chain from a full one.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from .comparison import FILE, STATES, Anchor, Tally, absent_in_flight, judge, measured, pair, tally, tally_states
from .counted import counted
from .delta_log import Snapshot
from .errors import TwinstoreError, cause_of, from_foreign
from .explain import MAX_KEPT, Commits, explained
from .feature_group import Definition
from .foreign import FOREIGN, caused_by, foreign_errors
from .gap import changes_of
from .offenders import files_of_offenders
from .parity_report import Coverage, ParityReport
from .preflight import kept_definition
from .proofs import Chain, Proofs
from .receipts import Gap, Watermark
from .stages import Stages
from .touched import TouchedKeys, touched_keys, touched_since
from .twins import Twins
from .types import contract, quoted
from .user import acting
from .winners import event_times, from_event_us, newest, oldest_us, rows_of
from .write import committing

if TYPE_CHECKING:
    from .config import Settings
    from .progress import Progress
    from .store import GroupLike, Store

#: Rows of the online table, and bytes of the offline one, up to which `auto` always proves in full.
FULL_UP_TO = 1_000_000
FULL_UP_TO_BYTES = 128 * 2**20

#: A direct join reads about this many times slower than a scan, by the row.
_DIRECT_JOIN_COST = 5

_HOW = ("auto", "full", "changed")


def prove(store: Store, group: GroupLike, how: str = "auto") -> ParityReport:
    """Compares the two stores of a group and keeps the proof beside its Delta table.

    `how`: `full` compares every key; `changed` those touched since the last proof, and all of them where no unbroken
    chain of proofs leads back to a full one; `auto` is full while the online table has at most a million rows or
    the offline one at most 128 MiB, and where nothing was touched since the last proof.

    Raises `TwinstoreError` when the group is not there, or a store fails before everything was compared: then there is
    no verdict.
    """
    if how not in _HOW:
        raise TwinstoreError("bad_request", f"how={how!r} is not a way to prove.", f"Use one of {', '.join(_HOW)}.")
    twins = store.twins(store.definition(group))
    return Prover(twins, store.settings, store.progress, store.checkpoint).prove(how)


@dataclass(frozen=True)
class _Scope:
    """The keys that a changed proof compares, and the chain that it goes on."""

    touched: TouchedKeys
    chain: Chain


class Prover:
    """Proves one group."""

    def __init__(self, twins: Twins, settings: Settings, progress: Progress, checkpoint: Callable[[str], None]) -> None:
        self._twins = twins
        self._definition = twins.definition
        self._settings = settings
        self._progress = progress
        self._checkpoint = checkpoint
        self._stages = Stages(twins.spark, progress)
        self._proofs = Proofs(twins.ledger)

    def prove(self, how: str) -> ParityReport:
        """See `prove`."""
        begun = time.monotonic()
        with ExitStack() as cached, self._foreign_errors():
            with self._stages.stage("anchor"):
                snapshot = self._snapshot()
                reached = self._twins.receipts.watermark(snapshot.table_id)
                if 0 <= reached.version < snapshot.version:
                    self._look_as_of(reached.version)
                scope, notes = self._scope(how, snapshot, reached, cached)
            with self._files_of(reached, snapshot):
                report = self._compared(snapshot, reached, scope, cached)
        report = self._kept(report.noting(*notes), begun)
        self._stages.finished()
        return report

    def _snapshot(self) -> Snapshot:
        snapshot = self._twins.offline.snapshot()
        if snapshot is None:
            raise TwinstoreError(
                "not_found", f"There is no Delta table at {self._definition.offline}.", "Write the group first."
            )
        return snapshot

    def _look_as_of(self, version: int) -> None:
        """Goes on with the definition of that version: what the online store holds, it holds by that one."""
        snapshot = self._twins.offline.snapshot(version)
        definition = snapshot and kept_definition(snapshot, self._twins.offline.location)
        if definition:
            self._twins, self._definition = self._twins.defined_by(definition), definition

    def _scope(
        self, how: str, snapshot: Snapshot, reached: Watermark, cached: ExitStack
    ) -> tuple[_Scope | None, tuple[str, ...]]:
        """What to compare (None: everything), and what to say about a wish that cannot be met."""
        if how == "full" or reached.version < 0:
            return None, ()
        if how == "auto" and self._twins.offline.size_bytes() <= FULL_UP_TO_BYTES:
            return None, ()
        chain = self._proofs.chain(snapshot.table_id)
        if how == "auto" and (chain is None or chain.keys_total <= FULL_UP_TO):
            return None, ()
        if chain is None:
            return None, ("No unbroken chain of proofs leads back to a full one: every key was compared.",)
        changes = changes_of(self._twins, Gap(chain.version, reached.version))
        before = self._twins.receipts.watermark(snapshot.table_id, chain.version)
        touched = touched_keys(self._twins, changes, before.max_event_us, cached)
        if touched is None:
            return None, (f"What changed since v{chain.version} is not known key by key: every key was compared.",)
        if how == "auto" and touched.count == 0:
            return None, ()
        return _Scope(touched, chain), ()

    def _compared(
        self, snapshot: Snapshot, reached: Watermark, scope: _Scope | None, cached: ExitStack
    ) -> ParityReport:
        if reached.version < 0:
            nothing = Tally(dict.fromkeys(STATES, 0), [], 0)
            return self._report(snapshot, reached, scope, nothing).noting("Nothing is online yet: write, or retry.")
        with self._stages.stage("compare"):
            pairs = self._pairs(reached.version, scope, cached)
            judged, found, anchor = self._read(pairs, reached.version)
            touched = touched_since(self._twins, anchor, pairs, cached)
            if touched.keys is None and not found.offences:
                return self._report(snapshot, reached, scope, measured(judged, found))
            judged = judge(pairs, self._definition, anchor, touched.keys)
            found = tally(judged, self._definition)
        if not found.offences:
            unproved = 0 if touched.removals_known else absent_in_flight(judged).count()
            return self._report(snapshot, reached, scope, found, unproved)
        with self._stages.stage("explain"):
            commits = Commits(self._twins.offline, reached.version)
            judged = judge(pairs, self._definition, anchor, touched.keys, commits.of_files(files_of_offenders(judged)))
            if found.states["mismatch"]:
                # Which commit wrote the winner tells an older record of the same event from a damaged one.
                found = tally(judged, self._definition)
            report = self._report(snapshot, reached, scope, found)
            return report.naming(explained(self._twins, judged, reached.version, commits))

    def _pairs(self, version: int, scope: _Scope | None, cached: ExitStack) -> DataFrame:
        """Both rows of every key in scope, held in Spark's cache so that what is shown is what was compared."""
        offline = self._winners(version, scope, cached)
        online = self._twins.online.scan() if scope is None else self._online_of(scope)
        pairs = pair(offline, online, self._definition).persist()
        cached.callback(pairs.unpersist)
        return pairs

    def _read(self, pairs: DataFrame, version: int) -> tuple[DataFrame, Tally, Anchor]:
        """The judged pairs, what is found by the job that reads both stores, and when that was.

        Both hold where there is no offence, and no key was touched meanwhile: the end of the reading is not known yet,
        so that a row which expired during it counts as one that is missing.
        """
        with self._twins.online.watched() as watch:
            # Rows expire by the store's clock.
            ahead_us = self._twins.cql.clock_ahead_us()
            began_us = _now_us() - ahead_us
            try:
                judged = judge(pairs, self._definition, Anchor(version, began_us, began_us))
                found = tally_states(judged, self._definition)
            except FOREIGN as error:
                if watch.silent:
                    raise from_foreign(
                        error,
                        f"The online store at {self._twins.cql.address} stopped answering, so nothing was proved.",
                        "Start it, then prove again.",
                        code="unavailable",
                    ) from error
                raise
            return judged, found, Anchor(version, began_us, _now_us() - ahead_us)

    def _winners(self, version: int, scope: _Scope | None, cached: ExitStack) -> DataFrame:
        """The offline row of every key in scope, with its `FILE`."""
        from_us = None
        if scope is not None and scope.touched.among is not None:
            rows, times = scope.touched.among
        else:
            rows = self._twins.offline.read(version)
            times = self._newest(rows, scope).persist()
            cached.callback(times.unpersist)
            from_us = oldest_us(times)
        partitions = self._twins.spark.sparkContext.defaultParallelism
        named = rows.withColumn(FILE, sf.col("_metadata.file_path"))
        return rows_of(times, named, self._definition, partitions, from_us)

    def _newest(self, history: DataFrame, scope: _Scope | None) -> DataFrame:
        """The newest event time of every key in scope."""
        if scope is not None and scope.touched.from_us is not None:
            history = history.where(from_event_us(self._definition, scope.touched.from_us))
        times = event_times(history, self._definition)
        if scope is not None:
            times = times.join(scope.touched.keys, list(self._definition.keys), "left_semi")
        return newest(times, self._definition)

    def _online_of(self, scope: _Scope) -> DataFrame:
        """The online rows of the keys in scope: looked up where these are few among many rows, else scanned."""
        wanted = scope.touched.keys.select(
            *[
                contract(column).to_online(sf.col(quoted(column.name))).alias(column.name)
                for column in self._definition.key_columns
            ]
        )
        direct = scope.touched.count * _DIRECT_JOIN_COST < scope.chain.keys_total
        return self._twins.online.scan("on" if direct else "off", wanted)

    def _report(
        self, snapshot: Snapshot, reached: Watermark, scope: _Scope | None, found: Tally, unproved: int = 0
    ) -> ParityReport:
        """The report; of `unproved` keys it cannot be told whether they are rightly absent online."""
        compared = found.keys if scope is None else scope.touched.count
        report = ParityReport(
            id=uuid.uuid4().hex,
            group=self._definition.name,
            table_id=snapshot.table_id,
            verdict=_verdict(found, compared, unproved),
            coverage=Coverage(
                how="full" if scope is None else "changed",
                keys_compared=compared,
                keys_total=found.keys if scope is None else None,
                extra_checked=scope is None and reached.version >= 0,
                base_proof=None if scope is None else scope.chain.proof_id,
            ),
            version=reached.version if reached.version >= 0 else None,
            receipt_run_id=reached.run_id,
            states=found.states,
            columns=[column.to_dict() for column in found.columns],
            tolerances=_tolerances(self._definition),
            offenders_total=found.offences,
            engine=f"spark {self._twins.spark.version}",
            by=acting(),
            at_us=_now_us(),
            duration_s=0.0,
            spark=self._twins.spark,
            definition=self._definition,
        )
        set_to = self._twins.receipts.set_version(snapshot.table_id) if found.offences else None
        if set_to is not None:
            report = report.noting(
                f"The online store was set to version {set_to} on purpose; `store.materialize(group)` brings it back."
            )
        return report.noting(*_notes(found, scope, compared, unproved, snapshot, reached))

    def _kept(self, report: ParityReport, begun: float) -> ParityReport:
        """The report with a place beside the table, or with a note on why it has none."""
        timed = report.lasting(time.monotonic() - begun)
        try:
            lease = committing(self._twins, self._settings, report.id, self._progress, self._checkpoint)
            with self._stages.stage("keep"), lease as before_commit:
                return self._proofs.keep(timed, before_commit)
        except TwinstoreError as error:
            return timed.noting(f"Not kept: {error.message}")
        except FOREIGN as error:
            # Whoever may read both stores may prove, even where the record of it cannot be written.
            return timed.noting(f"Not kept: {cause_of(error)}")

    @contextmanager
    def _files_of(self, reached: Watermark, head: Snapshot) -> Iterator[None]:
        """Within it the version is read up to which all is online, of which VACUUM may have taken files."""
        try:
            yield
        except FOREIGN as error:
            if reached.version == head.version or not caused_by(error, "FileNotFoundException"):
                raise
            raise from_foreign(
                error,
                f"Files of version {reached.version} of {self._definition.offline} are gone, up to which all is "
                "online, so that nothing was proved.",
                "Run `store.retry(group)`, then prove again.",
                code="not_found",
            ) from error

    def _foreign_errors(self) -> AbstractContextManager[None]:
        return foreign_errors(
            f"The comparison of {self._definition.offline} with {self._definition.online} broke off, "
            "so nothing was proved.",
            "See the details; run it again once both stores answer.",
        )


def _verdict(found: Tally, compared: int, unproved: int) -> str:
    if found.offences:
        return "out_of_parity"
    return "in_parity" if compared and not unproved else "unknown"


def _notes(
    found: Tally, scope: _Scope | None, compared: int, unproved: int, snapshot: Snapshot, reached: Watermark
) -> Iterator[str]:
    if reached.version >= 0 and not compared:
        nothing = "neither store has a row" if scope is None else "no key was touched since the last proof"
        yield f"Nothing was compared: {nothing}."
    if unproved:
        absent = counted(unproved, "row is", "rows are")
        yield (
            f"{absent} absent online, and the log no longer tells whether they were deleted after v{reached.version}: "
            "retry, then prove again."
        )
    if scope is not None:
        yield (
            f"Only keys that were touched since v{scope.chain.version} were compared. What another writer changed "
            "online in the others is not seen."
        )
    if 0 <= reached.version < snapshot.version:
        behind = counted(snapshot.version - reached.version, "version was", "versions were")
        yield f"The table was at v{snapshot.version}: {behind} not yet online; a retry brings what is left."
    if found.signed_zeros:
        values = counted(found.signed_zeros, "value is", "values are")
        yield f"{values} −0.0 in one store and 0.0 in the other, which counts as equal."
    if found.offences > MAX_KEPT:
        yield f"Of the rows that differ, the first {MAX_KEPT:,} are kept."


def _tolerances(definition: Definition) -> dict[str, float]:
    return {column.name: column.tolerance for column in definition.columns if column.tolerance is not None}


def _now_us() -> int:
    return time.time_ns() // 1_000
