from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from twinstore.feature_group import FeatureGroup
from twinstore.winners import EVENT_US, ORDER, TIED, event_times, is_tied, newest, oldest_us, rows_of, winners

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


def test_the_latest_row_of_each_key_is_found_among_rows_of_any_writer(spark: SparkSession) -> None:
    dice = random.Random(7)
    # A row's hash is given, so that its order is known here; one may lack its event time, or when it was written.
    rows = [
        ("abcdef"[dice.randrange(6)], dice.choice([None, 0, 1, 2]), dice.choice([None, 5, 6]), dice.randrange(3), n)
        for n in range(60)
    ]
    frame = spark.createDataFrame(rows, "house string, us bigint, _created_us bigint, _row_hash bigint, peak int")
    frame = frame.selectExpr("house", "timestamp_micros(us) AS day", "_created_us", "_row_hash", "peak")
    definition = FeatureGroup("g", ["house"], "day", "/g", "k.g").define(frame.drop("_created_us", "_row_hash").schema)

    def order(row: tuple[Any, ...]) -> tuple[Any, ...]:
        _, us, created_us, hash_of_row, _ = row
        return (us is not None, us or 0, created_us or 0, hash_of_row)

    expected = {}
    for house in "abcdef":
        own = sorted((row for row in rows if row[0] == house), key=order)
        best = [row for row in own if order(row) == order(own[-1])]
        peers = {row[3] for row in own if order(row)[:3] == order(own[-1])[:3]}
        expected[house] = ({row[4] for row in best}, len(peers) > 1)
    times = newest(event_times(frame, definition), definition)
    for found in (winners(frame, definition), rows_of(times, frame, definition, 2, None)):
        got = {row.house: row for row in found.collect()}
        assert got.keys() == expected.keys()
        for house, (peaks, tied) in expected.items():
            assert got[house].peak in peaks
            assert got[house][TIED] == tied
