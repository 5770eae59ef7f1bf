from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from twinstore.winners import EVENT_US, oldest_us

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.mark.parametrize(("times", "oldest"), [([30, 10, 20], 10), ([30, None], None), ([None], None), ([], None)])
def test_the_oldest_winner_is_known_where_all_have_a_time(
    spark: SparkSession, times: list[int | None], oldest: int | None
) -> None:
    rows = spark.createDataFrame([(str(n), time) for n, time in enumerate(times)], f"house string, {EVENT_US} bigint")
    assert oldest_us(rows) == oldest
