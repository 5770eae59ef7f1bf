"""Small readings of houses, and whether both stores hold the same of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from twinstore.feature_group import FeatureGroup
from twinstore.store import Store

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SCHEMA = "house string, day date, mean double, peak int"


def day(n: int) -> Any:
    """The n-th day of the readings."""
    import datetime

    return datetime.date(2014, 1, 1) + datetime.timedelta(days=n)


def readings(spark: SparkSession, rows: Sequence[tuple[Any, ...]]) -> DataFrame:
    """Rows (house, day number, mean, peak)."""
    return spark.createDataFrame([(house, day(n), mean, peak) for house, n, mean, peak in rows], SCHEMA)


def files(spark: SparkSession, folder: str, rows: Sequence[tuple[Any, ...]]) -> DataFrame:
    """The same as Parquet files, added to those in `folder`; all of them read."""
    readings(spark, rows).coalesce(1).write.mode("append").parquet(folder)
    return spark.read.parquet(folder)


def online(store: Store, group: FeatureGroup) -> dict[str, tuple[Any, ...]]:
    """What the online store holds: (day number, mean, peak) by house."""
    return {row.house: ((row.day - day(0)).days, row.mean, row.peak) for row in store.online(group).collect()}


def agree(store: Store, group: FeatureGroup) -> bool:
    """Whether the online store holds exactly the latest row of each entity of history, by plain comparison."""
    latest = store.offline(group, latest=True).collect()
    return sorted(latest) == sorted(store.online(group).collect())


def history(store: Store, group: FeatureGroup) -> int:
    """Rows of the offline store."""
    return store.offline(group).count()
