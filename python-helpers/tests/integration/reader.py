"""Rows of a Delta table as the companion's reader gives them, beside Spark's own."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PROJECT = Path(__file__).parents[3]
CLI = PROJECT / "python-helpers" / "twinstore" / "_node" / "cli.js"


def companion(*arguments: str) -> bytes:
    """What `twinstore delta …` writes."""
    node = shutil.which("node")
    assert node is not None
    ran = subprocess.run([node, str(CLI), "delta", *arguments], capture_output=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout


def companion_rows(table: Path | str, version: int) -> pa.Table:
    stream = companion("rows", str(table), "--version", str(version), "--format", "arrow")
    return pa.ipc.open_stream(stream).read_all()


def spark_rows(spark: SparkSession, table: Path | str, version: int) -> pa.Table:
    frame = spark.read.format("delta").option("versionAsOf", version).load(str(table))
    batches = frame._collect_as_arrow()
    return pa.Table.from_batches(batches) if batches else None


def plain(value: Any) -> Any:
    """A value that is equal to another one only if it has the same bits."""
    if isinstance(value, float):
        return ("float", struct.pack(">d", value))
    if isinstance(value, dict):
        return tuple((name, plain(each)) for name, each in value.items())
    return tuple(map(plain, value)) if isinstance(value, (list, tuple)) else (type(value).__name__, value)


def multiset(table: pa.Table | None) -> Counter[Any]:
    return Counter() if table is None else Counter(plain(list(row.items())) for row in table.to_pylist())


def newest(spark: SparkSession, table: Path) -> int:
    return int(spark.sql(f"DESCRIBE HISTORY delta.`{table}` LIMIT 1").collect()[0].version)


def check_every_version(spark: SparkSession, table: Path, first: int = 0) -> None:
    versions = range(first, newest(spark, table) + 1)
    # Node starts while Spark plans.
    with ThreadPoolExecutor(2) as pool:
        ours = pool.map(lambda version: multiset(companion_rows(table, version)), versions)
        theirs = [multiset(spark_rows(spark, table, version)) for version in versions]
        for version, mine, wanted in zip(versions, ours, theirs):
            assert mine == wanted, f"version {version}"


@contextmanager
def configured(spark: SparkSession, **conf: str) -> Iterator[None]:
    named = {name.replace("__", "."): value for name, value in conf.items()}
    for name, value in named.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name in named:
            spark.conf.unset(name)
