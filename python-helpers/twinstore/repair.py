"""Repair: the rows that a proof found to differ are written anew from history, then the group is proved again."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf

from .counted import counted
from .errors import TwinstoreError
from .feature_group import Definition
from .local_rows import local_rows, texts_of
from .offenders import from_canonical
from .parity_report import Offender, ParityReport
from .receipts import Gap, Receipt
from .run_identity import RunIdentity
from .types import contract, quoted
from .user import acting

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from .store import Store


@dataclass(frozen=True)
class Repair:
    """The receipt of a repair, and the proof after it; None where it was a dry run."""

    receipt: Receipt
    report: ParityReport | None

    def to_dict(self) -> dict[str, Any]:
        """As in `IJobResult` of the contract."""
        return {
            "receipts": [self.receipt.to_dict()],
            **({} if self.report is None else {"report": self.report.to_dict()}),
        }

    def show(self) -> None:
        """Shows both: as cards in a notebook, as text elsewhere."""
        from .cards import show

        show(self)

    def __repr__(self) -> str:
        return str(self._repr_mimebundle_()["text/plain"])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from .cards import together

        return together(self.receipt, *([] if self.report is None else [self.report]))


def repair(store: Store, report: ParityReport, dry_run: bool = False) -> Repair:
    """See `Store.repair`."""
    if not report.found or report.definition is None:
        raise TwinstoreError(
            "bad_request",
            f"The proof {report.id} of {report.group} names no row that differs, so there is nothing to repair.",
            "Prove the group (`store.parity(group)`) and repair what that finds.",
        )
    definition = store.definition(report.definition.group())
    twins = store.twins(definition)
    snapshot = twins.offline.snapshot()
    if snapshot is None or snapshot.table_id != report.table_id:
        raise TwinstoreError(
            "conflict",
            f"The proof {report.id} is of a table that was at {definition.offline} before.",
            "Prove the group again and repair what that finds.",
        )
    if dry_run:
        reached = twins.receipts.watermark(snapshot.table_id)
        return Repair(_planned(report, Gap(reached.version, snapshot.version), reached.max_event_us), None)
    keys = keys_of(store.spark, definition, report.found).persist()
    try:
        receipt = store.run(definition, "repair", RunIdentity(uuid.uuid4().hex, False, True), keys=keys)
    finally:
        keys.unpersist()
    return Repair(receipt, store.parity(definition.group()))


def keys_of(spark: SparkSession, definition: Definition, offenders: Sequence[Offender]) -> DataFrame:
    """The keys of offenders, with the key columns' own types."""
    texts = ([each.key[name] for name in definition.keys] for each in offenders)
    rows = local_rows(spark, texts, texts_of(definition.keys))
    return rows.select(
        *(
            from_canonical(sf.col(quoted(column.name)), contract(column).spark).alias(column.name)
            for column in definition.key_columns
        )
    )


def _planned(report: ParityReport, gap: Gap, max_event_us: int | None) -> Receipt:
    present = sum(offender.offline is not None for offender in report.found)
    absent = len(report.found) - present
    now_us = time.time_ns() // 1_000
    notes = [
        "A dry run: nothing was written.",
        f"{counted(present, 'row', 'rows')} would be written online from history, and "
        f"{counted(absent, 'row', 'rows')} that history lacks deleted.",
    ]
    if report.offenders_total > len(report.found):
        notes.append(
            f"The proof names {len(report.found)} of {report.offenders_total}: the others take another repair."
        )
    if not gap.empty:
        notes.append(f"The versions ({gap.from_version}, {gap.to_version}] would go online with them.")
    return Receipt(
        run_id=report.id,
        operation="repair",
        group=report.group,
        table_id=report.table_id,
        gap=gap,
        write_timestamp_us=now_us,
        max_event_us=max_event_us,
        written=present,
        deleted=absent,
        by=acting(),
        at_us=now_us,
        notes=tuple(notes),
    )
