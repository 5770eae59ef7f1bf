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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import Window
from pyspark.sql import functions as sf

import twinstore as ts
from twinstore.config import load_settings
from twinstore.progress import silent

from . import data, peers
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
    peers: Mapping[str, peers.Peer]

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
    lines += _feast(bench, daily.median("twinstore"))
    late = _increments(bench, group, raw, "late data", lambda n: _corrected(data.increment(bench.spark, -30 - n)))
    lines.append(Line("late data", late.median("twinstore"), "raw appends", late.median("raw appends"), 4))
    return lines


def _feast(bench: Bench, ours_s: float) -> list[Line]:
    """The same increments by Feast, online alone: each from a file that holds nothing else."""
    peer = bench.peers["feast"]
    if peer.missing:
        return []
    files = [_one_file(bench, data.increment(bench.spark, n)) for n in range(1 + bench.rounds)]
    online = bench.store.settings.online
    columns = bench.spark.read.parquet(files[0]).columns
    order = {
        "folder": tempfile.mkdtemp(dir=bench.folder),
        "project": f"bench_{uuid.uuid4().hex[:12]}",
        "rows": files[0],
        "hosts": list(online.hosts),
        "datacenter": online.datacenter,
        "login": online.credentials.file and str(online.credentials.file),
        "key": data.KEY,
        "time": data.EVENT_TIME,
        "features": [name for name in columns if name not in (data.KEY, data.EVENT_TIME)],
        "start": "2012-01-01",
        "end": "2030-01-01",
    }
    with peers.running_feast(peer, order) as feast:
        contest = Contest("increment", {"Feast": lambda n: feast.materialize(files[n])})
        contest.run(range(1 + bench.rounds), 1)
    return [Line("daily increment", ours_s, "Feast's materialization, online alone", contest.median("Feast"))]


def _one_file(bench: Bench, rows: DataFrame) -> str:
    """The rows as one Parquet file, with the types that Feast takes."""
    values = [
        sf.col(name) if name == data.KEY else sf.col(name).cast("timestamp" if name == data.EVENT_TIME else "double")
        for name in rows.columns
    ]
    path = bench.folder / f"feast_{uuid.uuid4().hex[:12]}"
    named = [value.alias(name) for name, value in zip(rows.columns, values)]
    rows.select(*named).coalesce(1).write.parquet(str(path))
    return str(next(path.glob("*.parquet")))


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
    ways: dict[str, Callable[[int], object]] = {
        "increment": lambda n: bench.store.write(batches[n], group),
        "changed": lambda n: reports.append(bench.store.parity(group, how="changed")),
        "full": lambda n: reports.append(bench.store.parity(group, how="full")),
        "plain diff": lambda n: _plain_diff(bench, group),
    }
    if not bench.peers["spark_extension"].missing:
        ways["spark-extension"] = lambda n: _extension_diff(bench, group)
    contest = Contest(
        "proof",
        ways,
        # A proof of what changed is one only after something has.
        turns=False,
    )
    contest.run(range(_WARM_UP + bench.rounds), _WARM_UP)
    wrong = [report.verdict for report in reports if report.verdict != "in_parity"]
    if wrong:
        sys.exit(f"A proof of the benchmark found {wrong[0]}: the figures say nothing.")
    lines = [
        Line("changed parity", contest.median("changed"), "the increment", contest.median("increment"), 1),
        Line("full parity", contest.median("full"), "plain Spark diff", contest.median("plain diff")),
    ]
    if "spark-extension" in ways:
        other_s = contest.median("spark-extension")
        lines.append(Line("full parity", contest.median("full"), "spark-extension's diff", other_s, 0.6))
    return lines


def _plain_diff(bench: Bench, group: ts.FeatureGroup) -> None:
    """What either side has that the other has not."""
    latest, online = _both(bench, group)
    differing = latest.exceptAll(online).count() + online.exceptAll(latest).count()
    if differing:
        sys.exit(f"The plain diff found {differing} rows: the figures say nothing.")


def _extension_diff(bench: Bench, group: ts.FeatureGroup) -> None:
    """The rows of one side and of the other by their key, how many of each kind."""
    from gresearch.spark.diff import diff

    latest, online = _both(bench, group)
    kinds = {row["diff"]: row["count"] for row in diff(latest, online, data.KEY).groupBy("diff").count().collect()}
    if set(kinds) != {"N"}:
        sys.exit(f"spark-extension's diff found {kinds}: the figures say nothing.")


def _both(bench: Bench, group: ts.FeatureGroup) -> tuple[DataFrame, DataFrame]:
    """The latest row of each key by `row_number`, and the online rows."""
    history = bench.spark.read.format("delta").load(group.offline)
    order = Window.partitionBy(data.KEY).orderBy(sf.col(data.EVENT_TIME).desc(), sf.col("_created_us").desc())
    ranked = history.withColumn("_n", sf.row_number().over(order)).where("_n = 1")
    columns = [name for name in history.columns if not name.startswith("_")]
    table_name = group.online.split(".")[1]
    reader = bench.spark.read.format(_CASSANDRA).option("keyspace", "feature_store").option("table", table_name)
    return ranked.select(*columns), reader.load().select(*columns)


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
    beside = {"feast": peers.feast(), "spark_extension": peers.spark_extension()}
    extension = beside["spark_extension"].folder
    if settings.spark.jars is not None:
        path = [settings.spark.jars / "*", *extension.glob("pyspark/jars/*.jar")]
        conf["spark.driver.extraClassPath"] = os.pathsep.join(map(str, path))
    # Last, for its folder has one of pyspark's name.
    sys.path.append(str(extension))
    settings = replace(settings, spark=replace(settings.spark, conf=conf))
    spark = ts.spark_session(settings, app_name="twinstore benchmark")
    folder = Path(tempfile.mkdtemp(prefix="twinstore-bench-"))
    try:
        bench = Bench(spark, ts.Store(spark, settings, silent), folder, options.rounds, options.days, beside)
        lines = [line for name in options.benches or _BENCHES for line in _BENCHES[name](bench)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = f"{os.cpu_count()} cores, {memory_gib:.0f} GiB, {platform.system()}"
    print(f"\n{datetime.now(timezone.utc):%Y-%m-%d}, {machine}, load {os.getloadavg()[0]:.1f} at the end,")
    print(f"Spark {spark.version}, {options.days * data.HOUSEHOLDS:,} rows, median of {options.rounds}\n")
    print(table(lines))
    for name, peer in beside.items():
        if peer.missing:
            print(f"\n{name}: not measured because it could not be installed: {peer.missing}")
    spark.stop()


if __name__ == "__main__":
    main()
