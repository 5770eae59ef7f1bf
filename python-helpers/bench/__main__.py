"""`npm run bench -- write parity`: the library beside what people do without it, on the stack of `TWINSTORE_CONFIG`.

Offline tables lie in a folder of the local disk, so that no other process of the machine serves them.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import Window
from pyspark.sql import functions as sf

import twinstore as ts
from twinstore.config import load_settings
from twinstore.progress import silent

from . import data
from .figures import Contest, Line, table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_CASSANDRA = "org.apache.spark.sql.cassandra"
#: Increments that are made before any counts.
_WARM_UP = 8


@dataclass(frozen=True)
class Bench:
    """The session, and where tables may lie."""

    spark: SparkSession
    store: ts.Store
    folder: Path
    rounds: int
    days: int

    def group(self, rows: DataFrame) -> ts.FeatureGroup:
        """A new one of these columns, whose tables are empty."""
        name = f"bench_{uuid.uuid4().hex[:12]}"
        group = ts.FeatureGroup(
            name,
            keys=[data.KEY],
            event_timestamp=data.EVENT_TIME,
            offline=str(self.folder / name),
            online=f"feature_store.{name}",
        )
        self.store.write(rows.limit(0), group)
        return group

    def raw(self, rows: DataFrame) -> Raw:
        """A folder, and an online table that the library made and leaves alone from now on."""
        group = self.group(rows)
        return Raw(self.folder / f"raw_{group.name}", group.online.split(".")[1])


@dataclass(frozen=True)
class Raw:
    """What one does without the library: an append to a Delta table, and one of the connector to a CQL table."""

    folder: Path
    table: str

    def write(self, rows: DataFrame, winners: DataFrame, mode: str = "append") -> None:
        rows.write.format("delta").mode(mode).save(str(self.folder))
        writer = winners.write.format(_CASSANDRA).mode("append")
        writer.option("keyspace", "feature_store").option("table", self.table).save()

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def write(bench: Bench) -> list[Line]:
    """The first load, the daily increment and late data, beside raw appends of the same rows and winners; the first
    load beside the way of the public kit too, which overwrites history and appends all of it online."""
    first = _kept(bench, data.history(bench.spark, bench.days))
    winners = first.where(sf.col(data.EVENT_TIME) >= first.agg(sf.max(data.EVENT_TIME)).collect()[0][0]).cache()
    print(f"first load: {first.count():,} rows, {winners.count():,} winners, {len(first.columns)} columns")
    # Tables are there before: making them is no part of a load.
    groups = [bench.group(first) for _ in range(bench.rounds)]
    raws = [bench.raw(first) for _ in range(bench.rounds + 1)]
    loads = Contest(
        "first load",
        {
            "twinstore": lambda n: bench.store.write(first, groups[n]),
            "raw appends": lambda n: raws[n].write(first, winners),
        },
    )
    loads.run(range(bench.rounds))
    kit = Contest("first load", {"the kit's way": lambda _: raws[-1].write(first, first, "overwrite")})
    kit.run(range(1))
    load_s = loads.median("twinstore")
    lines = [
        Line("first load", load_s, "raw appends", loads.median("raw appends"), 1.2),
        Line("first load", load_s, "overwrite and append of all rows", kit.median("the kit's way")),
    ]
    group, raw = bench.group(first), bench.raw(first)
    bench.store.write(first, group)
    raw.write(first, winners)
    daily = _increments(bench, group, raw, "increment", lambda n: data.increment(bench.spark, n))
    lines.append(Line("daily increment", daily.median("twinstore"), "raw appends", daily.median("raw appends"), 2.5))
    # Corrections of days that are long past: history alone changes.
    late = _increments(bench, group, raw, "late data", lambda n: _corrected(data.increment(bench.spark, -30 - n)))
    lines.append(Line("late data", late.median("twinstore"), "raw appends", late.median("raw appends"), 4))
    return lines


def _corrected(rows: DataFrame) -> DataFrame:
    return rows.withColumn("energy_max", -sf.col("energy_max") - 1)


def _increments(bench: Bench, group: ts.FeatureGroup, raw: Raw, title: str, rows_of: Any) -> Contest:
    batches = {n: _kept(bench, rows_of(n)) for n in range(_WARM_UP + bench.rounds)}
    contest = Contest(
        title,
        {
            "twinstore": lambda n: bench.store.write(batches[n], group),
            "raw appends": lambda n: raw.write(batches[n], batches[n]),
        },
    )
    contest.run(range(_WARM_UP + bench.rounds), _WARM_UP)
    return contest


def parity(bench: Bench) -> list[Line]:
    """Proofs after a daily increment: of what changed beside the increment, of every row beside a plain Spark diff."""
    first = _kept(bench, data.history(bench.spark, bench.days))
    group = bench.group(first)
    bench.store.write(first, group)
    bench.store.parity(group, how="full")
    batches = {n: _kept(bench, data.increment(bench.spark, n)) for n in range(_WARM_UP + bench.rounds)}
    reports: list[Any] = []
    contest = Contest(
        "proof",
        {
            "increment": lambda n: bench.store.write(batches[n], group),
            "changed": lambda n: reports.append(bench.store.parity(group, how="changed")),
            "full": lambda n: reports.append(bench.store.parity(group, how="full")),
            "plain diff": lambda n: _plain_diff(bench, group),
        },
        # A proof of what changed is one only after something has.
        turns=False,
    )
    contest.run(range(_WARM_UP + bench.rounds), _WARM_UP)
    wrong = [report.verdict for report in reports if report.verdict != "in_parity"]
    if wrong:
        sys.exit(f"A proof of the benchmark found {wrong[0]}: the figures say nothing.")
    return [
        Line("changed parity", contest.median("changed"), "the increment", contest.median("increment"), 1),
        Line("full parity", contest.median("full"), "plain Spark diff", contest.median("plain diff"), 0.6),
    ]


def _plain_diff(bench: Bench, group: ts.FeatureGroup) -> None:
    """The latest row of each key by `row_number`, and what either side has that the other has not."""
    history = bench.spark.read.format("delta").load(group.offline)
    order = Window.partitionBy(data.KEY).orderBy(sf.col(data.EVENT_TIME).desc(), sf.col("_created_us").desc())
    ranked = history.withColumn("_n", sf.row_number().over(order)).where("_n = 1")
    columns = [name for name in history.columns if not name.startswith("_")]
    table_name = group.online.split(".")[1]
    reader = bench.spark.read.format(_CASSANDRA).option("keyspace", "feature_store").option("table", table_name)
    online, latest = reader.load().select(*columns), ranked.select(*columns)
    differing = latest.exceptAll(online).count() + online.exceptAll(latest).count()
    if differing:
        sys.exit(f"The plain diff found {differing} rows: the figures say nothing.")


def _kept(bench: Bench, rows: DataFrame) -> DataFrame:
    """The rows as files, as a notebook would read them: no way is to pay for making them."""
    path = str(bench.folder / f"input_{uuid.uuid4().hex[:12]}")
    rows.write.parquet(path)
    return bench.spark.read.parquet(path)


_BENCHES = {"write": write, "parity": parity}


def main() -> None:
    """Runs the benchmarks that are named, all by default, and prints their tables."""
    parser = argparse.ArgumentParser(prog="npm run bench --", description=__doc__)
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=f"which: {', '.join(_BENCHES)}")
    parser.add_argument("--rounds", type=int, default=5, help="how often each way is timed; the median counts")
    parser.add_argument("--days", type=int, default=data.DAYS, help="days of the first load, at least 60")
    options = parser.parse_args()
    unknown = set(options.benches) - set(_BENCHES)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))} is not one of {', '.join(_BENCHES)}")
    settings = load_settings(None)
    # The stack's sessions are made to start fast; this one is to run fast.
    conf = {name: value for name, value in settings.spark.conf.items() if name != "spark.driver.extraJavaOptions"}
    settings = replace(settings, spark=replace(settings.spark, conf=conf))
    spark = ts.spark_session(settings, app_name="twinstore benchmark")
    folder = Path(tempfile.mkdtemp(prefix="twinstore-bench-"))
    try:
        bench = Bench(spark, ts.Store(spark, settings, silent), folder, options.rounds, options.days)
        lines = [line for name in options.benches or _BENCHES for line in _BENCHES[name](bench)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = f"{os.cpu_count()} cores, {memory_gib:.0f} GiB, {platform.system()}"
    print(f"\n{datetime.now(timezone.utc):%Y-%m-%d}, {machine}, load {os.getloadavg()[0]:.1f} at the end,")
    print(f"Spark {spark.version}, {options.days * data.HOUSEHOLDS:,} rows, median of {options.rounds}\n")
    print(table(lines))
    spark.stop()


if __name__ == "__main__":
    main()
