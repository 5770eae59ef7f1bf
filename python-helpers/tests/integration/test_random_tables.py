"""Random tables that Spark writes: the companion's reader gives Spark's rows at each of their versions."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .reader import check_every_version

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Tables in one test, so that two workers share them out evenly.
PART = 5

#: A random value of each type, from the row's number `id`.
VALUES = {
    "flag": "id % 2 = 0",
    "tiny": "tinyint(id - 64)",
    "whole": "int(id * 7919)",
    "long": "id * 9007199254740993",
    "single": "float(id) / 3",
    "real": "if(id % 7 = 0, double('NaN'), id / -7)",
    "money": "cast(id / 3 as decimal(20,6))",
    "word": "if(id % 5 = 0, '', concat('ü/', id % 11))",
    "bytes": "cast(concat('b', id) as binary)",
    "day": "date_add(date'1581-12-30', int(id * 400))",
    "moment": "timestamp_micros(-62135596800000000 + id * 999999999999)",
    "list": "array(id, NULL, id + 1)",
    "map": "map(string(id), id / 3)",
    "struct": "named_struct('x', id, 'y', array(string(id)))",
}
PARTITIONS = ("flag", "tiny", "whole", "money", "word", "day", "moment")
PROPERTIES = (
    "'delta.enableDeletionVectors' = 'true'",
    "'delta.columnMapping.mode' = 'name'",
    "'delta.columnMapping.mode' = 'id'",
    "'delta.checkpointPolicy' = 'v2'",
    "'delta.checkpoint.writeStatsAsStruct' = 'true', 'delta.checkpoint.writeStatsAsJson' = 'false'",
    "'delta.enableInCommitTimestamps' = 'true'",
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    first, count = metafunc.config.getoption("--first-table"), metafunc.config.getoption("--tables")
    metafunc.parametrize("seeds", [range(n, min(n + PART, first + count)) for n in range(first, first + count, PART)])


def random_table(spark: SparkSession, table: Path, seed: int) -> list[str]:
    """Makes a table by random statements, which are returned for who must replay it."""
    roll = random.Random(seed)
    names = roll.sample(sorted(VALUES), roll.randint(1, 6))
    name = f"delta.`{table}`"
    told = []

    def rows(first: int) -> str:
        nulls = roll.randint(2, 5)
        columns = [f"if(id % {nulls} = {i % nulls}, NULL, {VALUES[each]}) {each}" for i, each in enumerate(names)]
        return f"SELECT id, {', '.join(columns)} FROM range({first}, {first + roll.choice((1, 40, 200))}, 1, 1)"

    def run(statement: str) -> None:
        told.append(statement)
        spark.sql(statement)

    properties = [f"'delta.checkpointInterval' = '{roll.randint(1, 3)}'", *roll.sample(PROPERTIES, roll.randint(0, 2))]
    if all(any(mode in each for each in properties) for mode in ("'name'", "'id'")):
        properties.pop()
    candidates = [each for each in names if each in PARTITIONS and len(names) > 1]
    by = f"PARTITIONED BY ({roll.choice(candidates)})" if candidates and roll.random() < 0.5 else ""
    run(f"CREATE TABLE {name} USING delta {by} TBLPROPERTIES ({', '.join(properties)}) AS {rows(0)}")
    for n in range(1, roll.randint(2, 3)):
        run(
            roll.choice(
                (
                    f"INSERT INTO {name} {rows(1000 * n)}",
                    f"DELETE FROM {name} WHERE id % {roll.randint(2, 9)} = 1",
                    f"UPDATE {name} SET id = id + 5000 WHERE id % {roll.randint(2, 9)} = 0",
                    f"OPTIMIZE {name}",
                    f"RESTORE TABLE {name} TO VERSION AS OF 0",
                )
            )
        )
    return told


def test_the_reader_gives_the_rows_of_spark_at_every_version(
    spark: SparkSession, tmp_path: Path, seeds: range, field_ids: None
) -> None:
    for seed in seeds:
        table = tmp_path / str(seed)
        told = random_table(spark, table, seed)
        try:
            check_every_version(spark, table)
        except AssertionError as error:
            raise AssertionError("\n".join([f"seed {seed}", *told])) from error
