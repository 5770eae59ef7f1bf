"""The row hash is the same in every session and every language: bound by `test/vectors/row_hash.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from twinstore.row_hash import row_hash
from twinstore.types import GroupColumn

from .vector_values import literal

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

VECTORS = Path(__file__).parents[2] / "test" / "vectors" / "row_hash.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]


def hashes(spark: SparkSession, cases: list[dict[str, Any]]) -> list[str]:
    """The hash of each case, as text."""
    one = spark.range(1)
    found = []
    for case in cases:
        features = [GroupColumn(each["name"], each["type"]) for each in case["features"]]
        values = [literal(each["value"], each["type"]).alias(each["name"]) for each in case["features"]]
        found.append(str(one.select(*values).select(row_hash(features)).collect()[0][0]))
    return found


def test_hashes_are_those_of_the_vectors(spark: SparkSession) -> None:
    assert dict(zip([case["title"] for case in CASES], hashes(spark, CASES))) == {
        case["title"]: case["hash"] for case in CASES
    }


@pytest.mark.parametrize("group", sorted({case["equal"] for case in CASES if "equal" in case}))
def test_rows_that_count_as_the_same_have_one_hash(group: str) -> None:
    assert len({case["hash"] for case in CASES if case.get("equal") == group}) == 1


def test_all_other_rows_of_the_same_columns_have_different_hashes() -> None:
    distinct = [case for case in CASES if "equal" not in case]
    columns = [json.dumps([(each["name"], each["type"]) for each in case["features"]]) for case in distinct]
    assert len({(names, case["hash"]) for names, case in zip(columns, distinct)}) == len(distinct)
