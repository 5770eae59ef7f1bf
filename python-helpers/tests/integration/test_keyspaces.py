"""Writes and proofs on Amazon Keyspaces, by the project's fake of it: nothing here reaches AWS."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from twinstore.config import Settings
from twinstore.feature_group import FeatureGroup
from twinstore.progress import silent
from twinstore.store import Store

from .keyspaces import FakeKeyspaces, fake_keyspaces
from .readings import agree, online, readings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

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
