"""Definitions that change while a group has rows: features that come, and times to live."""

from __future__ import annotations

import dataclasses
import datetime
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as sf

from twinstore.config import Settings
from twinstore.errors import TwinstoreError
from twinstore.feature_group import FeatureGroup
from twinstore.progress import silent
from twinstore.store import Store

from .conftest import MakeGroup
from .readings import SCHEMA, agree, day, readings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

A_DAY = datetime.timedelta(days=1)


def wide(spark: SparkSession, *rows: tuple[str, int, float, int, int | None]) -> DataFrame:
    """Readings with one more feature, `low`."""
    return spark.createDataFrame([(house, day(n), *values) for house, n, *values in rows], f"{SCHEMA}, low int")


def lows(store: Store, group: FeatureGroup) -> dict[str, int | None]:
    return {row.house: row.low for row in store.online(group).collect()}


def test_a_feature_that_comes_is_in_every_row_of_both_stores(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    first = store.write(readings(spark, [("a", 0, 1.0, 1), ("b", 0, 2.0, 2)]), group)
    rows = wide(spark, ("a", 1, 3.0, 3, -7), ("b", -1, 9.0, 9, 1), ("c", 1, 4.0, 4, None))
    with pytest.raises(TwinstoreError, match=r"Column low is not a feature of .*rows.drop\('low'\)"):
        store.write(rows, group)
    with pytest.raises(TwinstoreError, match="Column low is not a feature"):
        store.write(rows, group, dry_run=True)
    assert store.versions(group)[0] == first.version
    receipt = store.write(rows, group, new_features="low")
    assert any("feature low is new" in note for note in receipt.notes)
    assert (receipt.appended, receipt.written, receipt.late) == (3, 3, 1)
    assert lows(store, group) == {"a": -7, "b": None, "c": None}
    assert agree(store, group)
    assert store.parity(group).verdict == "in_parity"
    # History is what it was: a null is not a value that changed.
    again = store.write(wide(spark, ("b", 0, 2.0, 2, None)), group)
    assert (again.appended, again.unchanged) == (0, 1)
    assert "low" not in store.offline(group, version=first.version).columns
    store.cql.define(f"ALTER TABLE {group.online} DROP low")
    report = store.parity(group)
    assert (report.verdict, report.states["mismatch"]) == ("out_of_parity", 3)
    assert [column["type_mismatch"] for column in report.columns if column["name"] == "low"] == [3]
    assert lows(store, group) == {"a": None, "b": None, "c": None}
    store.retry(group)
    assert lows(store, group) == {"a": -7, "b": None, "c": None}
    with pytest.raises(TwinstoreError, match="column low is missing"):
        store.write(readings(spark, [("a", 2, 1.0, 1)]), group)
    retyped = wide(spark, ("a", 2, 1.0, 1, 1)).withColumn("low", sf.col("low").cast("string"))
    with pytest.raises(TwinstoreError, match=r"column low is .*string"):
        store.write(retyped, group)


def test_a_change_that_was_broken_off_is_finished_and_proofs_go_by_what_is_online(
    spark: SparkSession, settings: Settings, store: Store, group: FeatureGroup
) -> None:
    store.write(readings(spark, [("a", 0, 1.0, 1), ("b", 0, 2.0, 2)]), group)
    rows = wide(spark, ("a", 1, 3.0, 3, -7))

    def die(step: str) -> None:
        if step == "append":
            raise ZeroDivisionError

    # Both tables have the feature, and no row does.
    with pytest.raises(ZeroDivisionError):
        Store(spark, settings, silent, die).write(rows, group, new_features=["low"])
    between = store.parity(group)
    assert (between.verdict, between.states["in_flight"]) == ("in_parity", 2)
    # As if it had been broken off before the online table, or somebody had dropped the column.
    store.cql.define(f"ALTER TABLE {group.online} DROP low")
    assert any("columns low were missing" in note for note in store.retry(group).notes)
    store.write(rows, group)
    assert lows(store, group) == {"a": -7, "b": None}
    assert store.parity(group).verdict == "in_parity"


def test_a_writer_that_lacks_a_new_feature_does_not_finish_for_those_that_have_it(
    spark: SparkSession, settings: Settings, store: Store, group: FeatureGroup
) -> None:
    store.write(readings(spark, [("a", 0, 1.0, 1)]), group)

    def overtake(step: str) -> None:
        if step == "append":
            Store(spark, settings, silent).write(wide(spark, ("b", 0, 2.0, 2, 9)), group, new_features=["low"])

    with pytest.raises(TwinstoreError, match="was changed by another writer meanwhile"):
        Store(spark, settings, silent, overtake).write(readings(spark, [("a", 1, 3.0, 3)]), group)
    store.retry(group)
    assert online_with_low(store, group) == {"a": (1, 3.0, 3, None), "b": (0, 2.0, 2, 9)}
    assert store.parity(group).verdict == "in_parity"


def online_with_low(store: Store, group: FeatureGroup) -> dict[str, Any]:
    rows = store.online(group).collect()
    return {row.house: ((row.day - day(0)).days, row.mean, row.peak, row.low) for row in rows}


def test_another_time_to_live_counts_for_every_row(
    spark: SparkSession, settings: Settings, store: Store, make_group: MakeGroup
) -> None:
    group = make_group(event_timestamp="at", ttl="10d")
    now = datetime.datetime.now(datetime.timezone.utc)
    schema = "house string, at timestamp, mean double"
    rows = spark.createDataFrame([("young", now - A_DAY, 1.0), ("old", now - 5 * A_DAY, 2.0)], schema)

    def kept() -> set[str]:
        assert store.parity(group).verdict == "in_parity"
        return {row.house for row in store.online(group).collect()}

    first = store.write(rows, group)
    assert kept() == {"young", "old"}
    shorter = dataclasses.replace(group, ttl="3d")

    def prove_amid(step: str) -> None:
        if step == "online":
            # What the new time to live does not take away is not excused by it.
            store.cql.execute(
                f"DELETE FROM {group.online} USING TIMESTAMP {first.write_timestamp_us} WHERE house = 'young'"
            )
            report = store.parity(group)
            assert (report.states["missing_online"], report.states["in_flight"]) == (1, 1)
        if step == "receipt":
            # Online it is done; what may be gone is in flight.
            report = store.parity(group)
            assert (report.verdict, report.states["in_flight"]) == ("in_parity", 2)

    receipt = Store(spark, settings, silent, prove_amid).write(rows.limit(0), shorter)
    assert (receipt.written, receipt.expired) == (1, 1)
    assert any("ttl_seconds is 259200 and was 864000" in note for note in receipt.notes)
    assert kept() == {"young"}
    endless = dataclasses.replace(group, ttl=None)
    store.write(rows.limit(0), endless)
    assert kept() == {"young", "old"}
    left = store.cql.rows(f"SELECT JSON ttl(mean) AS left FROM {group.online} WHERE house = 'young'")
    assert left == [{"left": None}]


def test_a_restore_to_before_a_feature_came_names_the_column_to_drop(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    first = store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    rows = wide(spark, ("a", 1, 3.0, 3, -7))
    store.write(rows, group, new_features="low")
    spark.sql(f"RESTORE TABLE delta.`{group.offline}` TO VERSION AS OF {first.version}")
    drop = f'ALTER TABLE {group.online} DROP "low"'
    with pytest.raises(TwinstoreError, match=f"has the column low.*{drop}"):
        store.retry(group)
    store.cql.define(drop)
    store.retry(group)
    assert (agree(store, group), store.parity(group).verdict) == (True, "in_parity")
    store.write(rows, group, run="again", new_features="low")
    assert lows(store, group) == {"a": -7}
    assert store.parity(group).verdict == "in_parity"
