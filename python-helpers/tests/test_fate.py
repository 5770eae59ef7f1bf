"""Which rows can never be written online, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from twinstore.cql import Cql
from twinstore.dialect import dialect_named
from twinstore.errors import TwinstoreError
from twinstore.fate import ALIVE, FATE, Limits, with_fate
from twinstore.feature_group import FeatureGroup

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: 19 January 2038.
LIMIT_US = 2_147_472_000_000_000


def fates(rows: DataFrame, limits: Limits, ttl: str | None = None) -> list[str]:
    definition = FeatureGroup("g", ["house"], "at", "/data/g", "store.g", ttl=ttl).define(rows.schema)
    found = with_fate(rows, definition, limits, now_us=1_800_000_000_000_000)
    return [row[FATE] for row in found.orderBy("house").collect()]


def test_a_row_that_would_outlive_what_the_server_can_keep_is_set_aside(spark: SparkSession) -> None:
    times = ["timestamp'2027-12-31'", "timestamp'2028-01-22 00:00:00'", "timestamp'2028-01-22 00:00:01'"]
    rows = spark.sql(" UNION ALL ".join(f"SELECT '{n}' AS house, {at} AS at, 1 AS v" for n, at in enumerate(times)))
    late = "the row would expire after 2038-01-19 00:00:00 UTC, the last that the online store takes"
    assert fates(rows, Limits(65_535, 10**6, LIMIT_US), "3650d") == [ALIVE, ALIVE, late]
    assert fates(rows, Limits(65_535, 10**6, None), "3650d") == [ALIVE] * 3


@pytest.mark.parametrize("value", ["repeat('x', {})", "cast(repeat('x', {}) AS binary)"])
def test_a_row_that_is_too_large_is_set_aside(spark: SparkSession, value: str) -> None:
    sizes = (900_000, 1_000_000)
    rows = spark.sql(
        " UNION ALL ".join(f"SELECT '{n}' AS house, date'2026-01-01' AS at, {value.format(n)} AS v" for n in sizes)
    )
    # As text, 1000000 comes first.
    assert fates(rows, Limits(65_535, 10**6, None)) == ["the row is larger than 1000000 bytes", ALIVE]


def cql(answer: Any) -> Cql:
    """A connection whose reads give `answer`, or raise it."""

    class Answering(Cql):
        def __init__(self) -> None:
            self.dialect = dialect_named("cassandra")

        def rows(self, select: str) -> list[dict[str, Any]]:
            assert "system_views.settings" in select
            if isinstance(answer, Exception):
                raise answer
            return answer  # type: ignore[no-any-return]

    return Answering()


def refused(kind: str) -> TwinstoreError:
    return TwinstoreError("store_failed", "It failed.", "", details=f"com.datastax.servererrors.{kind}: no")


@pytest.mark.parametrize(
    ("answer", "limit_us"),
    [
        ([{"value": "NONE"}], None),
        ([{"value": "CASSANDRA_4"}], LIMIT_US),
        ([], LIMIT_US),
        (refused("UnauthorizedException"), LIMIT_US),
        (refused("InvalidQueryException"), LIMIT_US),
    ],
)
def test_a_server_takes_later_expiries_only_where_it_says_so(answer: Any, limit_us: int | None) -> None:
    assert cql(answer).last_expiry_us == limit_us


def test_a_server_that_does_not_answer_is_no_older_one() -> None:
    with pytest.raises(TwinstoreError, match="It failed"):
        _ = cql(refused("AllNodesFailedException")).last_expiry_us
