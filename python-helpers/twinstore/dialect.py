"""CQL as each kind of online store speaks it: identifiers, literals, DDL, limits, and the options of bulk writes.

Amazon Keyspaces is a dialect of its own, not a flag: its tables have properties that Cassandra's lack, its DDL ends
later than it answers, and it refuses what Cassandra takes. The limits are those of its developer guide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar

from .feature_group import COMMIT_VERSION, Definition
from .types import contract


class CassandraDialect:
    """CQL of Apache Cassandra 4 and 5."""

    name = "cassandra"

    #: Longest partition key that the server takes, in bytes.
    max_key_bytes = 65_535

    #: Largest row that the server takes, in bytes; None where that is for its own settings to say.
    max_row_bytes: int | None = None

    #: Bytes of a row for which one write is billed; None where writes are not.
    unit_bytes: int | None = None

    #: Levels of consistency that reads may ask for, and the only one that writes may; None for any.
    read_consistencies: tuple[str, ...] | None = None
    write_consistency: str | None = None

    #: Until when a row may live, in µs since the epoch, on servers that do not say that they take more; None for any
    #: time. Cassandra 4, and 5 as long as it keeps to the files of 4, has 31 bits for the second: to 19 January 2038.
    last_expiry_us: int | None = 2_147_472_000_000_000

    #: How old a write timestamp may be that the server is to take, in µs; None for any age.
    oldest_stamp_us: int | None = None

    #: Where the server describes its tables, and what it says of each.
    tables = "system_schema.tables"
    described: tuple[str, ...] = ("comment", "default_time_to_live")

    #: Whether a statement that changes the schema is answered before its change is done.
    defines_later = False

    #: Whether a column can be taken out of a table.
    drops_columns = True

    #: Whether `SELECT count(*)` is known.
    counts = True

    #: Whether a join by all keys looks each of them up: `on`, or as the connector estimates: `auto`.
    direct_join = "auto"

    #: Configurations of the connector's reads.
    read_conf: ClassVar[Mapping[str, str]] = {}

    #: Whether the server may have a partitioner that the connector does not know.
    needs_murmur3 = False

    #: Whether the connector reaches the store only by the driver's own settings (see `connection`).
    needs_profile = False

    #: How a keyspace is replicated, for the statement that makes one.
    replication = "{'class': 'NetworkTopologyStrategy', …}"

    #: Options of the connector's writer: one row in a statement, many statements in flight, nulls written as nulls.
    write_options: ClassVar[Mapping[str, str]] = {
        "spark.cassandra.output.batch.size.rows": "1",
        "spark.cassandra.output.batch.grouping.key": "none",
        "spark.cassandra.output.concurrent.writes": "128",
        "spark.cassandra.output.ignoreNulls": "false",
    }

    def max_columns(self, definition: Definition) -> int | None:
        """Columns beside the key that a statement may set; None for any number."""
        return None

    def enabled(self, expiring: bool) -> tuple[str, ...]:
        """Properties that a table must have enabled; `expiring` when its rows have a time to live."""
        return ()

    def options(self, expiring: bool) -> tuple[str, ...]:
        """What a table must be made with."""
        return ()

    def columns(self, definition: Definition) -> dict[str, str]:
        """CQL type of every column of the online table, by name: keys, features, event time, commit version."""
        kept = {column.name: contract(column).cql for column in definition.columns}
        return {**kept, COMMIT_VERSION: "bigint"}

    def create_table(self, definition: Definition, table_id: str) -> str:
        """The table's DDL. Its comment names the Delta table back, by the address and the id of its metadata."""
        columns = ", ".join(f"{quote_name(name)} {cql}" for name, cql in self.columns(definition).items())
        keys = ", ".join(quote_name(name) for name in definition.keys)
        comment = json.dumps({"twinstore": 1, "table_id": table_id, "offline": definition.offline})
        options = (f"comment = {quote_text(comment)}", *self.options(definition.ttl_seconds is not None))
        return (
            f"CREATE TABLE IF NOT EXISTS {table_name(definition)} ({columns}, PRIMARY KEY (({keys})))"
            f"{table_options(options)}"
        )

    def add_columns(self, definition: Definition, names: Sequence[str]) -> str:
        """DDL that adds the columns called `names`."""
        kept = self.columns(definition)
        columns = ", ".join(f"{quote_name(name)} {kept[name]}" for name in names)
        return f"ALTER TABLE {table_name(definition)} ADD {columns}"

    def delete(self, definition: Definition, key_json: Sequence[str], timestamp_us: int) -> str:
        """Deletes one row at a write timestamp; `key_json` are the key's values as JSON, in key order."""
        where = " AND ".join(
            f"{quote_name(name)} = fromJson({quote_text(value)})" for name, value in zip(definition.keys, key_json)
        )
        return f"DELETE FROM {table_name(definition)} USING TIMESTAMP {timestamp_us} WHERE {where}"


class KeyspacesDialect(CassandraDialect):
    """CQL of Amazon Keyspaces."""

    name = "keyspaces"
    max_key_bytes = 2_048
    max_row_bytes = 1_048_576
    unit_bytes = 1_024
    last_expiry_us = None
    read_consistencies = ("LOCAL_QUORUM", "LOCAL_ONE", "ONE")
    write_consistency = "LOCAL_QUORUM"
    # The server takes 48 hours. The last one is left to the write itself.
    oldest_stamp_us = 47 * 3_600_000_000
    tables = "system_schema_mcs.tables"
    described = (*CassandraDialect.described, "status", "custom_properties")
    defines_later = True
    drops_columns = False
    counts = False
    needs_murmur3 = True
    needs_profile = True
    # The server's estimates of sizes are not to be relied on, and a scan is paid by the row.
    direct_join = "on"
    # Of each task; the default is 512.
    read_conf: ClassVar[Mapping[str, str]] = {"spark.cassandra.concurrent.reads": "50"}
    replication = "{'class': 'SingleRegionStrategy'}"
    # What a table takes in a second is bounded, and a statement above it is lost: few at once in each task.
    write_options: ClassVar[Mapping[str, str]] = {
        **CassandraDialect.write_options,
        "spark.cassandra.output.concurrent.writes": "3",
    }

    def max_columns(self, definition: Definition) -> int | None:
        return 225 if definition.ttl_seconds is None else 166

    def enabled(self, expiring: bool) -> tuple[str, ...]:
        return ("client_side_timestamps", "ttl") if expiring else ("client_side_timestamps",)

    def options(self, expiring: bool) -> tuple[str, ...]:
        properties = {
            "capacity_mode": {"throughput_mode": "PAY_PER_REQUEST"},
            **{name: {"status": "enabled"} for name in self.enabled(expiring)},
        }
        return (f"CUSTOM_PROPERTIES = {custom_properties(properties)}",)


_DIALECTS = {dialect.name: dialect for dialect in (CassandraDialect(), KeyspacesDialect())}


def dialect_named(name: str) -> CassandraDialect:
    """The dialect of the settings."""
    return _DIALECTS[name]


def table_options(options: Sequence[str]) -> str:
    """The end of a statement that makes a table; empty where there are no options."""
    return f" WITH {' AND '.join(options)}" if options else ""


def custom_properties(properties: Mapping[str, Mapping[str, str]]) -> str:
    """The literal of a table's properties in Keyspaces."""
    each = (
        f"{quote_text(name)}: {{{', '.join(f'{quote_text(key)}: {quote_text(text)}' for key, text in kept.items())}}}"
        for name, kept in properties.items()
    )
    return f"{{{', '.join(each)}}}"


def table_name(definition: Definition) -> str:
    """`"keyspace"."table"`, quoted."""
    return f"{quote_name(definition.keyspace)}.{quote_name(definition.table)}"


def quote_name(name: str) -> str:
    """An identifier whose case and characters are kept."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """A text literal."""
    return "'" + text.replace("'", "''") + "'"
