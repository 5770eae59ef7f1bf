"""What Python tests share: one Spark session on this machine, with the jars that the local stack fetches."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: For a handful of rows: few tasks, plans that run as they are (compiling one takes longer than running it), and a JVM
#: that compiles fast rather than well.
QUICK = {
    "spark.default.parallelism": "1",
    "spark.sql.shuffle.partitions": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


def spark_jars() -> Path:
    """The folder into which the local stack fetches Spark's jars."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "twinstore" / "jars" / "spark"


@pytest.fixture(scope="session")
def local_settings() -> dict[str, Any]:
    """Settings whose stores are this machine's files and an online store that nothing listens for."""
    return {
        "name": "unit",
        "stores": {"offline": {}, "online": {"hosts": ["127.0.0.1:1"], "datacenter": "datacenter1"}},
        "spark": {
            "jars": str(spark_jars()),
            "driver_memory": "1g",
            "conf": QUICK,
        },
    }


@pytest.fixture(scope="session")
def spark(local_settings: dict[str, Any]) -> Iterator[SparkSession]:
    """A session with Delta and the connector; made once, since a JVM takes seconds to start."""
    from twinstore.session import spark_session

    session = spark_session(local_settings, "twinstore tests")
    yield session
    session.stop()
