"""Random histories on the real stores: whatever died, waited or came in between, both stores agree in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from twinstore.config import Settings
from twinstore.store import Store

from .conftest import MakeGroup
from .histories import History

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from twinstore.feature_group import FeatureGroup

#: Histories in one test, so that two workers share them out evenly.
PART = 5


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    first, count = metafunc.config.getoption("--first-history"), metafunc.config.getoption("--histories")
    metafunc.parametrize("seeds", [range(n, min(n + PART, first + count)) for n in range(first, first + count, PART)])


def winners_by_hand(spark: SparkSession, group: FeatureGroup, columns: list[str]) -> list[tuple[Any, ...]]:
    """The latest row of each entity, from all rows as they lie in the Delta table, without the library."""
    latest: dict[str, Any] = {}
    for row in spark.read.format("delta").load(group.offline).collect():
        order = (row.day, row._created_us or 0, row._row_hash or 0)
        if row.house not in latest or order > latest[row.house][0]:
            latest[row.house] = (order, row)
    return sorted(tuple(str(row[name]) for name in columns) for _, row in latest.values())


def test_both_stores_agree_after_every_history(
    spark: SparkSession,
    settings: Settings,
    store: Store,
    make_group: MakeGroup,
    seeds: range,
    request: pytest.FixtureRequest,
) -> None:
    spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    for seed in seeds:
        group = make_group()
        history = History(seed, spark, settings, group)
        history.run(request.config.getoption("--events"))
        told = "\n".join(history.told)
        columns = [column.name for column in store.definition(group).columns]
        online = sorted(tuple(str(row[name]) for name in columns) for row in store.online(group).collect())
        assert online == winners_by_hand(spark, group, columns), told
        head, reached = store.versions(group)
        report = store.parity(group, how="full")
        # A table without a row proves nothing.
        assert (report.verdict, reached) == ("in_parity" if online else "unknown", head), f"{told}\n{report}"
