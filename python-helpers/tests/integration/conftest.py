"""What the integration tests share: one Spark session on the stack that `TWINSTORE_CONFIG` names, and small groups."""

from __future__ import annotations

import dataclasses
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from twinstore.config import Settings, load_settings
from twinstore.feature_group import FeatureGroup
from twinstore.progress import silent
from twinstore.session import spark_session
from twinstore.store import Store

from ..conftest import QUICK
from .reader import configured

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MakeGroup = Callable[..., FeatureGroup]


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The settings of the running stack. A run without a stack fails: these tests have nothing else to say."""
    named = os.environ.get("TWINSTORE_CONFIG")
    if not named or not Path(named).is_file():
        pytest.fail(
            "These tests need a running stack: `twinstore stack up --name test`, then set TWINSTORE_CONFIG to the "
            "path that it prints.",
            pytrace=False,
        )
    return load_settings(named)


def small(settings: Settings) -> Settings:
    """The settings for a session on which little data is written many times: for minutes, so that its JVM does better
    to compile well than fast; and to hundreds of tables, each of which Delta keeps in its cache for an hour with a
    megabyte of plans, so that a small heap would soon be full of them."""
    java = "-XX:+UseSerialGC -Ddelta.log.cacheSize=50"
    conf = {**settings.spark.conf, **QUICK, "spark.driver.extraJavaOptions": java}
    return dataclasses.replace(settings, spark=dataclasses.replace(settings.spark, conf=conf, driver_memory="2g"))


@pytest.fixture(scope="session")
def spark(settings: Settings) -> Iterator[SparkSession]:
    """One session for all: the JVM's start and warming are most of the time that these tests take."""
    session = spark_session(small(settings), "twinstore integration tests")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def store(spark: SparkSession, settings: Settings) -> Store:
    return Store(spark, settings, silent)


@pytest.fixture
def make_group(tmp_path: Path) -> MakeGroup:
    """Makes groups of readings by house and day on the local disk, each with an online table of its own, which stays:
    the stack is deleted after the tests, and dropping a table takes a second."""

    def make(**options: Any) -> FeatureGroup:
        name = f"t{uuid.uuid4().hex[:12]}"
        declared: dict[str, Any] = {
            "name": name,
            "keys": ["house"],
            "event_timestamp": "day",
            "offline": str(tmp_path / name),
            "online": f"feature_store.{name}",
        }
        return FeatureGroup(**{**declared, **options})

    return make


@pytest.fixture
def group(make_group: MakeGroup) -> FeatureGroup:
    return make_group()


@pytest.fixture
def field_ids(spark: SparkSession) -> Iterator[None]:
    """Lets Spark itself read tables that find their columns by id."""
    with configured(spark, spark__sql__parquet__fieldId__read__enabled="true"):
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--histories", type=int, default=60, help="how many random histories to run")
    parser.addoption("--events", type=int, default=0, help="further events in each history")
    parser.addoption("--kills", type=int, default=1, help="how often to kill a write at each of five places")
    parser.addoption("--first-history", type=int, default=0, help="seed of the first")
    parser.addoption("--tables", type=int, default=20, help="how many random Delta tables to write and read")
    parser.addoption("--first-table", type=int, default=0, help="seed of the first")
