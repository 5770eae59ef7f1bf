"""Writes and proofs on Amazon Keyspaces, by the project's fake of it: nothing here reaches AWS."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as sf

from twinstore.config import Settings
from twinstore.dialect import quote_text
from twinstore.errors import TwinstoreError
from twinstore.feature_group import FeatureGroup
from twinstore.keyspaces import table_problems
from twinstore.problem import Problem
from twinstore.progress import silent
from twinstore.store import Store
from twinstore.twins import Twins

from .keyspaces import FakeKeyspaces, fake_keyspaces
from .readings import agree, online, readings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

MakeStore = Callable[..., Store]


@pytest.fixture(scope="module")
def keyspaces() -> Iterator[FakeKeyspaces]:
    with fake_keyspaces(nodes=3) as fake:
        yield fake


@pytest.fixture(scope="module")
def settings_of(settings: Settings) -> Callable[..., dict[str, Any]]:
    """Settings for a fake; `online` adds to its store, `budgets` to the budgets."""

    def make(fake: FakeKeyspaces, budgets: dict[str, Any] | None = None, **online: Any) -> dict[str, Any]:
        store = {"dialect": "keyspaces", "hosts": fake.hosts[:1], "datacenter": fake.region, **online}
        return {"name": "fake", "stores": {"offline": {}, "online": store}, "budgets": budgets or {}}

    return make


@pytest.fixture(scope="module")
def store(spark: SparkSession, keyspaces: FakeKeyspaces, settings_of: Callable[..., dict[str, Any]]) -> Store:
    # A session of its own: the configurations of the stack's store stay as they are.
    return Store(spark.newSession(), settings_of(keyspaces), silent)


@pytest.fixture
def make_group(tmp_path: Path) -> Callable[..., FeatureGroup]:
    def make(**options: Any) -> FeatureGroup:
        name = f"t{uuid.uuid4().hex[:12]}"
        declared: dict[str, Any] = {
            "name": name,
            "keys": ["house"],
            "event_timestamp": "day",
            "offline": str(tmp_path / name),
            "online": f"features.{name}",
        }
        return FeatureGroup(**{**declared, **options})

    return make


@pytest.fixture
def group(make_group: Callable[..., FeatureGroup]) -> FeatureGroup:
    return make_group()


def test_a_group_is_written_and_proved(store: Store, group: FeatureGroup) -> None:
    rows = [("a", 0, 1.0, 1), ("a", 1, 2.0, None), ("b", 0, None, 3)]
    receipt = store.write(readings(store.spark, rows), group)
    assert online(store, group) == {"a": (1, 2.0, None), "b": (0, None, 3)}
    assert (receipt.written, receipt.kept) == (2, True)
    assert store.online(group, ["a"]).count() == 1
    assert store.online(group).count() == 2
    assert store.parity(group).verdict == "in_parity"
    assert agree(store, group)


def aged(spark: SparkSession, group: FeatureGroup, days: int) -> None:
    """Makes every commit of the group's table as many days older."""
    log = Path(group.offline) / "_delta_log"
    for commit in log.glob("*.json"):
        actions = [json.loads(line) for line in commit.read_text().splitlines()]
        for action in actions:
            if "commitInfo" in action:
                action["commitInfo"]["inCommitTimestamp"] -= days * 86_400_000
        commit.write_text("".join(f"{json.dumps(action)}\n" for action in actions))
    for checksum in {*log.glob("*.crc"), *log.glob(".*.crc")}:
        checksum.unlink()
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]


def test_commits_older_than_a_write_timestamp_may_be_get_a_fresh_stamp(store: Store, group: FeatureGroup) -> None:
    def stop(step: str) -> None:
        if step == "propagate":
            raise TwinstoreError("aborted", "The writer was stopped.", "")

    broken = Store(store.spark, store.settings, silent, stop)
    with pytest.raises(TwinstoreError, match="was stopped"):
        broken.write(readings(store.spark, [("a", 0, 1.0, 1), ("b", 0, 2.0, 2)]), group)
    aged(store.spark, group, days=3)
    head, _ = store.versions(group)
    receipt = store.retry(group)
    assert (receipt.gap.to_version, receipt.written) == (head + 1, 2)
    assert online(store, group) == {"a": (0, 1.0, 1), "b": (0, 2.0, 2)}
    assert store.parity(group).verdict == "in_parity"
    assert "online already" in store.retry(group).notes[-1]
    assert store.versions(group) == (head + 1, head + 1)


def wide(spark: SparkSession, features: int) -> DataFrame:
    """One reading of that many features."""
    return readings(spark, [("a", 0, 1.0, 1)]).select(
        "house", "day", *(sf.lit(float(n)).alias(f"f{n}") for n in range(features))
    )


@pytest.mark.parametrize(("ttl", "most"), [(None, 223), ("7000d", 164)])
def test_as_many_features_as_a_statement_takes_are_written_and_one_more_is_refused(
    store: Store, make_group: Callable[..., FeatureGroup], ttl: str | None, most: int
) -> None:
    fits, too_wide = make_group(ttl=ttl), make_group(ttl=ttl)
    assert store.write(wide(store.spark, most), fits).written == 1
    with pytest.raises(TwinstoreError, match=f"{most + 3} columns beside its key") as raised:
        store.write(wide(store.spark, most + 1), too_wide)
    assert f"at most {most}" in raised.value.remedy
    assert not Path(too_wide.offline).exists()


def test_everything_that_keyspaces_refuses_is_named_at_once(
    store: Store, group: FeatureGroup, settings_of: Callable[..., dict[str, Any]]
) -> None:
    with fake_keyspaces(rules={"partitioner": "com.amazonaws.cassandra.DefaultPartitioner"}) as fake:
        # Keyspaces of another name than the group's.
        elsewhere = dataclasses.replace(group, online="nowhere.readings")
        strict = Store(store.spark.newSession(), settings_of(fake, consistency="QUORUM"), silent)
        # At another level nothing can be asked, so that what needs an answer is told by a store that asks right.
        with pytest.raises(TwinstoreError, match="does not read at QUORUM"):
            strict.write(wide(store.spark, 2), elsewhere)
        with pytest.raises(TwinstoreError) as raised:
            Store(store.spark.newSession(), settings_of(fake), silent).write(wide(store.spark, 224), elsewhere)
    for part in ("226 columns", "no keyspace nowhere", "DefaultPartitioner", "SingleRegionStrategy"):
        assert part in str(raised.value)
    assert not Path(group.offline).exists()


def test_properties_that_a_table_lacks_are_named_with_what_enables_them(store: Store, group: FeatureGroup) -> None:
    rows = readings(store.spark, [("a", 0, 1.0, 1)])
    store.write(rows, group)
    # A time to live that comes later.
    expiring = dataclasses.replace(group, ttl="7000d")
    with pytest.raises(TwinstoreError, match="has ttl off") as raised:
        store.write(rows, expiring)
    assert store.cql.table("features", group.name)["custom_properties"].get("ttl") is None
    store.cql.define_table("features", group.name, raised.value.remedy.partition(". It cannot")[0])
    assert store.write(readings(store.spark, [("a", 1, 2.0, 2)]), expiring).written == 1
    assert store.parity(group).verdict == "in_parity"


def test_client_side_timestamps_that_a_table_lacks_are_named(store: Store, group: FeatureGroup) -> None:
    store.write(readings(store.spark, [("a", 0, 1.0, 1)]), group)
    # The same group with an online table that others made: its comment says whose it is.
    other = f"t{uuid.uuid4().hex[:12]}"
    comment = store.cql.table("features", group.name)["comment"]
    columns = 'house text PRIMARY KEY, day date, mean double, peak int, "_commit_version" bigint'
    store.cql.define_table(
        "features", other, f"CREATE TABLE features.{other} ({columns}) WITH comment = {quote_text(comment)}"
    )
    twins = store.twins(dataclasses.replace(store.definition(group), online=f"features.{other}"))
    (problem,) = problems_of(twins)
    assert "has client_side_timestamps off" in problem.message
    store.cql.define_table("features", other, problem.remedy.partition(". It cannot")[0])
    assert problems_of(twins) == []


def problems_of(twins: Twins) -> list[Problem]:
    shape = twins.online.shape()
    assert shape is not None
    return list(table_problems(twins, shape))
