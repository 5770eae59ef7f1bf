"""Proofs: kept reports, the offenders that they name, and the chain that lets a proof build on another."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Callable

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf
from pyspark.sql import types as t

from .comparison import key_alias
from .feature_group import Definition
from .ledger import Ledger
from .local_rows import local_rows, texts_of
from .offenders import key_text
from .parity_report import ParityReport, as_text, offender_schema

NAME = "proofs"
OFFENDERS = "offenders"

_DELETED = "Rows of entities that were deleted since are no longer shown."


@dataclass(frozen=True)
class Chain:
    """An unbroken chain of proofs in parity: its newest link, and how many keys the full proof at its root counted."""

    proof_id: str
    version: int
    keys_total: int


class Proofs:
    """The tables `_twinstore/proofs` and `_twinstore/offenders` of one feature group."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def keep(self, report: ParityReport, before_commit: Callable[[], None]) -> ParityReport:
        """Adds a report and its offenders; gives it back marked as kept. `before_commit` may refuse by raising."""
        kept = report.as_kept()
        if kept.found:
            # First, so that no proof is ever there without the rows that it names.
            rows = [(kept.id, *offender.to_row()) for offender in kept.found]
            self._ledger.append(OFFENDERS, rows, OFFENDERS_SCHEMA, before_commit)
        whole = kept.to_dict()
        row = {**whole, "coverage": json.dumps(whole["coverage"]), "report": as_text(whole)}
        self._ledger.append(NAME, [tuple(row[name] for name in PROOFS.names)], PROOFS, before_commit)
        return kept

    def chain(self, table_id: str) -> Chain | None:
        """The unbroken chain that ends at the newest conclusive proof; None when there is none."""
        rows = self._ledger.read(NAME)
        if rows is None:
            return None
        columns = rows.where(rows.table_id == table_id).select("id", "version", "verdict", "coverage", "at_us")
        return unbroken(row.asDict() for row in columns.collect())

    def forget(self, keys: DataFrame, definition: Definition, before_commit: Callable[[], None]) -> int:
        """Takes the offenders with these keys out of both tables; how many there were.

        The reports that show them come first, since the table of offenders names these: broken off, it can be done
        again.
        """
        offenders = self._ledger.read(OFFENDERS)
        if offenders is None:
            return 0
        text_of = sf.from_json("key", "map<string,string>")
        texts = {key_alias(i): column for i, column in enumerate(definition.key_columns)}
        told = offenders.select("proof_id", "key", *(text_of[each.name].alias(name) for name, each in texts.items()))
        asked = keys.select(*(key_text(each).alias(name) for name, each in texts.items()))
        found = told.join(asked, list(texts), "left_semi").select("proof_id", "key").collect()
        if not found:
            return 0
        gone = {row.key for row in found}
        proofs = self._ledger.read(NAME)
        if proofs is not None:
            kept = proofs.where(proofs.id.isin({row.proof_id for row in found})).select("id", "report").collect()
            reports = [(row.id, _without(row.report, gone)) for row in kept]
            changed = local_rows(keys.sparkSession, reports, texts_of(["id", "report"]))
            self._ledger.update(NAME, changed, before_commit)
        named = local_rows(keys.sparkSession, [(key,) for key in gone], texts_of(["key"]))
        return self._ledger.delete(OFFENDERS, named, before_commit)


def _without(report: str, keys: Container[str]) -> str:
    """A report (as JSON text) that shows no offender with these keys, and says so."""
    whole = json.loads(report)
    whole["offenders"]["shown"] = [each for each in whole["offenders"]["shown"] if as_text(each["key"]) not in keys]
    if _DELETED not in whole["notes"]:
        whole["notes"].append(_DELETED)
    return as_text(whole)


def unbroken(proofs: Iterable[Mapping[str, Any]]) -> Chain | None:
    """The chain among proofs of one table, given as the columns of `PROOFS` (`coverage` as JSON text).

    Sampled and inconclusive proofs do not count. The newest of the others must say `in_parity`, and so must each proof
    that it builds on, down to a full one.
    """
    counted: dict[str, Mapping[str, Any]] = {}
    for proof in sorted(proofs, key=lambda each: each["at_us"]):
        coverage = json.loads(proof["coverage"])
        if coverage["how"] in ("full", "changed") and proof["verdict"] != "unknown":
            counted[proof["id"]] = {**proof, "coverage": coverage}
    if not counted:
        return None
    newest = link = next(reversed(list(counted.values())))
    while link["verdict"] == "in_parity":
        if link["coverage"]["how"] == "full":
            return Chain(newest["id"], newest["version"], link["coverage"]["keys_total"] or 0)
        base = counted.get(link["coverage"]["base_proof"])
        if base is None or base["at_us"] >= link["at_us"]:
            return None
        link = base
    return None


#: Columns of the table of proofs; `coverage` and `report` are JSON texts.
PROOFS = t.StructType(
    [
        t.StructField("id", t.StringType()),
        t.StructField("group", t.StringType()),
        t.StructField("table_id", t.StringType()),
        t.StructField("version", t.LongType()),
        t.StructField("verdict", t.StringType()),
        t.StructField("coverage", t.StringType()),
        t.StructField("report", t.StringType()),
        t.StructField("engine", t.StringType()),
        t.StructField("by", t.StringType()),
        t.StructField("at_us", t.LongType()),
    ]
)

#: Columns of the table of offenders.
OFFENDERS_SCHEMA = t.StructType([t.StructField("proof_id", t.StringType()), *offender_schema().fields])
