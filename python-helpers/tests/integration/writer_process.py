"""A program that writes one group and dies at a step: what the fault tests run beside themselves.

Its argument is JSON: {group, rows, conf, die_at, wait_at, said, go, progress}. `die_at` is the step at which the
process and its JVM are killed, or `inside append`, `inside online`. `wait_at` is the one at which it makes the file
`said` and waits for the file `go`. The names of its stages go to the file `progress`, its receipt or error to stdout.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyspark.sql import functions as sf

from twinstore import FeatureGroup, Store, WriteUnconfirmed, spark_session
from twinstore.config import load_settings

_LEADER = "TWINSTORE_TEST_LEADER"


def die() -> None:
    """Kills the program with its JVM: all processes of its group, even when a worker of another group calls it."""
    os.killpg(int(os.environ[_LEADER]), signal.SIGKILL)


def main(order: dict[str, Any]) -> int:
    os.environ[_LEADER] = str(os.getpgid(0))
    settings = load_settings()
    conf = {**settings.spark.conf, **order["conf"]}
    spark = spark_session(replace(settings, spark=replace(settings.spark, conf=conf, driver_memory="1g")))
    group = FeatureGroup(**order["group"])
    rows = spark.read.parquet(order["rows"])
    if order.get("die_at") == "inside append":
        # From inside a task, when a part of the files is written.
        rows = rows.withColumn("house", sf.udf(die_at_last, "string")("house"))

    def checkpoint(step: str) -> None:
        if step == order.get("die_at"):
            die()
        if step == "online" and order.get("die_at") == "inside online":
            threading.Thread(target=die_when_begun, args=(store, group), daemon=True).start()
        if step == order.get("wait_at"):
            Path(order["said"]).touch()
            while not Path(order["go"]).exists():
                time.sleep(0.05)

    def progress(stage: str, done: int, total: int | None, unit: str) -> None:
        if "progress" in order:
            with Path(order["progress"]).open("a") as file:
                file.write(stage + "\n")

    store = Store(spark, progress=progress, checkpoint=checkpoint)
    begun = time.monotonic()
    try:
        receipt = store.write(rows, group)
    except WriteUnconfirmed as error:
        said = {"error": error.to_body(), "receipt": error.receipt.to_dict(), "seconds": time.monotonic() - begun}
        print(json.dumps(said))
        return 1
    print(json.dumps(receipt.to_dict()))
    return 0


def die_at_last(house: str) -> str:
    """`house`; the death of the program at the one called `last`."""
    if house == "last":
        die()
        time.sleep(60)
    return house


def die_when_begun(store: Store, group: FeatureGroup) -> None:
    """Dies as soon as a row is online."""
    while not store.cql.rows(f"SELECT JSON house FROM {group.online} LIMIT 1"):
        pass
    die()


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
