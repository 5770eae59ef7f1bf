"""What the benchmarks write: rows like those of the energy notebook, made without reading anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

HOUSEHOLDS = 5_560
#: Days of the first load, for about as many rows as the published set has.
DAYS = 631
_DAILY = ("energy_median", "energy_mean", "energy_max", "energy_std", "energy_sum", "energy_min")
_WINDOWS = tuple(
    f"energy_{what}_{window}"
    for window in ("3months", "6months", "1yr")
    for what in ("sum", "count", "max", "mean", "stddev")
)
KEY, EVENT_TIME = "household_id", "day"


def history(spark: SparkSession, days: int = DAYS) -> DataFrame:
    """The first load: 24 columns, all households on so many days up to the last, in the order of days."""
    return _rows(
        spark.range((DAYS - days) * HOUSEHOLDS, DAYS * HOUSEHOLDS),
        f"cast(id / {HOUSEHOLDS} as int)",
        f"id % {HOUSEHOLDS}",
    )


def increment(spark: SparkSession, day: int) -> DataFrame:
    """One day of every household; that of the first load's end is 0."""
    return _rows(spark.range(HOUSEHOLDS), str(DAYS + day), "id")


def _rows(ids: DataFrame, day: str, household: str) -> DataFrame:
    keyed = ids.selectExpr(
        f"concat('MAC', lpad({household}, 6, '0')) AS {KEY}", f"date_add(date'2012-01-01', {day}) AS {EVENT_TIME}"
    )
    values = [_value(name).alias(name) for name in _DAILY]
    counts = [sf.lit(48).alias("energy_count")]
    # A window is null where a household is young.
    windows = [sf.when(sf.pmod(sf.hash(KEY), sf.lit(50)) > 0, _value(name)).alias(name) for name in _WINDOWS]
    return keyed.select(KEY, EVENT_TIME, *values, *counts, *windows)


def _value(name: str) -> Column:
    """Of a household and day always the same, as a reading with three decimals."""
    if "_count_" in name:
        return sf.pmod(sf.xxhash64(sf.lit(name), KEY, EVENT_TIME), sf.lit(365))
    return sf.pmod(sf.xxhash64(sf.lit(name), KEY, EVENT_TIME), sf.lit(20_000)) / 1000.0
