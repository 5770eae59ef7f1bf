from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from twinstore.winners import EVENT_US, ORDER, is_tied, oldest_us

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_ORDERS = f"house string, {ORDER} struct<event_us: bigint, created_us: bigint, row_hash: bigint>"


@pytest.mark.parametrize(("times", "oldest"), [([30, 10, 20], 10), ([30, None], None), ([None], None), ([], None)])
def test_the_oldest_winner_is_known_where_all_have_a_time(
    spark: SparkSession, times: list[int | None], oldest: int | None
) -> None:
    rows = spark.createDataFrame([(str(n), time) for n, time in enumerate(times)], f"house string, {EVENT_US} bigint")
    assert oldest_us(rows) == oldest


@pytest.mark.parametrize(
    ("orders", "tied"),
    [
        ([(1, 3, 5), (1, 3, -7), (0, 3, 9)], True),
        ([(1, 3, 5), (1, 3, 5)], False),
        ([(1, 3, 5), (1, 3, -7), (2, 3, 0)], False),
        ([(1, 3, 5), (1, 3, -7), (1, 4, 0)], False),
        ([(1, 3, 5)], False),
    ],
)
def test_rows_tie_where_the_newest_of_one_run_have_several_values(
    spark: SparkSession, orders: list[tuple[int, int, int]], tied: bool
) -> None:
    rows = spark.createDataFrame([("a", order) for order in orders], _ORDERS)
    assert rows.groupBy("house").agg(is_tied().alias("tied")).collect()[0].tied == tied
