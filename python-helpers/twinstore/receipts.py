"""Receipts: the record of each propagation, and the watermark that follows from their gaps."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Callable

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as sf
from pyspark.sql import types as t

from .ledger import Ledger

NAME = "receipts"

_COUNTS = (
    "rows_in",
    "appended",
    "unchanged",
    "written",
    "deleted",
    "late",
    "corrected",
    "superseded",
    "expired",
    "failed",
    "unconfirmed",
)


# What is remembered of every receipt, beside its gap.
_FACTS = ("table_id", "operation", "version", "run_id", "write_timestamp_us", "max_event_us", "at_us", "foreign")


@dataclass(frozen=True)
class Gap:
    """The half-open interval (from_version, to_version] of Delta versions."""

    from_version: int
    to_version: int

    @property
    def empty(self) -> bool:
        return self.from_version == self.to_version


@dataclass(frozen=True)
class Receipt:
    """What one write, retry or materialize did; the fields are those of `receipt.schema.json`.

    `write_timestamp_us` is T(H), the CQL write timestamp of every row; `max_event_us` the newest event time in the
    table at the end of the gap; `version` the Delta version of the run's own append, or the older one that the online
    store was set to; None when there is neither.
    """

    run_id: str
    operation: str
    group: str
    table_id: str
    gap: Gap
    write_timestamp_us: int
    by: str
    at_us: int
    repeatable: bool = True
    version: int | None = None
    max_event_us: int | None = None
    rows_in: int = 0
    appended: int = 0
    unchanged: int = 0
    written: int = 0
    deleted: int = 0
    late: int = 0
    corrected: int = 0
    superseded: int = 0
    expired: int = 0
    failed: int = 0
    unconfirmed: int = 0
    foreign: int | None = 0
    resumed: tuple[str, ...] = ()
    durations_s: dict[str, float] = field(default_factory=dict)
    kept: bool = False
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As in `receipt.schema.json`."""
        return {
            **asdict(self),
            "gap": {"from": self.gap.from_version, "to": self.gap.to_version},
            "resumed": list(self.resumed),
            "notes": list(self.notes),
        }

    def show(self) -> None:
        """Shows the receipt: as a card in a notebook, as text elsewhere."""
        from .cards import show

        show(self)

    def __repr__(self) -> str:
        from .cards import receipt_text

        return receipt_text(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from .cards import receipt_bundle

        return receipt_bundle(self)


@dataclass(frozen=True)
class Watermark:
    """The version up to which all is online (−1: nothing is), by which run, and the newest event time up to there.

    `write_timestamp_us` is the greatest that any receipt tells of, 0 without one; `hashes_hold`: whether each tells
    that no other writer may have left a `_row_hash` that is not its row's.
    """

    version: int = -1
    run_id: str | None = None
    max_event_us: int | None = None
    write_timestamp_us: int = 0
    hashes_hold: bool = True


class Receipts:
    """The table `_twinstore/receipts` of one feature group."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        # Version of the receipts table, and what was read at it: a writer that goes on need not read them again.
        self._known: tuple[int, list[Row]] = (-1, [])

    def watermark(self, table_id: str, upto: int | None = None) -> Watermark:
        """How far the receipts of the table with this metadata id reach; those up to a version if that is given."""
        return watermark(self._of(table_id, upto))

    def set_version(self, table_id: str, upto: int | None = None) -> int | None:
        """See the function of that name; by the receipts up to a version of the table if that is given."""
        return set_version(self._of(table_id, upto))

    def _of(self, table_id: str, upto: int | None) -> Iterable[Row]:
        version = self._ledger.version(NAME)
        if version != self._known[0]:
            rows = self._ledger.read(NAME, version)
            self._known = (version, [] if rows is None else _facts(rows).collect())
        known = (row for row in self._known[1] if row["table_id"] == table_id)
        return (row for row in known if upto is None or row["to"] <= upto)

    def last(self, table_id: str) -> Receipt | None:
        """The newest receipt of the table with this metadata id; None when there is none."""
        rows = self._ledger.read(NAME)
        newest = None if rows is None else rows.where(rows.table_id == table_id).orderBy(rows.at_us.desc()).first()
        if newest is None:
            return None
        facts = newest.asDict()
        gap = Gap(newest.gap["from"], newest.gap["to"])
        lists = {name: tuple(facts[name]) for name in ("resumed", "notes")}
        # A table that is older than the column does not tell.
        others = {"foreign": facts.get("foreign"), "durations_s": json.loads(newest.durations_s)}
        return Receipt(**{**facts, **lists, **others, "gap": gap, "kept": True})

    def keep(self, receipt: Receipt, before_commit: Callable[[], None]) -> Receipt:
        """Adds the receipt to the table; gives it back marked as kept. `before_commit` may refuse by raising."""
        row = receipt.to_dict()
        row["durations_s"] = json.dumps(row["durations_s"])
        version, known = self._known
        rows = [tuple(row[name] for name in RECEIPTS.names)]
        if self._ledger.append(NAME, rows, RECEIPTS, before_commit) == version + 1:
            gap = {"from": receipt.gap.from_version, "to": receipt.gap.to_version}
            kept = Row(**gap, **{name: row[name] for name in _FACTS})
            self._known = (version + 1, [*known, kept])
        return replace(receipt, kept=True)


def set_version(receipts: Iterable[Row], proved_us: int | None = None) -> int | None:
    """The older version that the online store was set to on purpose, until every key is written again or a full proof
    finds parity, the last one at `proved_us`; None as a rule.

    `test/vectors/set_version.json` binds it to its twin in TypeScript.
    """
    rows = list(receipts)
    set_back = [row for row in rows if row["operation"] == "materialize" and row["version"] is not None]
    if not set_back:
        return None
    newest = max(set_back, key=lambda row: row["to"])
    version: int = newest["version"]
    later = (row for row in rows if row["to"] > newest["to"])
    # A propagation over the commit of the older version wrote every key too.
    undone = any(row["operation"] == "materialize" or row["from"] < newest["to"] for row in later)
    is_over = undone or (proved_us is not None and proved_us > newest["at_us"])
    return None if is_over else version


def watermark(receipts: Iterable[Row]) -> Watermark:
    """The end of the unbroken union of the receipts' gaps, which begins at −1.

    Of the receipts that end there the last one made gives the run; the newest event time is the greatest of all that
    count, so it is never below what the table holds.
    """
    rows = list(receipts)
    newest_us = max((row["write_timestamp_us"] for row in rows), default=0)
    reached = Watermark(write_timestamp_us=newest_us, hashes_hold=all(row["foreign"] == 0 for row in rows))
    for each in sorted(rows, key=lambda row: (row["from"], row["to"], row["at_us"])):
        if each["from"] > reached.version:
            break
        if each["to"] >= reached.version:
            known = [us for us in (reached.max_event_us, each["max_event_us"]) if us is not None]
            newest_event_us = max(known, default=None)
            reached = replace(reached, version=each["to"], run_id=each["run_id"], max_event_us=newest_event_us)
    return reached


def _facts(receipts: DataFrame) -> DataFrame:
    """What is remembered of receipts. Those of tables that are older than a column do not tell it."""
    facts = (name if name in receipts.columns else sf.lit(None).alias(name) for name in _FACTS)
    return receipts.select("gap.from", "gap.to", *facts)


#: Columns of the receipts table, in the order of the schema.
RECEIPTS = t.StructType(
    [
        t.StructField("run_id", t.StringType()),
        t.StructField("operation", t.StringType()),
        t.StructField("group", t.StringType()),
        t.StructField("table_id", t.StringType()),
        t.StructField("repeatable", t.BooleanType()),
        t.StructField("version", t.LongType()),
        t.StructField("gap", t.StructType([t.StructField("from", t.LongType()), t.StructField("to", t.LongType())])),
        t.StructField("write_timestamp_us", t.LongType()),
        t.StructField("max_event_us", t.LongType()),
        *(t.StructField(name, t.LongType()) for name in _COUNTS),
        t.StructField("foreign", t.LongType()),
        t.StructField("resumed", t.ArrayType(t.StringType())),
        t.StructField("by", t.StringType()),
        t.StructField("at_us", t.LongType()),
        t.StructField("durations_s", t.StringType()),
        t.StructField("notes", t.ArrayType(t.StringType())),
    ]
)
