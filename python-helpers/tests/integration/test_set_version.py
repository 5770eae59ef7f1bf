"""The online store set to an older version on purpose, and what comes after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyspark.sql import functions as sf

from twinstore.config import Settings
from twinstore.errors import TwinstoreError
from twinstore.feature_group import FeatureGroup
from twinstore.progress import silent
from twinstore.store import Store

from .readings import agree, online, readings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def history(spark: SparkSession, store: Store, group: FeatureGroup) -> int:
    """Writes three batches: the first, one with a new key, one that deletes a key; gives the version of the first."""
    first = store.write(readings(spark, [("a", 0, 1.0, 1), ("b", 0, 2.0, 2)]), group)
    store.write(readings(spark, [("a", 1, 3.0, 3), ("new", 1, 4.0, 4)]), group)
    store.delete(group, ["b"])
    assert first.version is not None
    return first.version


AS_AT_FIRST = {"a": (0, 1.0, 1), "b": (0, 2.0, 2)}


def test_rows_are_as_they_were_and_proofs_say_that_it_was_on_purpose(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    version = history(spark, store, group)
    receipt = store.materialize(group, version=version)
    assert online(store, group) == AS_AT_FIRST
    assert (receipt.version, receipt.written, receipt.deleted) == (version, 2, 1)
    assert any("on purpose" in note for note in receipt.notes)
    report = store.parity(group)
    assert report.verdict == "out_of_parity"
    assert (report.states["stale_online"], report.states["missing_online"], report.states["extra_online"]) == (1, 1, 1)
    assert any(f"set to version {version} on purpose" in note for note in report.notes)
    # A write goes on from there, with its own rows alone.
    store.write(readings(spark, [("c", 2, 5.0, 5)]), group)
    assert online(store, group) == {**AS_AT_FIRST, "c": (2, 5.0, 5)}
    assert any("on purpose" in note for note in store.parity(group).notes)
    store.materialize(group)
    assert agree(store, group)
    assert store.parity(group).verdict == "in_parity"


def test_a_feature_that_came_later_is_null(spark: SparkSession, store: Store, group: FeatureGroup) -> None:
    first = store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    wider = readings(spark, [("a", 1, 2.0, 2)]).withColumn("low", sf.lit(7))
    store.write(wider, group, new_features=["low"])
    store.materialize(group, version=first.version)
    (row,) = store.online(group).collect()
    assert (row.mean, row.low) == (1.0, None)


def test_one_that_was_broken_off_is_undone_by_whoever_comes_next(
    spark: SparkSession, settings: Settings, store: Store, group: FeatureGroup
) -> None:
    version = history(spark, store, group)

    def die(step: str) -> None:
        if step == "receipt":
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Store(spark, settings, silent, die).materialize(group, version=version)
    assert online(store, group) == AS_AT_FIRST
    assert store.parity(group).states["in_flight"] == 3
    # A row that the older version has is not absent on purpose.
    store.cql.execute(f"DELETE FROM {group.online} WHERE house = 'a'")
    report = store.parity(group)
    assert (report.states["missing_online"], report.states["in_flight"]) == (1, 2)
    # Both wrote at the time of one commit if this did not make one of its own.
    store.retry(group)
    assert agree(store, group)
    assert store.parity(group).verdict == "in_parity"


def test_another_writer_in_between_wins(
    spark: SparkSession, settings: Settings, store: Store, group: FeatureGroup
) -> None:
    version = history(spark, store, group)
    other = Store(spark, settings, silent)

    def overtake(step: str) -> None:
        if step == "online":
            other.retry(group)

    Store(spark, settings, silent, overtake).materialize(group, version=version)
    assert agree(store, group)
    assert not any("on purpose" in note for note in store.parity(group).notes)


def test_versions_that_cannot_be_read_are_refused_before_anything_is_done(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    first = store.versions(group)[0]
    spark.sql(f"UPDATE delta.`{group.offline}` SET mean = 2.0")
    store.retry(group)
    head = store.versions(group)[0]
    with pytest.raises(TwinstoreError, match=rf"has no version {head + 1}.*from 0 to {head}"):
        store.materialize(group, version=head + 1)
    spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    spark.sql(f"VACUUM delta.`{group.offline}` RETAIN 0 HOURS")
    after_vacuum = store.versions(group)
    with pytest.raises(TwinstoreError, match=f"Version {first} .* can no longer be read"):
        store.materialize(group, version=first)
    assert store.versions(group) == after_vacuum
    assert online(store, group) == {"a": (0, 2.0, 1)}
