"""Writes that are killed, or lose the online store, at every step: run again, and both stores agree."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from twinstore.config import Settings
from twinstore.feature_group import FeatureGroup
from twinstore.store import Store

from ..conftest import QUICK
from .readings import agree, history, readings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PROGRAM = Path(__file__).with_name("writer_process.py")
CLI = Path(__file__).parents[2] / "twinstore" / "_node" / "cli.js"

#: Keys enough that a write online takes longer than it takes to kill it.
KEYS = 20_000


def start(**order: Any) -> subprocess.Popen[str]:
    """Starts the writer as the leader of its own group of processes."""
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), json.dumps({"conf": QUICK, **order})],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(PROGRAM.parents[2])},
    )


@pytest.fixture(scope="module")
def many(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder of rows: two days of many houses, one of which is called `last`."""
    folder = str(tmp_path_factory.mktemp("many"))
    days = spark.range(2 * KEYS).selectExpr(
        f"if(id % {KEYS} = {KEYS - 1}, 'last', concat('h', id % {KEYS})) AS house",
        f"date_add(date'2014-01-01', cast(id / {KEYS} as int)) AS day",
        "cast(id as double) AS mean",
        "cast(id % 7 as int) AS peak",
    )
    days.coalesce(4).write.mode("overwrite").parquet(folder)
    return folder


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kill" in metafunc.fixturenames:
        metafunc.parametrize("kill", range(metafunc.config.getoption("--kills")))


@pytest.mark.parametrize(
    ("step", "appended_before"),
    [
        ("append", False),
        ("inside append", False),
        ("propagate", True),
        ("inside online", True),
        ("receipt", True),
    ],
)
def test_a_write_that_was_killed_is_finished_by_running_it_again(
    spark: SparkSession, store: Store, group: FeatureGroup, many: str, step: str, appended_before: bool, kill: int
) -> None:
    killed = start(group=dataclasses.asdict(group), rows=many, die_at=step)
    _, errors = killed.communicate(timeout=300)
    assert killed.returncode == -signal.SIGKILL, errors[-2_000:]
    assert history(store, group) == (2 * KEYS if appended_before else 0)
    if step == "inside online":
        assert 0 < store.online(group).count() < KEYS

    receipt = store.write(spark.read.parquet(many), group)
    assert history(store, group) == 2 * KEYS
    assert agree(store, group)
    assert receipt.kept
    assert receipt.resumed == ((receipt.run_id,) if appended_before else ())
    assert (receipt.appended, receipt.written) == (2 * KEYS, KEYS)
    again = store.write(spark.read.parquet(many), group)
    assert (again.appended, again.gap.empty) == (0, True)


@pytest.fixture
def stack_name(settings: Settings) -> Iterator[str]:
    """The stack, whose Cassandra may be stopped; it runs again afterwards."""
    yield settings.name
    stack(settings.name, "start")


def stack(name: str, verb: str) -> None:
    subprocess.run(["node", str(CLI), "stack", verb, "cassandra", "--name", name], check=True, capture_output=True)


def cassandra_process(name: str) -> int:
    said = subprocess.run(
        ["node", str(CLI), "stack", "status", "--name", name, "--json"], check=True, capture_output=True, text=True
    ).stdout
    return next(int(part["pid"]) for part in json.loads(said)["parts"] if part["name"] == "cassandra")


@pytest.mark.disrupts
def test_a_write_whose_online_store_dies_ends_soon_with_one_error_and_retry_finishes_it(
    spark: SparkSession, store: Store, group: FeatureGroup, many: str, stack_name: str, tmp_path: Path
) -> None:
    said, go = tmp_path / "said", tmp_path / "go"
    writer = start(group=dataclasses.asdict(group), rows=many, wait_at="online", said=str(said), go=str(go))
    while not said.exists():
        assert writer.poll() is None, writer.communicate()[1][-2_000:]
        time.sleep(0.1)
    os.kill(cassandra_process(stack_name), signal.SIGKILL)
    go.touch()
    died = time.monotonic()
    output, errors = writer.communicate(timeout=120)
    assert time.monotonic() - died < 15 + 5, "the program's own end is part of it"
    assert len(output) + len(errors) < 1_000_000
    assert writer.returncode == 1, errors[-2_000:]
    found = json.loads(output.splitlines()[-1])
    assert found["error"]["code"] == "store_failed"
    assert 0 < found["receipt"]["unconfirmed"] <= KEYS
    assert found["receipt"]["kept"] is False

    stack(stack_name, "start")
    receipt = store.retry(group)
    assert (receipt.gap.from_version, receipt.written, receipt.unconfirmed) == (-1, KEYS, 0)
    assert receipt.resumed == (found["receipt"]["run_id"],)
    assert history(store, group) == 2 * KEYS
    assert agree(store, group)


def test_two_writers_on_local_disk_both_land(
    spark: SparkSession, store: Store, group: FeatureGroup, tmp_path: Path
) -> None:
    store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    folder = str(tmp_path / "in")
    readings(spark, [("a", 2, 2.0, 2), ("b", 2, 2.0, 2)]).write.parquet(folder)
    said, go = tmp_path / "said", tmp_path / "go"
    other = start(group=dataclasses.asdict(group), rows=folder, wait_at="online", said=str(said), go=str(go))
    while not said.exists():
        assert other.poll() is None, other.communicate()[1][-2_000:]
        time.sleep(0.1)
    # The other writer holds the winners of version 2 and is late with them.
    ours = store.write(readings(spark, [("a", 3, 3.0, 3), ("c", 3, 3.0, 3)]), group)
    go.touch()
    output, errors = other.communicate(timeout=120)
    assert other.returncode == 0, errors[-2_000:]
    assert ours.gap.to_version == 3 and len(ours.resumed) == 1
    assert json.loads(output.splitlines()[-1])["gap"] == {"from": 1, "to": 2}
    assert history(store, group) == 5
    assert agree(store, group)
    assert store.retry(group).gap.empty


def test_the_second_writer_to_s3_waits_for_the_lease_then_lands(
    spark: SparkSession, store: Store, group: FeatureGroup, tmp_path: Path
) -> None:
    on_s3 = dataclasses.replace(group, offline=f"s3a://features/{group.name}")
    store.write(readings(spark, [("a", 0, 1.0, 1)]), on_s3)
    folder, progress = str(tmp_path / "in"), tmp_path / "progress"
    readings(spark, [("a", 2, 2.0, 2), ("b", 2, 2.0, 2)]).write.parquet(folder)
    others: list[subprocess.Popen[str]] = []

    def meanwhile(step: str) -> None:
        if step == "online":
            others.append(start(group=dataclasses.asdict(on_s3), rows=folder, progress=str(progress)))
            while not (progress.exists() and "waiting for" in progress.read_text()):
                assert others[0].poll() is None, others[0].communicate()[1][-2_000:]
                time.sleep(0.1)

    slow = Store(spark, store.settings, store.progress, meanwhile)
    first = slow.write(readings(spark, [("a", 1, 3.0, 3), ("c", 1, 3.0, 3)]), on_s3)
    output, errors = others[0].communicate(timeout=180)
    assert others[0].returncode == 0, errors[-2_000:]
    second = json.loads(output.splitlines()[-1])
    assert first.gap.to_version == second["gap"]["from"] == 2
    assert f"who writes {on_s3.offline}" in progress.read_text()
    assert history(store, on_s3) == 5
    assert agree(store, on_s3)
