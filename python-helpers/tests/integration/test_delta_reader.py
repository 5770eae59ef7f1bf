"""The companion's Delta reader gives the rows that Spark gives, at every version of tables that Spark writes."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as sf

from ..vector_values import literal
from .reader import PROJECT, check_every_version, companion, companion_rows, configured, multiset, spark_rows

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TYPES: list[dict[str, Any]] = json.loads((PROJECT / "test" / "vectors" / "types.json").read_text())["columns"]


def log_names(table: Path) -> list[str]:
    return sorted(path.name for path in (table / "_delta_log").iterdir() if not path.name.startswith("."))


def test_every_value_of_every_type(spark: SparkSession, tmp_path: Path) -> None:
    count = max(len(column["values"]) for column in TYPES)
    values = [[*(each["value"] for each in column["values"]), *[None] * count] for column in TYPES]
    rows = reduce(
        lambda one, other: one.unionByName(other),
        (
            spark.range(1).select(
                *(literal(of[n], column["type"]).alias(column["name"]) for column, of in zip(TYPES, values)),
                sf.array(sf.create_map(sf.lit("a"), sf.timestamp_micros(sf.lit(-62135596800000000 + n)))).alias("deep"),
                sf.repeat(sf.lit("🔋"), n * 65536).alias("large"),
            )
            for n in range(count + 1)
        ),
    )
    for kept_as in ("INT96", "TIMESTAMP_MICROS", "TIMESTAMP_MILLIS"):
        with configured(spark, spark__sql__parquet__outputTimestampType=kept_as):
            rows.coalesce(1).write.format("delta").mode("append").save(str(tmp_path / "t"))
    check_every_version(spark, tmp_path / "t")


def test_deletion_vectors(spark: SparkSession, tmp_path: Path) -> None:
    table = tmp_path / "t"
    name = f"delta.`{table}`"
    spark.sql(
        f"CREATE TABLE {name} USING delta PARTITIONED BY (p) TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', "
        "'delta.checkpointInterval' = '3') AS SELECT id, if(id % 3 = 0, NULL, concat('p', id % 2)) p, id / 7 v "
        "FROM range(0, 5000, 1, 1)"
    )
    spark.sql(f"DELETE FROM {name} WHERE id = 5 OR id BETWEEN 1000 AND 4000")
    spark.sql(f"DELETE FROM {name} WHERE id % 5 = 0")
    spark.sql(f"UPDATE {name} SET v = -0.0 WHERE id % 1001 = 2")
    spark.sql(f"DELETE FROM {name} WHERE p = 'p1'")
    assert any(path.name.startswith("deletion_vector_") for path in table.iterdir())
    check_every_version(spark, table)


@pytest.mark.parametrize("mode", ["name", "id"])
@pytest.mark.usefixtures("field_ids")
def test_column_mapping(spark: SparkSession, tmp_path: Path, mode: str) -> None:
    table = tmp_path / "t"
    name = f"delta.`{table}`"
    rows = "SELECT id, concat('v', id) `{}`, {} s, if(id = 1, NULL, 'ö/=') {} FROM range(3)"
    spark.sql(
        f"CREATE TABLE {name} USING delta PARTITIONED BY (p) TBLPROPERTIES ('delta.columnMapping.mode' = '{mode}') AS "
        + rows.format("a b", "named_struct('x', int(id), 'y', array(named_struct('z', string(id)), NULL))", "p")
    )
    for change in (
        "ALTER TABLE {} RENAME COLUMN `a b` TO `c,d`",
        "ALTER TABLE {} RENAME COLUMN p TO q",
        "ALTER TABLE {} RENAME COLUMN s.y TO w",
        "INSERT INTO {} " + rows.format("c,d", "named_struct('x', 7, 'w', array(named_struct('z', 'w')))", "q"),
        "ALTER TABLE {} DROP COLUMN s.x",
        "ALTER TABLE {} ADD COLUMN (s.x STRING AFTER w, day DATE FIRST)",
        "INSERT INTO {} SELECT date'2026-01-01', 9, 'n', NULL, ''",
    ):
        spark.sql(change.format(name))
    check_every_version(spark, table)


def test_widened_types(spark: SparkSession, tmp_path: Path) -> None:
    """All that Delta widens on Spark 3.5; the others have their test in TypeScript."""
    table = tmp_path / "t"
    name = f"delta.`{table}`"
    spark.sql(
        f"CREATE TABLE {name} (b TINYINT, l ARRAY<TINYINT>, m MAP<SMALLINT, TINYINT>, s STRUCT<x: SMALLINT>) "
        "USING delta TBLPROPERTIES ('delta.enableTypeWidening' = 'true')"
    )
    insert = f"INSERT INTO {name} SELECT -128, array(-1Y, NULL), map(7S, -1Y), named_struct('x', -5S)"
    spark.sql(insert)
    for column, wider in (("b", "SMALLINT"), ("b", "INT"), ("l.element", "INT"), ("m.key", "INT"), ("s.x", "INT")):
        spark.sql(f"ALTER TABLE {name} CHANGE COLUMN {column} TYPE {wider}")
    spark.sql(insert)
    check_every_version(spark, table)


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_v2_checkpoints(spark: SparkSession, tmp_path: Path, form: str) -> None:
    table = tmp_path / "t"
    with configured(
        spark,
        spark__databricks__delta__checkpointV2__topLevelFileFormat=form,
        spark__databricks__delta__checkpoint__partSize="2",
    ):
        spark.sql(
            f"CREATE TABLE delta.`{table}` USING delta PARTITIONED BY (p) TBLPROPERTIES ('delta.checkpointPolicy' = "
            "'v2', 'delta.checkpointInterval' = '1') AS SELECT id, int(id % 3) p FROM range(5)"
        )
        spark.sql(f"DELETE FROM delta.`{table}` WHERE id = 1")
    assert any(each.endswith(form) and len(each.split(".")) == 4 for each in log_names(table))
    assert len(list((table / "_delta_log" / "_sidecars").glob("*.parquet"))) > 1
    check_every_version(spark, table)


def test_multi_part_checkpoints_and_a_cleaned_log(spark: SparkSession, tmp_path: Path) -> None:
    table = tmp_path / "t"
    with configured(spark, spark__databricks__delta__checkpoint__partSize="3"):
        spark.sql(
            f"CREATE TABLE delta.`{table}` USING delta PARTITIONED BY (p) TBLPROPERTIES "
            "('delta.checkpointInterval' = '1') AS SELECT id, int(id % 8) p FROM range(40)"
        )
        spark.sql(f"DELETE FROM delta.`{table}` WHERE p = 1")
    assert len([each for each in log_names(table) if each.count(".") == 4]) > 1
    (table / "_delta_log" / f"{0:020}.json").unlink()
    check_every_version(spark, table, 1)


def test_partition_columns(spark: SparkSession, tmp_path: Path) -> None:
    table = tmp_path / "t"
    rows = spark.range(8).selectExpr(
        "id",
        "element_at(array('a b', 'ü%25', 'x/y=z', '', NULL, '{\"q\"}', 'a:b?#', '.'), int(id + 1)) `q-ü`",
        "if(id % 3 = 0, NULL, timestamp_micros(-62135596800000000 + id * 999999)) at",
        "if(id % 4 = 0, NULL, cast(id / 7 as decimal(10,4))) d",
    )
    rows.write.format("delta").partitionBy("q-ü", "at", "d").save(str(table))
    more = spark.range(4).selectExpr(
        "id",
        "string(id) `q-ü`",
        "if(id > 1, timestamp'2026-03-29 02:30:00.000001', NULL) at",
        "cast(id as decimal(10,4)) d",
    )
    more.write.format("delta").mode("append").save(str(table))
    check_every_version(spark, table)
    typed = tmp_path / "typed"
    spark.sql(
        "SELECT id, id = 1 flag, tinyint(id) b, smallint(-id) s, int(id) i, id * 9007199254740993 l, float(id / 3) f, "
        "if(id = 2, double('NaN'), id / 3) d, date_add(date'0001-01-01', int(id)) day, "
        "timestamp_ntz'2026-01-01 00:00:00.5' wall, cast(string(id) as binary) raw FROM range(3)"
    ).write.format("delta").partitionBy("flag", "b", "s", "i", "l", "f", "d", "day", "wall", "raw").save(str(typed))
    check_every_version(spark, typed)


def test_schema_evolution(spark: SparkSession, tmp_path: Path) -> None:
    table = tmp_path / "t"
    for frame in (
        "SELECT 1 a, named_struct('x', 1) s",
        "SELECT 2 a, named_struct('x', 2, 'y', array(map('k', 1.5))) s, 'new' b",
        "SELECT named_struct('y', array(map('k', 2.5))) s, timestamp'1500-01-01' c",
        "SELECT 4 a",
    ):
        spark.sql(frame).write.format("delta").mode("append").option("mergeSchema", "true").save(str(table))
    spark.sql("SELECT 'text' a").write.format("delta").mode("overwrite").option("overwriteSchema", "true").save(
        str(table)
    )
    spark.sql(f"RESTORE delta.`{table}` TO VERSION AS OF 2")
    # From here on names are mapped, over files that were written without.
    spark.sql(
        f"ALTER TABLE delta.`{table}` SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name', "
        "'delta.minReaderVersion' = '2', 'delta.minWriterVersion' = '5')"
    )
    spark.sql(f"ALTER TABLE delta.`{table}` RENAME COLUMN a TO key")
    spark.sql("SELECT 9 key").write.format("delta").mode("append").save(str(table))
    check_every_version(spark, table)


def test_time_travel_by_in_commit_timestamps(spark: SparkSession, tmp_path: Path) -> None:
    table = tmp_path / "t"
    spark.range(1).write.format("delta").save(str(table))
    spark.sql(f"ALTER TABLE delta.`{table}` SET TBLPROPERTIES ('delta.enableInCommitTimestamps' = 'true')")
    spark.range(2).write.format("delta").mode("append").save(str(table))
    commits = spark.sql(f"DESCRIBE HISTORY delta.`{table}`").select("version", "timestamp", "operation").collect()
    told = [json.loads(line) for line in companion("history", str(table), "--json").splitlines()]
    assert [(each["version"], each["operation"]) for each in told] == [(row.version, row.operation) for row in commits]
    for row, each in zip(commits, told):
        assert datetime.fromisoformat(each["timestamp"][:-1]) == row.timestamp
        read = companion("rows", str(table), "--at", each["timestamp"], "--json").splitlines()
        assert len(read) == spark.read.format("delta").option("versionAsOf", row.version).load(str(table)).count()


def test_a_table_in_s3(spark: SparkSession) -> None:
    table = f"s3a://features/delta_reader_{uuid.uuid4().hex[:12]}"
    spark.range(9).selectExpr("id", "concat('ü ', id % 2) p").write.format("delta").partitionBy("p").save(table)
    assert multiset(companion_rows(table, 0)) == multiset(spark_rows(spark, table, 0))
