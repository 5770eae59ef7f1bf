"""Training sets: features as they were, against a plain reckoning in Python."""

from __future__ import annotations

import datetime
import random
import time
from typing import TYPE_CHECKING, Any

import pytest

from twinstore.errors import TwinstoreError
from twinstore.store import Store

from .conftest import MakeGroup
from .readings import day, readings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

UTC = datetime.timezone.utc
TTL = datetime.timedelta(days=3)


def test_no_later_event_is_seen_and_an_event_of_the_same_time_is(
    spark: SparkSession, store: Store, make_group: MakeGroup
) -> None:
    dice = random.Random(7)
    houses = [f"h{n}" for n in range(6)]
    endless, brief = make_group(), make_group(ttl=f"{TTL.days}d", event_timestamp="at")
    written: list[dict[tuple[str, int], tuple[float, int]]] = [{}, {}]
    for _ in range(2):
        # The second batch corrects some events of the first.
        batch = {(dice.choice(houses), dice.randrange(12)): (dice.random(), dice.randrange(99)) for _ in range(25)}
        rows = readings(spark, [(house, n, *values) for (house, n), values in batch.items()])
        store.write(rows, endless)
        store.write(rows.selectExpr("house", "timestamp(day) AS at", "mean AS other"), brief)
        for known in written:
            known.update(batch)
    asked = [(dice.choice([*houses, "nobody", None]), dice.choice([*range(-2, 20), None])) for _ in range(80)]
    entities = spark.createDataFrame(
        [(house, None if n is None else day(n), number) for number, (house, n) in enumerate(asked)],
        "house string, day date, label int",
    )

    found = {row.label: row for row in store.training_set(entities, [endless, brief], timestamp="day").collect()}

    def as_of(house: str | None, n: int | None, ttl_days: int) -> tuple[Any, ...] | None:
        events = [event for event in written[0] if n is not None and event[0] == house and event[1] <= n]
        latest = max(events, key=lambda event: event[1], default=None)
        return None if latest is None or n is None or latest[1] + ttl_days <= n else written[0][latest]

    for label, (house, n) in enumerate(asked):
        row = found[label]
        assert (row.mean, row.peak) == (as_of(house, n, 10_000) or (None, None)), (house, n)
        assert row.other == (as_of(house, n, TTL.days) or (None,))[0], (house, n)
    assert len(found) == len(asked)


def test_what_was_written_later_is_not_known_yet(spark: SparkSession, store: Store, make_group: MakeGroup) -> None:
    group = make_group()
    store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    time.sleep(0.01)
    before = datetime.datetime.now(UTC)
    time.sleep(0.01)
    store.write(readings(spark, [("a", 0, 2.0, 2), ("a", 1, 3.0, 3)]), group)
    entities = readings(spark, [("a", 5, 0.0, 0)]).select("house", "day")

    def mean(as_known_at: Any) -> float:
        (row,) = store.training_set(entities, group, as_known_at=as_known_at).collect()
        return float(row.mean)

    assert (mean(None), mean(before), mean(before.isoformat())) == (3.0, 1.0, 1.0)
    with pytest.raises(TwinstoreError, match="is not a moment"):
        mean("yesterday")


def test_everything_wrong_with_the_columns_is_told_at_once(
    spark: SparkSession, store: Store, make_group: MakeGroup
) -> None:
    group, other = make_group(), make_group()
    for each in (group, other):
        store.write(readings(spark, [("a", 0, 1.0, 1)]), each)
    wrong = spark.createDataFrame([(1, "2014-01-01", 1.0)], "house int, day string, mean double")
    with pytest.raises(TwinstoreError, match="The training set cannot be made") as refused:
        store.training_set(wrong, [group])
    for words in ("day of `entities` is string", "house of `entities` is int", "The feature mean"):
        assert words in str(refused.value)
    entities = readings(spark, [("a", 5, 0.0, 0)]).select("house", "day")
    with pytest.raises(TwinstoreError, match=f"feature mean of {other.name}"):
        store.training_set(entities, [group, other])
    names = store.training_set(entities, [group, other], prefix=True).columns
    assert names[2:] == [f"{each.name}__{name}" for each in (group, other) for name in ("mean", "peak")]
