"""One online table of a group: its shape, its rows as Spark reads them, and writes at a write timestamp."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf

from .cql import Cql
from .dialect import CassandraDialect
from .errors import TwinstoreError
from .feature_group import COMMIT_VERSION, MAX_TTL_S, Definition
from .foreign import FOREIGN
from .throttled import Throttled, pauses, timed_out
from .types import GroupColumn, contract, quoted
from .varying import varying

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

_FORMAT = "org.apache.spark.sql.cassandra"

#: Column of rows to write that says when they expire, in µs since the epoch.
EXPIRES_US = "_expires_us"

# Column of the time to live in seconds, which the connector takes out of what it writes.
_TTL_S = "twinstore_ttl_s"
# The clock as each row is written: a write may take minutes, and a row is to expire when its time has come.
_NOW_MS = "CAST(java_method('java.lang.System', 'currentTimeMillis') AS BIGINT)"

#: Share of the rows left that must be left at most, for further attempts to be worth their pauses.
_PROGRESS = 0.9


@dataclass(frozen=True)
class OnlineShape:
    """What the store says of a table: CQL types by column, partition key in order, and the properties that matter;
    `enabled` are the custom properties that are, where the dialect has some."""

    columns: dict[str, str]
    partition_key: tuple[str, ...]
    clustering_key: tuple[str, ...]
    comment: str
    default_ttl_s: int
    enabled: frozenset[str] = frozenset()

    @property
    def marker(self) -> dict[str, Any]:
        """What the comment says when twinstore made the table; empty otherwise."""
        try:
            found = json.loads(self.comment)
        except ValueError:
            return {}
        return found if isinstance(found, dict) and found.get("twinstore") == 1 else {}


class OnlineTable:
    """One CQL table; `definition` is that of a group, or one of its `parts`."""

    def __init__(self, spark: SparkSession, cql: Cql, dialect: CassandraDialect, definition: Definition) -> None:
        self._spark = spark
        self._cql = cql
        self._dialect = dialect
        self.definition = definition

    @property
    def name(self) -> str:
        """`keyspace.table`."""
        return self.definition.online

    def shape(self) -> OnlineShape | None:
        """The table as the store has it; None when there is none."""
        keyspace, table = self.definition.keyspace, self.definition.table
        described = self._cql.table(keyspace, table)
        if described is None:
            return None
        where = f"keyspace_name = '{keyspace}' AND table_name = '{table}'"
        columns = self._cql.rows(
            f"SELECT JSON column_name, kind, position, type FROM system_schema.columns WHERE {where}"
        )
        return OnlineShape(
            columns={column["column_name"]: column["type"] for column in columns},
            partition_key=_in_order(columns, "partition_key"),
            clustering_key=_in_order(columns, "clustering"),
            comment=described["comment"],
            default_ttl_s=described["default_time_to_live"],
            enabled=frozenset(
                name
                for name, settings in (described.get("custom_properties") or {}).items()
                if settings.get("status") == "enabled"
            ),
        )

    def create(self, table_id: str) -> None:
        """Makes the table, with a comment that names the Delta table by the id of its metadata."""
        self._define(self._dialect.create_table(self.definition, table_id))

    def add_features(self, names: Sequence[str]) -> None:
        """Adds columns of features, empty in every row. Another writer of the same definition may have been faster."""
        try:
            self._define(self._dialect.add_columns(self.definition, names))
        except TwinstoreError:
            shape = self.shape()
            if shape is None or not set(names) <= shape.columns.keys():
                raise

    def _define(self, statement: str) -> None:
        self._cql.define_table(self.definition.keyspace, self.definition.table, statement)

    def scan(self, direct_join: str | None = None) -> DataFrame:
        """Every row as it is kept: keys, features and event time in CQL's terms, and the commit version. A column that
        the table has lost is left out.

        `direct_join` says whether a join by all keys looks each of them up (`on`), reads the table (`off`), or as the
        connector estimates (`auto`); None as the dialect has it.
        """
        self._cql.learn(self.definition.keyspace, self.definition.table)
        # By options: another store on the same session may have set its own.
        reader = self._spark.read.format(_FORMAT).options(**self._cql.connection.conf)
        reader = reader.option("keyspace", self.definition.keyspace)
        looked_up = direct_join or self._dialect.direct_join
        rows = reader.option("table", self.definition.table).option("directJoinSetting", looked_up).load()
        there = [column for column in self.definition.columns if column.name in rows.columns]
        return rows.select(*(_as_kept(column) for column in there), COMMIT_VERSION)

    def read(self) -> DataFrame:
        """Every row with the offline store's types, and the commit version. A column that the table lost is null."""
        rows = self._restored()
        if self._dialect.counts:
            return rows
        # The connector asks the server to count where no column is needed, so that one is, by what is always true. Not
        # in `scan`: where the connector looks the rows of an outer join up, it filters the rows that it did not find.
        return rows.where(sf.length(sf.col(quoted(self.definition.keys[0])).cast("string")) >= 0)

    def _restored(self) -> DataFrame:
        rows = self.scan()
        restored = [
            (contract(column).from_online(sf.col(quoted(column.name))) if column.name in rows.columns else sf.lit(None))
            .cast(contract(column).spark)
            .alias(column.name)
            for column in self.definition.columns
        ]
        return rows.select(*restored, COMMIT_VERSION)

    def write(self, rows: DataFrame, timestamp_us: int, version: int) -> None:
        """Writes whole rows (offline types, and `EXPIRES_US` when rows expire) with one write timestamp.

        Nulls are written as nulls, so that no cell of an older row stays. When the store says that it is too much, the
        rows that did not arrive are written again after a pause, as long as more of them arrive. Raises `Throttled`
        when they do not, else whatever Spark raises.
        """
        try:
            self._save(rows, timestamp_us, version)
        except FOREIGN as error:
            if not timed_out(error):
                raise
            self._write_missing(rows, timestamp_us, version, str(error))

    def _write_missing(self, rows: DataFrame, timestamp_us: int, version: int, details: str) -> None:
        """Writes what did not arrive, again and again. Raises `Throttled`."""
        attempts = pauses()
        left: int | None = None
        try:
            while True:
                missing = self._missing(rows, version).persist()
                before, left = left, missing.count()
                if before is None or left <= before * _PROGRESS:
                    attempts = pauses()
                pause_s = next(attempts, None)
                if pause_s is None:
                    raise Throttled(left, details)
                time.sleep(pause_s)
                try:
                    self._save(missing, timestamp_us, version)
                    return
                except FOREIGN as error:
                    if not timed_out(error):
                        raise
                finally:
                    missing.unpersist()
        except FOREIGN as error:
            raise Throttled(left, str(error)) from error

    def _missing(self, rows: DataFrame, version: int) -> DataFrame:
        """Those of `rows` that are not online as of `version`: a row arrives whole or not at all."""
        arrived = self._restored().select(*map(quoted, self.definition.keys), COMMIT_VERSION)
        known = sf.coalesce(sf.col(COMMIT_VERSION), sf.lit(-1))
        return rows.join(arrived, list(self.definition.keys), "left").where(known < version).select(*rows.columns)

    def _save(self, rows: DataFrame, timestamp_us: int, version: int) -> None:
        values = [
            kept.written(kept.to_online(sf.col(quoted(column.name)))).alias(column.name)
            for column, kept in ((column, contract(column)) for column in self.definition.columns)
        ]
        expires = []
        if self.definition.ttl_seconds is not None:
            left = sf.expr(f"({EXPIRES_US} - {_NOW_MS} * 1000) DIV 1000000")
            expires.append(sf.greatest(sf.least(left, sf.lit(MAX_TTL_S)), sf.lit(1)).cast("int").alias(_TTL_S))
        # A long: the connector would make milliseconds of a timestamp, without an error.
        stamped = rows.select(*values, varying(version).alias(COMMIT_VERSION), *expires)
        self._cql.learn(self.definition.keyspace, self.definition.table)
        writer = stamped.write.format(_FORMAT).mode("append").options(**self._cql.connection.bulk_conf)
        writer = writer.option("keyspace", self.definition.keyspace).option("table", self.definition.table)
        writer = writer.option("writetime", str(timestamp_us))
        if expires:
            writer = writer.option("ttl", _TTL_S)
        writer.save()


def _as_kept(column: GroupColumn) -> Column:
    """The column as it is kept. The connector reads a collection that is null as an empty one; only a cell that is
    there has a write time."""
    name = quoted(column.name)
    if column.online_as != "frozen":
        return sf.col(name)
    return sf.expr(f"if(writetime({name}) IS NULL, NULL, {name})").alias(column.name)


def _in_order(columns: Sequence[dict[str, Any]], kind: str) -> tuple[str, ...]:
    found = sorted((column for column in columns if column["kind"] == kind), key=lambda column: column["position"])
    return tuple(column["column_name"] for column in found)
