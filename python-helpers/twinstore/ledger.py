"""The small Delta tables beside a feature group, under `<table>/_twinstore/`: receipts, proofs, offenders, failed rows.

They are tables of their own, so that only data and definitions commit to the group. VACUUM leaves names with an
underscore alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Callable

from .delta_log import LAST_COMMIT
from .foreign import FOREIGN, caused_by
from .local_rows import local_rows

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession
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

    def append(
        self, name: str, rows: Sequence[tuple[Any, ...]], schema: StructType, before_commit: Callable[[], None]
    ) -> int:
        """Adds rows; makes the table first when there is none. The version of the commit."""
        return self.append_rows(name, local_rows(self._spark, rows, schema), before_commit)

    def append_rows(self, name: str, rows: DataFrame, before_commit: Callable[[], None]) -> int:
        """Adds a DataFrame's rows; makes the table, or columns that it lacks, first. The version of the commit.

        `before_commit` may refuse a commit by raising.
        """
        # Before the append, so that whoever made its commit is never told of a failure.
        commits = self.version(name) + 1
        if commits and commits % _COMPACT_EVERY == 0:
            self._compact(name, before_commit)
        before_commit()
        rows.write.format("delta").mode("append").option("mergeSchema", "true").save(self.path(name))
        return int(self._spark.conf.get(LAST_COMMIT, None) or -1)

    def delete(self, name: str, keys: DataFrame, before_commit: Callable[[], None]) -> int:
        """Takes the rows whose `key` is among `keys` out of a table; how many there were. Makes no commit for none."""
        from delta.tables import DeltaTable

        rows = self.read(name)
        found = 0 if rows is None else rows.join(keys, "key", "left_semi").count()
        if found:
            before_commit()
            table = DeltaTable.forPath(self._spark, self.path(name)).alias("kept")
            table.merge(keys.alias("gone"), "kept.key = gone.key").whenMatchedDelete().execute()
        return found

    def update(self, name: str, rows: DataFrame, before_commit: Callable[[], None]) -> None:
        """Gives the rows of a table that have the `id` of one of `rows` its other columns."""
        from delta.tables import DeltaTable

        before_commit()
        table = DeltaTable.forPath(self._spark, self.path(name)).alias("kept")
        values: dict[str, str | Column] = {column: f"new.{column}" for column in rows.columns if column != "id"}
        table.merge(rows.alias("new"), "kept.id = new.id").whenMatchedUpdate(set=values).execute()

    def _compact(self, name: str, before_commit: Callable[[], None]) -> None:
        """Puts small files together. Delta's own automatic compaction would do so after every single row."""
        from delta.tables import DeltaTable

        table = DeltaTable.forPath(self._spark, self.path(name))
        before_commit()
        try:
            table.optimize().executeCompaction()
        except FOREIGN as error:
            # Another writer put the same files together.
            if not caused_by(error, "ConcurrentDeleteDeleteException"):
                raise
