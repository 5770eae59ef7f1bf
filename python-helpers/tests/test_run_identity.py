"""Which run a write is: the same input, plan and definition are the same run, and nothing else is."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import functions as sf

from twinstore.feature_group import Definition, FeatureGroup
from twinstore.run_identity import RunIdentity, run_identity

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def definition(rows: DataFrame) -> Definition:
    group = FeatureGroup("g", keys=["k"], event_timestamp="day", offline="/g", online="ks.g")
    return group.define(rows.schema)


def identity(rows: DataFrame, mode: str = "changed", run: str | None = None) -> RunIdentity:
    return run_identity(rows, definition(rows), mode, run)


@pytest.fixture
def folder(spark: SparkSession, tmp_path: Path) -> str:
    rows = spark.range(4).selectExpr("id AS k", "date'2014-01-01' AS day", "1.5D AS x")
    rows.coalesce(1).write.parquet(str(tmp_path / "in"))
    return str(tmp_path / "in")


def test_the_same_plan_over_the_same_files_is_the_same_run(spark: SparkSession, folder: str) -> None:
    first, second = (
        identity(
            spark.read.parquet(folder).withColumn("y", sf.col("x") * 2).groupBy("k", "day").agg(sf.max("y").alias("y"))
        )
        for _ in range(2)
    )
    assert first == second
    assert first.repeatable


def test_other_plans_modes_and_files_are_other_runs(spark: SparkSession, folder: str) -> None:
    rows = spark.read.parquet(folder)
    # A difference behind the 25th of many columns, which Spark's own texts of plans leave out.
    wide = [rows.select("*", *(sf.lit(n + (n == 40) * extra).alias(f"c{n}") for n in range(50))) for extra in (0, 1)]
    found = [identity(rows), identity(rows, "append"), identity(rows.withColumn("x", sf.col("x") + 1))]
    found += [identity(each) for each in wide]
    rows.limit(1).write.mode("append").parquet(folder)
    found.append(identity(spark.read.parquet(folder)))
    assert len({each.run_id for each in found}) == 6
    assert all(each.repeatable for each in found)


def test_a_delta_table_is_its_version(spark: SparkSession, folder: str, tmp_path: Path) -> None:
    table = str(tmp_path / "delta")
    spark.read.parquet(folder).write.format("delta").save(table)
    before = identity(spark.read.format("delta").load(table))
    assert identity(spark.read.format("delta").load(table)) == before
    spark.read.parquet(folder).limit(1).write.format("delta").mode("append").save(table)
    after = identity(spark.read.format("delta").load(table))
    assert before.repeatable and after.run_id != before.run_id


def test_a_delta_table_that_was_made_again_is_another_input(spark: SparkSession, folder: str, tmp_path: Path) -> None:
    table = tmp_path / "delta"
    spark.read.parquet(folder).write.format("delta").save(str(table))
    before = identity(spark.read.format("delta").load(str(table)))
    shutil.rmtree(table)
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]
    spark.read.parquet(folder).write.format("delta").save(str(table))
    assert identity(spark.read.format("delta").load(str(table))).run_id != before.run_id


@pytest.mark.parametrize("opaque", ["rand", "now", "udf", "subquery", "rows"])
def test_what_the_plan_does_not_tell_is_never_the_same_run(spark: SparkSession, folder: str, opaque: str) -> None:
    rows = spark.read.parquet(folder)
    spark.read.parquet(folder).createOrReplaceTempView("others")
    made = {
        "rand": lambda: rows.withColumn("x", sf.rand(1)),
        "now": lambda: rows.withColumn("x", sf.unix_timestamp()),
        "udf": lambda: rows.withColumn("x", sf.udf(lambda k: k, "bigint")("k")),
        "subquery": lambda: rows.withColumn("x", sf.expr("(SELECT max(x) FROM others)")),
        "rows": lambda: spark.createDataFrame(rows.collect(), rows.schema),
    }[opaque]()
    first, second = identity(made), identity(made)
    assert not first.repeatable and first.run_id != second.run_id
    assert first.deterministic == (opaque != "rand")
    assert identity(made, run="mine") == RunIdentity("mine", True, first.deterministic)
