"""The online tables of a group, read and written as one: a row of the group is the rows of a key in all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable

from pyspark.sql import functions as sf

from .cql import Cql
from .dialect import CassandraDialect
from .feature_group import COMMIT_VERSION, LACKING, NEWEST_COMMIT, Definition
from .online import OnlineTable
from .types import quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: Time without an answer from any node after which a write is stopped.
_SILENCE_S = 5.0
_PROBE_S = 0.5


class OnlineTables:
    """The CQL tables of one definition, one for each of its `parts`."""

    def __init__(self, spark: SparkSession, cql: Cql, dialect: CassandraDialect, definition: Definition) -> None:
        self._spark = spark
        self._cql = cql
        self._dialect = dialect
        self._definition = definition
        self.tables = tuple(OnlineTable(spark, cql, dialect, part) for part in definition.parts)

    def scan(self, direct_join: str | None = None, keys: DataFrame | None = None) -> DataFrame:
        """Every row as it is kept (see `OnlineTable.scan`), or those of `keys`, which are in CQL's terms."""
        return self._together([_of_keys(table.scan(direct_join), keys) for table in self.tables])

    def read(self, keys: DataFrame | None = None) -> DataFrame:
        """Every row with the offline store's types (see `OnlineTable.read`), or those of `keys`."""
        return self._together([_of_keys(table.read(), keys) for table in self.tables])

    def _together(self, parts: Sequence[DataFrame]) -> DataFrame:
        """One row for each key that any table has; `NEWEST_COMMIT` and `LACKING` where there are several."""
        if len(parts) == 1:
            return parts[0]
        keys = list(self._definition.keys)
        numbered = [
            rows.withColumnRenamed(COMMIT_VERSION, f"_commit_{n}").withColumn(f"_there_{n}", sf.lit(True))
            for n, rows in enumerate(parts)
        ]
        joined = numbered[0]
        for rows in numbered[1:]:
            joined = joined.join(rows, keys, "full_outer")
        commits = [f"_commit_{n}" for n in range(len(parts))]
        lacking = [sf.when(sf.col(f"_there_{n}").isNull(), sf.lit(table.name)) for n, table in enumerate(self.tables)]
        return joined.select(
            *(quoted(column.name) for column in self._definition.columns if column.name in joined.columns),
            sf.least(*commits).alias(COMMIT_VERSION),
            sf.greatest(*commits).alias(NEWEST_COMMIT),
            sf.concat_ws(", ", *lacking).alias(LACKING),
        )

    def delete(self, key_json: Iterable[Sequence[str]], timestamp_us: int, done: Callable[[int], None]) -> None:
        """Deletes rows of all tables at a write timestamp, concurrently; each key as JSON texts in key order. `done` is
        told how many are confirmed."""
        parts = self._definition.parts
        statements = (self._dialect.delete(part, key, timestamp_us) for key in key_json for part in parts)
        self._cql.execute_all(statements, lambda confirmed: done(confirmed // len(parts)))

    @contextmanager
    def watched(self) -> Iterator[Watch]:
        """Within it, Spark's jobs of this thread are cancelled when no node has answered for five seconds.

        The connector cannot be trusted with a store that died: it goes on for most of a minute and logs a stack trace
        for every row, so its log is off meanwhile.
        """
        watch = Watch(self._spark, self._cql)
        with self._silent_driver():
            watch.start()
            try:
                yield watch
            finally:
                watch.stop()

    @contextmanager
    def _silent_driver(self) -> Iterator[None]:
        log4j: Any = self._spark._jvm.org.apache.logging.log4j  # type: ignore[union-attr]
        before = log4j.LogManager.getLogger("com.datastax").getLevel()
        log4j.core.config.Configurator.setLevel("com.datastax", log4j.Level.OFF)
        try:
            yield
        finally:
            log4j.core.config.Configurator.setLevel("com.datastax", before)


class Watch:
    """Asks the online store, beside a write, whether it is there."""

    def __init__(self, spark: SparkSession, cql: Cql) -> None:
        self._context = spark.sparkContext
        self._cql = cql
        self._group = self._context.getLocalProperty("spark.jobGroup.id")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        #: Whether no node answered for too long, so that the write was stopped.
        self.silent = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _ask(self) -> None:
        answered = time.monotonic()
        while not self._ended.wait(_PROBE_S):
            if self._cql.answers():
                answered = time.monotonic()
            elif time.monotonic() - answered > _SILENCE_S:
                self.silent = True
                if self._group:
                    self._context.cancelJobGroup(self._group)


def _of_keys(rows: DataFrame, keys: DataFrame | None) -> DataFrame:
    return rows if keys is None else keys.join(rows, keys.columns).select(*map(quoted, rows.columns))
