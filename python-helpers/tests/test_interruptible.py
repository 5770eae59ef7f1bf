"""Spark work that is stopped: its jobs are cancelled, and nothing hangs or fails instead."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

HELPERS = Path(__file__).parents[1]

# Two jobs, one after the other, of which each would take minutes; the first is cancelled and forgiven by the work.
PROGRAM = """
from pyspark.sql import SparkSession
from twinstore.interruptible import SparkWork

def count(spark):
    print("counting", flush=True)
    return spark.range(10**13).selectExpr("sum(hash(id))").collect()

def work(spark):
    try:
        count(spark)
    except Exception:
        pass
    return count(spark)

def make():
    return SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()

try:
    SparkWork(make, work).run()
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_every_job_that_the_work_begins(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=HELPERS, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "counting\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert out.splitlines()[-1] == "stopped"
    assert "reentrant" not in err
    assert process.returncode == 0


# Work that waits for something else than Spark, as for another writer's lease, and would do so for minutes.
WAITING = """
import time
from twinstore.interruptible import SparkWork

class Session:
    def stop(self):
        print("left in order", flush=True)

def wait(session):
    print("waiting", flush=True)
    while True:
        job.checkpoint("the lease")
        time.sleep(0.1)

job = SparkWork(Session, wait)
try:
    job.run()
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


def test_work_that_waits_sees_the_stop_at_its_next_checkpoint() -> None:
    with subprocess.Popen([sys.executable, "-c", WAITING], cwd=HELPERS, text=True, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=10)
    assert out == "left in order\nstopped\n"


def test_what_the_work_raises_or_returns_reaches_the_caller() -> None:
    from twinstore.interruptible import SparkWork

    class Session:
        stops = 0

        def stop(self) -> None:
            self.stops += 1

    session = Session()
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    try:
        assert SparkWork(lambda: session, lambda _: 5).run() == 5  # type: ignore[arg-type, return-value]
        with pytest.raises(ZeroDivisionError):
            SparkWork(lambda: session, lambda _: 1 // 0).run()  # type: ignore[arg-type, return-value]
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])
    assert session.stops == 2
