"""Stages on a real session: timed, reported, and cancelled as one."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from twinstore.progress import silent
from twinstore.stages import Stages

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_stages_are_timed_by_name(spark: SparkSession) -> None:
    now = iter(range(100))
    stages = Stages(spark, silent, clock=lambda: float(next(now)))
    for name in ("keys", "write", "keys"):
        with stages.stage(name):
            pass
    assert stages.durations_s == {"keys": 2.0, "write": 1.0}


def test_each_stage_is_told_and_the_end_too(spark: SparkSession) -> None:
    steps: list[tuple[str, int]] = []
    stages = Stages(spark, lambda stage, done, total, unit: steps.append((stage, done)))
    with stages.stage("keys"):
        stages.report("keys", 7, 7, "rows")
    stages.finished()
    words = "finding the entities that changed"
    assert steps == [(words, 0), (words, 7), ("done", 1)]


def slow_job(spark: SparkSession, seconds: int) -> None:
    spark.sparkContext.parallelize(range(2), 2).foreach(lambda _: time.sleep(seconds))


def test_the_share_of_a_stages_tasks_that_is_done_never_falls(spark: SparkSession) -> None:
    steps: list[tuple[int, int | None, str]] = []
    with Stages(spark, lambda stage, done, total, unit: steps.append((done, total, unit))).stage("write"):
        slow_job(spark, 1)
        # Two of two tasks become two of four.
        slow_job(spark, 1)
        slow_job(spark, 1)
    shares = [done for done, total, unit in steps if (total, unit) == (100, "%")]
    assert shares == sorted(set(shares)) != []


def test_a_stage_whose_rows_are_known_tells_how_many_are_done(spark: SparkSession) -> None:
    steps: list[tuple[int, int | None, str]] = []
    with Stages(spark, lambda stage, done, total, unit: steps.append((done, total, unit))).stage("write", 3_000):
        spark.sparkContext.parallelize(range(2), 2).foreach(lambda part: time.sleep(1 + 2 * part))
    assert (1_500, 3_000, "rows") in steps


def test_an_interrupted_stage_takes_its_jobs_along(spark: SparkSession) -> None:
    tracker = spark.sparkContext.statusTracker()

    class Stop(BaseException):
        pass

    def run() -> None:
        with Stages(spark, silent).stage("write"):
            group = spark.sparkContext.getLocalProperty("spark.jobGroup.id")
            assert group is not None
            groups.append(group)
            start_without_waiting(spark, group)
            raise Stop

    groups: list[str] = []
    with pytest.raises(Stop):
        run()
    deadline = time.monotonic() + 20
    while tracker.getActiveJobsIds() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not tracker.getActiveJobsIds()
    assert any(
        (info := tracker.getJobInfo(job)) is not None and info.status == "FAILED"
        for job in tracker.getJobIdsForGroup(groups[0])
    )


def start_without_waiting(spark: SparkSession, group: str) -> None:
    """A job of the group that would run for a minute, begun."""

    def work() -> None:
        spark.sparkContext.setJobGroup(group, "slow", interruptOnCancel=True)
        with pytest.raises(Exception, match="cancelled"):
            slow_job(spark, 60)

    threading.Thread(target=work, daemon=True).start()
    deadline = time.monotonic() + 20
    while not spark.sparkContext.statusTracker().getActiveJobsIds() and time.monotonic() < deadline:
        time.sleep(0.1)


def test_the_callers_own_job_group_comes_back(spark: SparkSession) -> None:
    names = ("spark.jobGroup.id", "spark.job.description", "spark.job.interruptOnCancel")
    context = spark.sparkContext
    with Stages(spark, silent).stage("keys"):
        assert str(context.getLocalProperty("spark.job.description")) == "twinstore: keys"
    assert [context.getLocalProperty(name) for name in names] == [None] * 3
    context.setJobGroup("mine", "my job")
    try:
        with Stages(spark, silent).stage("keys"):
            assert context.getLocalProperty("spark.jobGroup.id") != "mine"
        assert [context.getLocalProperty(name) for name in names] == ["mine", "my job", "false"]
    finally:
        for name in names:
            context.setLocalProperty(name, None)  # type: ignore[arg-type]


def test_what_went_wrong_in_a_stage_is_told_though_its_jobs_cannot_be_cancelled(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(_group: str) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(spark.sparkContext, "cancelJobGroup", unreachable)
    with pytest.raises(ZeroDivisionError), Stages(spark, silent).stage("keys"):
        _ = 1 // 0
