"""A write in a real kernel: what an interrupt stops, and what works on after it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from twinstore.feature_group import FeatureGroup

#: How long a kernel may be silent, in seconds: a session starts, and the machine may have much else to do.
MESSAGE_S = 300

PREPARE = """
import dataclasses, sys, time
import twinstore as ts
from twinstore.config import load_settings
from pyspark.sql import functions as sf
sys.path.insert(0, {tests!r})
from tests.integration.conftest import small
spark = ts.spark_session(small(load_settings(None)))
store = ts.connect(spark)
group = ts.FeatureGroup({name!r}, keys=["house"], event_timestamp="day",
                        offline="s3a://features/{name}", online={online!r})
def rows(n, wait_ms=0):
    wait = f"java_method('java.lang.Thread', 'sleep', bigint({{wait_ms}}))"
    slow = sf.expr(f"if({{wait}} IS NULL, 1.0D, 2.0D)") if wait_ms else sf.lit(1.0)
    return spark.range(n).selectExpr("concat('h', id) AS house", "date'2014-01-01' AS day").withColumn("mean", slow)
"""


class Kernel:
    """A kernel whose cells are run one by one."""

    def __init__(self) -> None:
        self.manager, self.client = start_new_kernel(env=dict(os.environ))

    def begin(self, code: str) -> str:
        return str(self.client.execute(code))

    def wait_for(self, request: str, words: str) -> None:
        """Until an output of the cell has `words`."""
        deadline = time.monotonic() + MESSAGE_S
        while time.monotonic() < deadline:
            message = self.client.get_iopub_msg(timeout=MESSAGE_S)
            if message["parent_header"].get("msg_id") == request and words in str(message["content"]):
                return
        raise AssertionError(f"no {words!r}")

    def end(self, request: str) -> dict[str, Any]:
        """The reply, however long it takes within `MESSAGE_S`."""
        while True:
            reply = self.client.get_shell_msg(timeout=MESSAGE_S)
            if reply["parent_header"].get("msg_id") == request:
                return dict(reply["content"])

    def run(self, code: str, value: str = "None") -> Any:
        """Runs a cell that must succeed; the `repr` of `value` after it."""
        request = self.client.execute(code, user_expressions={"value": value})
        reply = self.end(request)
        assert reply["status"] == "ok", "\n".join(reply.get("traceback", []))
        return reply["user_expressions"]["value"]["data"]["text/plain"]


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    yield kernel
    kernel.client.stop_channels()
    kernel.manager.shutdown_kernel(now=True)


def test_an_interrupt_stops_spark_gives_the_lease_back_and_leaves_a_session_that_works(
    kernel: Kernel, group: FeatureGroup
) -> None:
    kernel.run(PREPARE.format(tests=str(Path(__file__).parents[2]), name=group.name, online=group.online))
    kernel.run("store.write(rows(3), group)")
    request = kernel.begin("store.write(rows(1_000, wait_ms=200), group)")
    kernel.wait_for(request, "adding to history")
    time.sleep(1)
    kernel.manager.interrupt_kernel()
    begun = time.monotonic()
    reply = kernel.end(request)
    assert (reply["status"], reply["ename"]) == ("error", "KeyboardInterrupt")
    assert time.monotonic() - begun < 15
    # Each answer belongs to its question, nothing runs on, and nobody holds the lease.
    assert kernel.run("found = [spark.range(n).count() for n in range(5)]", "found") == "[0, 1, 2, 3, 4]"
    active = "spark.sparkContext.statusTracker().getActiveJobsIds()"
    assert kernel.run("time.sleep(1)", f"list({active})") == "[]"
    receipt = kernel.run("receipt = store.write(rows(5), group)", "(receipt.written, store.parity(group).verdict)")
    assert receipt == "(2, 'in_parity')"
