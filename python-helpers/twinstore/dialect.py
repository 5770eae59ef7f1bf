"""CQL as one kind of online store speaks it: identifiers, literals, DDL, and the options of bulk writes.

Cassandra now. Amazon Keyspaces is refused by name: it is a dialect of its own (asynchronous DDL, a window for write
timestamps, fewer columns in a statement), not a flag.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar

from .errors import Unsupported
from .feature_group import COMMIT_VERSION, Definition
from .types import contract


class CassandraDialect:
    """CQL of Apache Cassandra 4 and 5."""

    name = "cassandra"

    #: Longest partition key that the server takes, in bytes.
    max_key_bytes = 65_535

    #: Options of the connector's writer: one row in a statement, many statements in flight, nulls written as nulls.
    write_options: ClassVar[Mapping[str, str]] = {
        "spark.cassandra.output.batch.size.rows": "1",
        "spark.cassandra.output.batch.grouping.key": "none",
        "spark.cassandra.output.concurrent.writes": "128",
        "spark.cassandra.output.ignoreNulls": "false",
    }

    def columns(self, definition: Definition) -> dict[str, str]:
        """CQL type of every column of the online table, by name: keys, features, event time, commit version."""
        kept = {column.name: contract(column).cql for column in definition.columns}
        return {**kept, COMMIT_VERSION: "bigint"}

    def create_table(self, definition: Definition, table_id: str) -> str:
        """The table's DDL. Its comment names the Delta table back, by the address and the id of its metadata."""
        columns = ", ".join(f"{quote_name(name)} {cql}" for name, cql in self.columns(definition).items())
        keys = ", ".join(quote_name(name) for name in definition.keys)
        comment = json.dumps({"twinstore": 1, "table_id": table_id, "offline": definition.offline})
        return (
            f"CREATE TABLE IF NOT EXISTS {table_name(definition)} ({columns}, PRIMARY KEY (({keys}))) "
            f"WITH comment = {quote_text(comment)}"
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


def dialect_named(name: str) -> CassandraDialect:
    """The dialect of the settings. Raises `Unsupported` for one that this version does not write."""
    if name != CassandraDialect.name:
        raise Unsupported(
            f"The dialect {name} of the online store is not written yet.", 'Use a store with dialect = "cassandra".'
        )
    return CassandraDialect()


def table_name(definition: Definition) -> str:
    """`"keyspace"."table"`, quoted."""
    return f"{quote_name(definition.keyspace)}.{quote_name(definition.table)}"


def quote_name(name: str) -> str:
    """An identifier whose case and characters are kept."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """A text literal."""
    return "'" + text.replace("'", "''") + "'"
