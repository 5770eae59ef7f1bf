"""What is read of the receipts of a group, on local Delta."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import types as t

from twinstore.ledger import Ledger
from twinstore.receipts import NAME, RECEIPTS, Gap, Receipt, Receipts

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def receipt(upto: int, foreign: int | None) -> Receipt:
    return Receipt(f"run {upto}", "write", "g", "id", Gap(upto - 1, upto), 1, "me", upto, foreign=foreign)


def nobody() -> None:
    """Who is asked before a commit, and allows it."""


@pytest.mark.parametrize(("told", "hold"), [([], True), ([0, 0], True), ([1, 0], False), ([0, None], False)])
def test_what_others_changed_and_what_is_not_known_of_it_is_remembered(
    spark: SparkSession, tmp_path: Path, told: list[int | None], hold: bool
) -> None:
    for version, commits in enumerate(told):
        Receipts(Ledger(spark, str(tmp_path))).keep(receipt(version, commits), nobody)
    reached = Receipts(Ledger(spark, str(tmp_path))).watermark("id")
    assert (reached.version, reached.hashes_hold) == (len(told) - 1, hold)


def test_receipts_of_a_table_from_before_a_column_are_read_and_added_to(spark: SparkSession, tmp_path: Path) -> None:
    beside = Ledger(spark, str(tmp_path))
    older = t.StructType([field for field in RECEIPTS.fields if field.name != "foreign"])
    facts = {**receipt(0, 0).to_dict(), "durations_s": "{}"}
    beside.append(NAME, [tuple(facts[name] for name in older.names)], older, nobody)
    receipts = Receipts(beside)
    assert (receipts.watermark("id").version, receipts.watermark("id").hashes_hold) == (0, False)
    last = receipts.last("id")
    assert last is not None and last.foreign is None
    newest = receipts.keep(receipt(1, 0), nobody)
    assert receipts.last("id") == newest
    assert Receipts(beside).watermark("id").version == 1
