"""Rows of a DataFrame in an output, on a real Spark."""

from __future__ import annotations

import base64
import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from twinstore.errors import TwinstoreError
from twinstore.magics.rows import MAX_BYTES, MIME, Rows
from twinstore.magics.words import line_parser, parsed


def arrow_of(bundle: dict[str, Any]) -> Any:
    return pa.ipc.open_stream(base64.b64decode(bundle[MIME]["arrow"])).read_all()


def test_values_cross_exactly_and_what_has_no_grid_form_is_text(spark: SparkSession) -> None:
    frame = spark.sql(
        "select 9007199254740993 as id, 1.10 as price, timestamp'2014-02-27 10:00:00.000001Z' as at,"
        " date'0001-01-01' as day, X'00FF' as token, cast(null as string) as name, interval 3 days as wait,"
        " array(1) as list"
    )
    bundle = Rows.of(frame)._repr_mimebundle_()
    row = arrow_of(bundle).to_pylist()[0]
    assert row["id"] == 9007199254740993
    assert row["price"] == Decimal("1.10")
    assert row["at"] == datetime.datetime(2014, 2, 27, 10, 0, 0, 1, datetime.timezone.utc)
    assert (row["day"], row["token"], row["name"]) == (datetime.date(1, 1, 1), b"\x00\xff", None)
    assert (row["wait"], row["list"]) == ("INTERVAL '3' DAY", "[1]")
    assert bundle[MIME]["columns"][1] == {"name": "price", "type": "decimal(3,2)", "nullable": False}
    assert bundle[MIME]["what"] == "All 1 row."


def test_no_more_rows_are_kept_than_asked_for_and_that_is_said(spark: SparkSession) -> None:
    rows = Rows.of(spark.range(50), 7)
    assert (rows.rows, rows.complete, rows.what) == (7, False, "The first 7 rows; there are more.")
    whole = Rows.of(spark.range(5000), 5000)
    assert (whole.rows, whole.complete) == (1000, False)


def test_no_more_bytes_are_kept_than_a_notebook_bears(spark: SparkSession) -> None:
    frame = spark.range(100).selectExpr("id", "repeat(cast(id as string), 20000) as text")
    rows = Rows.of(frame)
    assert 0 < rows.rows < 100
    assert len(rows.arrow) <= MAX_BYTES
    assert rows.what.endswith("there are more. More than 512 KiB are not kept in a notebook.")


def test_an_empty_frame_keeps_its_columns(spark: SparkSession) -> None:
    bundle = Rows.of(spark.range(0))._repr_mimebundle_()
    assert arrow_of(bundle).schema.names == ["id"]
    assert bundle[MIME]["what"] == "The DataFrame has no rows."


def test_columns_of_the_same_name_stay_apart(spark: SparkSession) -> None:
    bundle = Rows.of(spark.sql("select 1 as x, array('a') as x, 2 as X"))._repr_mimebundle_()
    assert [column.to_pylist() for column in arrow_of(bundle).columns] == [[1], ["[a]"], [2]]
    assert [column["name"] for column in bundle[MIME]["columns"]] == ["x", "x", "X"]
    assert bundle["text/plain"].split()[-3:] == ["1", "[a]", "2"]
    assert arrow_of(Rows.of(spark.sql("select 1 as x, 2 as x where false"))._repr_mimebundle_()).schema.names == [
        "x",
        "x",
    ]


def test_the_table_beside_the_grid_escapes_what_comes_from_data(spark: SparkSession) -> None:
    bundle = Rows.of(spark.sql("select '<b>' as `<i>`, cast(null as int) as n"))._repr_mimebundle_()
    assert "&lt;b&gt;" in bundle["text/html"] and "<b>" not in bundle["text/html"]
    assert "<em>null</em>" in bundle["text/html"]
    assert "<b>  null" in bundle["text/plain"]


def test_a_name_that_is_no_name_of_rows_is_refused() -> None:
    assert parsed(line_parser, "show rows --rows 5").rows == 5
    with pytest.raises(TwinstoreError, match="required"):
        parsed(line_parser, "show")
