"""DataFrames of rows that are here, on a real Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyspark.sql import types as t

from twinstore.foreign import FOREIGN
from twinstore.local_rows import local_rows, texts_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCHEMA = t.StructType(
    [
        t.StructField("text", t.StringType()),
        t.StructField("whole", t.LongType()),
        t.StructField("flag", t.BooleanType()),
        t.StructField("list", t.ArrayType(t.StringType())),
    ]
)


def test_rows_are_as_they_were(spark: SparkSession) -> None:
    rows = [
        ('"quoted"\\\n\t\u0000 é 𝄞', 2**63 - 1, True, ["a", None, ""]),
        ("", -(2**63), False, []),
        (None, None, None, None),
        ("2024-01-01", 0, True, ["null"]),
    ]
    assert [tuple(row) for row in local_rows(spark, rows, SCHEMA).collect()] == rows
    assert local_rows(spark, [], SCHEMA).schema == SCHEMA
    assert local_rows(spark, [], SCHEMA).count() == 0


def test_a_text_may_be_long(spark: SparkSession) -> None:
    # Jackson refuses texts of more than 20 million characters where it is not told otherwise.
    length = 21_000_000
    assert local_rows(spark, [("x" * length,)], texts_of(["text"])).selectExpr("length(text) AS n").first() == (length,)


def test_a_value_of_another_type_is_an_error(spark: SparkSession) -> None:
    with pytest.raises(FOREIGN):
        local_rows(spark, [("a", "many", True, [])], SCHEMA).collect()


def test_rows_need_no_process_of_python(spark: SparkSession) -> None:
    rows = local_rows(spark, [("a",)], texts_of(["key"]))
    assert "ExistingRDD" not in rows._jdf.queryExecution().toString()
    assert "ExistingRDD" in spark.createDataFrame([("a",)], "key string")._jdf.queryExecution().toString()
