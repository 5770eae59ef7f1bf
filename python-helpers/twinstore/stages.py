"""Stages of long Spark work: named, timed, watched, and stopped as one."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Callable, TypeVar

from pyspark import inheritable_thread_target

from .progress import Progress, Throttled

if TYPE_CHECKING:
    from pyspark import StatusTracker
    from pyspark.sql import SparkSession

Result = TypeVar("Result")

_POLL_S = 0.5

# What each stage is called while it runs, for those who do not know the protocol.
_WORDS = {
    "preflight": "checking both stores",
    "lease": "taking the turn to write",
    "append": "adding to history",
    "delete": "deleting from history",
    "keys": "finding the entities that changed",
    "winners": "finding their latest rows",
    "online": "writing online",
    "failed rows": "setting failed rows aside",
    "receipt": "keeping the receipt",
    "anchor": "choosing the version to compare",
    "compare": "comparing both stores",
    "explain": "explaining what differs",
    "keep": "keeping the proof",
}

#: What `setJobGroup` sets, which is the caller's own outside of a stage.
_JOB_GROUP = ("spark.jobGroup.id", "spark.job.description", "spark.job.interruptOnCancel")


class Stages:
    """Runs stages one after the other on one Spark session.

    Every Spark job started in a stage belongs to one job group, so that an interrupt of the stage (Ctrl-C, *Stop*)
    cancels exactly these. `durations_s` holds the seconds of each stage that ended, by name.
    """

    def __init__(self, spark: SparkSession, progress: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._spark = spark
        self._progress = Throttled(progress)
        self._clock = clock
        self.durations_s: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str, rows: int | None = None) -> Iterator[None]:
        """Times what happens inside under `name`, cancels its jobs when it is left by an exception.

        Reports the share of its Spark tasks that is done, as that share of `rows` where it is known how many there are.
        """
        context = self._spark.sparkContext
        group = f"twinstore.{name}.{uuid.uuid4().hex[:8]}"
        previous = {name: context.getLocalProperty(name) for name in _JOB_GROUP}
        context.setJobGroup(group, f"twinstore: {name}", interruptOnCancel=True)
        begun = self._clock()
        self.report(name, 0, None, "")
        ended = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(name, rows, group, ended), daemon=True)
        watcher.start()
        try:
            yield
        except BaseException:
            # What went wrong is to be told, not that the JVM cannot be reached about it.
            with suppress(Exception):
                context.cancelJobGroup(group)
            raise
        finally:
            ended.set()
            watcher.join()
            with suppress(Exception):
                for property_name, value in previous.items():
                    # None takes the property away.
                    context.setLocalProperty(property_name, value)  # type: ignore[arg-type]
            self.durations_s[name] = round(self.durations_s.get(name, 0.0) + self._clock() - begun, 3)

    def report(self, name: str, done: int, total: int | None, unit: str) -> None:
        """Tells of a step of a stage: one counted by the caller, or the share of watched tasks."""
        self._progress(_WORDS.get(name, name), done, total, unit)

    def finished(self) -> None:
        """Ends the line of progress."""
        self._progress("done", 1, 1, "")

    def _watch(self, name: str, rows: int | None, group: str, ended: threading.Event) -> None:
        tracker = self._spark.sparkContext.statusTracker()
        settled: dict[int, tuple[int, int]] = {}
        share = 0
        while not ended.wait(_POLL_S):
            running: list[tuple[int, int]] = []
            for job_id in tracker.getJobIdsForGroup(group):
                if job_id in settled:
                    continue
                counts, runs = _tasks(tracker, job_id)
                if runs:
                    running.append(counts)
                else:
                    settled[job_id] = counts
            done, total = (sum(each) for each in zip((0, 0), *running, *settled.values()))
            # Jobs come one after the other, so that all of them are known only at the end: what was told stays true.
            if total and 100 * done // total > share:
                share = 100 * done // total
                self.report(name, *((share, 100, "%") if rows is None else (share * rows // 100, rows, "rows")))


def begun(work: Callable[[], Result]) -> Callable[[], Result]:
    """Begins work on a thread of its own, whose Spark jobs belong to the stage that this thread is in; gives what to
    call for its result, which raises what the work raised."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(inheritable_thread_target(work))
    pool.shutdown(wait=False)
    return future.result


def _tasks(tracker: StatusTracker, job_id: int) -> tuple[tuple[int, int], bool]:
    """Completed and all tasks of a job, and whether it still runs."""
    job = tracker.getJobInfo(job_id)
    if job is None:
        return (0, 0), False
    stages = [stage for stage in map(tracker.getStageInfo, job.stageIds) if stage is not None]
    counts = sum(stage.numCompletedTasks for stage in stages), sum(stage.numTasks for stage in stages)
    return counts, job.status == "RUNNING"
