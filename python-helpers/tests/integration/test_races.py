"""What the model of the protocol found, on real stores: races with other writers, wrong clocks, holes in the feed."""

from __future__ import annotations

import dataclasses
import json
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import functions as sf

from twinstore import write
from twinstore.config import Settings
from twinstore.cql import Cql
from twinstore.errors import TwinstoreError
from twinstore.feature_group import FeatureGroup
from twinstore.preflight import prepare
from twinstore.progress import silent
from twinstore.store import Store

from .conftest import MakeGroup
from .readings import agree, online, readings

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import SparkSession


class Once:
    """A checkpoint that does something before a step, the first time."""

    def __init__(self, step: str, action: Callable[[], object]) -> None:
        self._step = step
        self._action: Callable[[], object] | None = action

    def __call__(self, step: str) -> None:
        if step == self._step and self._action is not None:
            action, self._action = self._action, None
            action()


def test_a_slow_writer_does_not_bring_back_what_was_deleted_while_a_table_was_adopted(
    spark: SparkSession, settings: Settings, store: Store, group: FeatureGroup
) -> None:
    readings(spark, [("a", 0, 1.0, 1), ("gone", 0, 1.0, 1)]).write.format("delta").save(group.offline)

    def overtake() -> None:
        spark.sql(f"DELETE FROM delta.`{group.offline}` WHERE house = 'gone'")
        store.retry(group)

    # The change feed begins only with the adoption.
    slow = Store(spark, settings, silent, Once("online", overtake))
    slow.write(readings(spark, [("b", 1, 1.0, 1)]), group)
    assert online(store, group).keys() == {"a", "b"}
    assert agree(store, group)


def commit_ahead(store: Store, group: FeatureGroup, seconds: int) -> None:
    """A commit of another writer whose clock is ahead."""
    version = store.versions(group)[0] + 1
    at_ms = int((time.time() + seconds) * 1_000)
    info = {"inCommitTimestamp": at_ms, "timestamp": at_ms, "operation": "WRITE", "operationParameters": {}}
    info |= {"txnId": uuid.uuid4().hex, "isBlindAppend": True}
    lines = [json.dumps({"commitInfo": info}), json.dumps({"txn": {"appId": "other", "version": 0}}), ""]
    (Path(group.offline) / "_delta_log" / f"{version:020d}.json").write_text("\n".join(lines))


def set_clock_right(spark: SparkSession, group: FeatureGroup) -> None:
    """As the remedy of the refusal says."""
    for value in ("false", "true"):
        spark.sql(
            f"ALTER TABLE delta.`{group.offline}` SET TBLPROPERTIES ('delta.enableInCommitTimestamps' = '{value}')"
        )


def test_rows_are_never_written_at_a_time_to_come(
    spark: SparkSession, settings: Settings, store: Store, group: FeatureGroup
) -> None:
    store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    amid = Store(spark, settings, silent, Once("append", lambda: commit_ahead(store, group, 1_800)))
    with pytest.raises(TwinstoreError, match="ahead of this clock"):
        amid.write(readings(spark, [("a", 1, 2.0, 2)]), group)
    assert online(store, group) == {"a": (0, 1.0, 1)}
    set_clock_right(spark, group)
    store.write(readings(spark, [("a", 2, 3.0, 3)]), group)
    assert online(store, group) == {"a": (2, 3.0, 3)}


def test_a_write_that_could_not_show_is_refused(spark: SparkSession, store: Store, group: FeatureGroup) -> None:
    store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    # Within what clocks may differ.
    commit_ahead(store, group, 100)
    store.write(readings(spark, [("a", 1, 2.0, 2)]), group)
    set_clock_right(spark, group)
    with pytest.raises(TwinstoreError, match=r"a clock was ahead then.* Run this again in \d+ s"):
        store.write(readings(spark, [("a", 2, 3.0, 3)]), group)
    assert online(store, group) == {"a": (1, 2.0, 2)}


def test_a_machine_whose_clock_differs_writes_no_row_that_expires(
    spark: SparkSession, store: Store, make_group: MakeGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert abs(store.cql.clock_ahead_us()) < 2_000_000
    group = make_group(ttl="20d")
    monkeypatch.setattr(Cql, "clock_ahead_us", lambda self: 10_000_000)
    with pytest.raises(TwinstoreError, match="clock of this machine is 10 s ahead of that of the online store"):
        store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    store.write(readings(spark, [("a", 0, 1.0, 1)]), dataclasses.replace(group, ttl=None))


def test_a_change_feed_of_a_schema_that_was_left_is_a_hole(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    first = store.write(readings(spark, [("a", 0, 1.0, 1), ("b", 0, 1.0, 1)]), group)
    address = f"delta.`{group.offline}`"
    spark.sql(f"ALTER TABLE {address} ADD COLUMNS (extra int)")
    spark.sql(f"DELETE FROM {address} WHERE house = 'b'")
    spark.sql(f"RESTORE TABLE {address} TO VERSION AS OF {first.version}")
    store.retry(group)
    assert online(store, group).keys() == {"a", "b"}
    assert store.parity(group).verdict == "in_parity"


def test_a_stale_writer_does_not_overwrite_a_newer_definition(
    spark: SparkSession, settings: Settings, store: Store, group: FeatureGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    wider = readings(spark, [("b", 1, 2.0, 2)]).withColumn("extra", sf.lit(7))

    def late(*arguments: object) -> object:
        monkeypatch.setattr(write, "prepare", prepare)
        store.write(wider, group, new_features=["extra"])
        return prepare(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(write, "prepare", late)
    with pytest.raises(TwinstoreError, match=r"changed the definition of .* meanwhile"):
        Store(spark, settings, silent).write(
            readings(spark, [("a", 1, 3.0, 3)]), dataclasses.replace(group, ttl="7000d")
        )
    definition = store.definition(group)
    assert (definition.ttl_seconds, definition.features[-1].name) == (None, "extra")
    assert store.parity(group).verdict == "in_parity"
