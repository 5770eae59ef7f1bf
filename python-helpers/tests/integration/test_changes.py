"""Batches of a backfill that go online together, and what a propagation changed there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from delta.tables import DeltaTable

from twinstore.errors import TwinstoreError
from twinstore.feature_group import FeatureGroup
from twinstore.receipts import Receipt
from twinstore.schemas import problems
from twinstore.store import Store

from .readings import agree, online, readings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def changed(store: Store, group: FeatureGroup, receipt: Receipt | None = None) -> dict[str, tuple[Any, ...]]:
    """(change, columns, mean before, mean after) by house."""
    return {
        row.house: (row.change, row.columns, row.before and row.before.mean, row.after and row.after.mean)
        for row in store.changes(group, receipt).collect()
    }


def test_batches_of_a_backfill_go_online_by_one_retry_and_what_changed_there_is_told(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    with pytest.raises(TwinstoreError, match="holds no feature group"):
        store.changes(group)
    left = store.write(readings(spark, [("a", 0, 1.0, 1), ("same", 0, 7.0, 7)]), group, propagate=False)
    assert (left.appended, left.written, left.kept, left.gap.to_version) == (2, 0, False, -1)
    assert problems(left.to_dict(), "receipt") == []
    assert "online up to: nothing yet" in repr(left)
    assert any("store.retry(group)" in note for note in left.notes)
    with pytest.raises(TwinstoreError, match="has no receipt"):
        store.changes(group)
    assert changed(store, group, left) == {}
    store.write(readings(spark, [("a", 1, 2.0, 1), ("gone", 0, 3.0, 3)]), group, propagate=False)
    assert online(store, group) == {}
    first = store.retry(group)
    assert (first.written, agree(store, group)) == (3, True)
    assert changed(store, group) == {
        "a": ("insert", [], None, 2.0),
        "same": ("insert", [], None, 7.0),
        "gone": ("insert", [], None, 3.0),
    }

    # A late row of one, the same values again for another, and a null.
    DeltaTable.forPath(spark, group.offline).delete("house = 'gone'")
    rows = readings(spark, [("a", 2, 2.0, None), ("same", -1, 9.0, 9), ("b", 0, 5.0, 5)])
    second = store.write(rows, group)
    assert changed(store, group, second) == {
        "a": ("update", ["day", "peak"], 2.0, 2.0),
        "b": ("insert", [], None, 5.0),
        "gone": ("delete", [], 3.0, None),
    }
    back = store.materialize(group, version=first.gap.to_version)
    assert {house: change for house, (change, *_) in changed(store, group, back).items()} == {
        "a": "update",
        "b": "delete",
        "gone": "insert",
    }
    assert len(changed(store, group, first)) == 3

    # What was online is not what history held, or what it held is gone.
    again = store.materialize(group)
    with pytest.raises(TwinstoreError, match=f"set to version {first.gap.to_version} before"):
        store.changes(group, again)
    store.cql.execute(f"DELETE FROM {group.online} WHERE house = 'a'")
    repair = store.repair(store.parity(group))
    with pytest.raises(TwinstoreError, match="What a repair mended"):
        store.changes(group, repair.receipt)
    spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    DeltaTable.forPath(spark, group.offline).delete("house = 'b'")
    spark.sql(f"VACUUM delta.`{group.offline}` RETAIN 0 HOURS")
    with pytest.raises(TwinstoreError, match="can no longer be told"):
        store.changes(group, second)
    with pytest.raises(TwinstoreError, match=r"Files of version .* are gone.*store.retry"):
        store.parity(group)
    store.retry(group)
    assert store.parity(group).verdict == "in_parity"
