"""The small Delta tables beside a feature group, under `<table>/_twinstore/`: receipts, proofs, offenders, failed rows.

They are tables of their own, so that only data and definitions commit to the group. VACUUM leaves names with an
underscore alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .delta_log import LAST_COMMIT

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

#: Commits of one small file each after which the files are put together.
_COMPACT_EVERY = 50


class Ledger:
    """The tables beside the Delta table at `location`."""

    def __init__(self, spark: SparkSession, location: str) -> None:
        self._spark = spark
        self._location = location

    def path(self, name: str) -> str:
        """Address of the table called `name`."""
        return f"{self._location}/_twinstore/{name}"

    def version(self, name: str) -> int:
        """Head version of a table; −1 when it has never been written."""
        jvm: Any = self._spark._jvm
        log = jvm.org.apache.spark.sql.delta.DeltaLog.forTable(self._spark._jsparkSession, self.path(name))
        none = jvm.scala.Option.empty()
        return int(log.update(False, none, none).version())

    def read(self, name: str, version: int | None = None) -> DataFrame | None:
        """All rows of a table, at a version or at its head; None when it has never been written.

        Delta would take the path of a table that is not there for a partition of the group's own table.
        """
        if (self.version(name) if version is None else version) < 0:
            return None
        reader = self._spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return reader.load(self.path(name))

    def append(self, name: str, rows: Sequence[tuple[Any, ...]], schema: StructType) -> int:
        """Adds rows; makes the table first when there is none. The version of the commit."""
        return self.append_rows(name, self._spark.createDataFrame(list(rows), schema).coalesce(1))

    def append_rows(self, name: str, rows: DataFrame) -> int:
        """Adds a DataFrame's rows; makes the table first when there is none. The version of the commit."""
        rows.write.format("delta").mode("append").save(self.path(name))
        version = int(self._spark.conf.get(LAST_COMMIT, None) or -1)
        if (version + 1) % _COMPACT_EVERY == 0:
            self._compact(name)
        return version

    def _compact(self, name: str) -> None:
        """Puts small files together. Delta's own automatic compaction would do so after every single row."""
        from delta.tables import DeltaTable

        DeltaTable.forPath(self._spark, self.path(name)).optimize().executeCompaction()
