"""The small tables beside a group, on local Delta."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from delta.tables import DeltaTable
from pyspark.sql import types as t

from twinstore import ledger
from twinstore.ledger import Ledger

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCHEMA = t.StructType([t.StructField("id", t.LongType())])


def nobody() -> None:
    """Who is asked before a commit, and allows it."""


def operations(spark: SparkSession, beside: Ledger) -> list[str]:
    history = DeltaTable.forPath(spark, beside.path("proofs")).history()
    return [row.operation for row in history.orderBy("version").collect()]


def test_a_table_that_was_never_written_is_none(spark: SparkSession, tmp_path: Path) -> None:
    beside = Ledger(spark, str(tmp_path))
    assert beside.version("proofs") == -1
    assert beside.read("proofs") is None


def test_each_append_is_one_commit(spark: SparkSession, tmp_path: Path) -> None:
    beside = Ledger(spark, str(tmp_path))
    assert [beside.append("proofs", [(n,)], SCHEMA, nobody) for n in range(3)] == [0, 1, 2]
    assert operations(spark, beside) == ["WRITE"] * 3


def test_rows_are_deleted_and_updated_by_what_names_them(spark: SparkSession, tmp_path: Path) -> None:
    beside = Ledger(spark, str(tmp_path))
    asked: list[int] = []
    keys = spark.createDataFrame([("a",), ("c",)], "key string")
    assert beside.delete("proofs", keys, nobody) == 0
    schema = t.StructType([*SCHEMA.fields, t.StructField("key", t.StringType())])
    beside.append("proofs", [(1, "a"), (2, "b"), (3, "a")], schema, nobody)
    assert beside.delete("proofs", keys, lambda: asked.append(1)) == 2
    assert beside.delete("proofs", keys, lambda: asked.append(1)) == 0
    assert len(asked) == 1, "where no row is named there is no commit"
    beside.update("proofs", spark.createDataFrame([(2, "B"), (4, "D")], schema), lambda: asked.append(1))
    rows = beside.read("proofs")
    assert rows is not None
    assert ([tuple(row) for row in rows.collect()], len(asked)) == ([(2, "B")], 2)


def test_many_small_files_are_put_together_and_no_row_is_lost(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_COMPACT_EVERY", 4)
    asked: list[int] = []
    beside = Ledger(spark, str(tmp_path))
    assert [beside.append("proofs", [(n,)], SCHEMA, lambda: asked.append(1)) for n in range(5)] == [0, 1, 2, 3, 5]
    assert operations(spark, beside) == ["WRITE"] * 4 + ["OPTIMIZE", "WRITE"]
    assert len(asked) == 6, "each commit must be allowed, that of the compaction too"
    rows = beside.read("proofs")
    assert rows is not None
    assert sorted(row.id for row in rows.collect()) == [0, 1, 2, 3, 4]
    assert len(rows.inputFiles()) == 2


def test_a_compaction_that_fails_leaves_nothing_appended(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_COMPACT_EVERY", 2)
    beside = Ledger(spark, str(tmp_path))
    for n in range(2):
        beside.append("proofs", [(n,)], SCHEMA, nobody)
    for file in Path(beside.path("proofs")).glob("*.parquet"):
        file.unlink()
    with pytest.raises(Exception, match=r"(?i)file"):
        beside.append("proofs", [(2,)], SCHEMA, nobody)
    assert beside.version("proofs") == 1
