from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from twinstore.winners import ORDER, oldest_us

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.mark.parametrize(("times", "oldest"), [([30, 10, 20], 10), ([30, None], None), ([None], None), ([], None)])
def test_the_oldest_winner_is_known_where_all_have_a_time(
    spark: SparkSession, times: list[int | None], oldest: int | None
) -> None:
    rows = [(str(n), (time, 0, 0)) for n, time in enumerate(times)]
    schema = f"house string, {ORDER} struct<event_us: bigint, created_us: bigint, row_hash: bigint>"
    assert oldest_us(spark.createDataFrame(rows, schema)) == oldest
