"""CQL statements through the Spark connector's own session: DDL, deletes, the lease, and whether a node answers.

The connector's session is used so that hosts, TLS and credentials are set in one place and no second driver is needed.
"""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Callable

from py4j.protocol import Py4JError

from .config import OnlineStore
from .connection import PROFILE, Connection
from .dialect import dialect_named, quote_name
from .errors import TwinstoreError, from_foreign
from .foreign import caused_by
from .java import elements
from .throttled import pauses, timed_out

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Statements in flight at once.
_WINDOW = 256

_ACTIVE = "ACTIVE"
_STATEMENT_S = 10
#: All nodes must agree on a schema.
_SCHEMA_S = 60
_PING_S = 2

#: How long the driver waits after a change of the schema for another, as one of the JVM's properties.
_DEBOUNCER = "datastax-java-driver.advanced.metadata.schema.debouncer.window"

#: How often a table is looked at whose change is on its way.
_SETTLING_POLL_S = 0.25

#: How long a read waits for a store that was away: more than the driver takes to ask it again.
_RETURN_S = 5
_RETURN_POLL_S = 0.25


class Cql:
    """A session with the online store, at the consistency of its settings.

    `rows_per_second` bounds what is written in bulk. All methods raise `TwinstoreError` when the store refuses, is not
    there, or does not answer within ten seconds.
    """

    def __init__(self, spark: SparkSession, store: OnlineStore, rows_per_second: int | None = None) -> None:
        self._spark = spark
        self._store = store
        self.dialect = dialect_named(store.dialect)
        self._rows_per_second = rows_per_second
        self.connection = Connection(spark, store, rows_per_second)

    @property
    def address(self) -> str:
        """Where the online store is, for people."""
        return ", ".join(self._store.hosts)

    def execute(self, statement: str) -> bool:
        """Runs one statement. False when its condition (`IF …`) did not hold."""
        with self._errors():
            return bool(self._wait(self._submit(statement)).wasApplied())

    def define(self, statement: str) -> None:
        """Runs a statement that changes the schema, for which a cluster may take a minute."""
        with self._errors():
            self._wait(self._submit(statement), _SCHEMA_S)

    def define_table(self, keyspace: str, table: str, statement: str) -> None:
        """Runs a statement that makes or alters a table, and ends when the table can be used."""
        if self.dialect.defines_later:
            # It takes one change at a time.
            self.table(keyspace, table)
        self.define(statement)
        if self.dialect.defines_later:
            self.table(keyspace, table)

    def learn(self, keyspace: str, table: str) -> None:
        """Lets the driver look at the schema again where a table is not as it remembers it: the store does not tell it
        of changes that are done later, or were made by others."""
        if not self.dialect.defines_later:
            return
        where = f"keyspace_name = '{keyspace}' AND table_name = '{table}'"
        columns = {
            row["column_name"] for row in self.rows(f"SELECT JSON column_name FROM system_schema.columns WHERE {where}")
        }
        with self._errors():
            for session in (self._session, self._bulk_session):
                if _remembered(session, keyspace, table) != columns:
                    session.refreshSchema()

    def table(self, keyspace: str, table: str) -> dict[str, Any] | None:
        """What the store says of a table once no change of it is on its way; None when there is none."""
        select = (
            f"SELECT JSON {', '.join(self.dialect.described)} FROM {self.dialect.tables} "
            f"WHERE keyspace_name = '{keyspace}' AND table_name = '{table}'"
        )
        deadline = time.monotonic() + _SCHEMA_S
        while True:
            found = self.rows(select)
            status = found[0].get("status", _ACTIVE) if found else _ACTIVE
            if status == _ACTIVE:
                return found[0] if found else None
            if time.monotonic() > deadline:
                raise TwinstoreError(
                    "deadline",
                    f"The table {keyspace}.{table} of the online store is {status} and was not done in {_SCHEMA_S} s.",
                    "Run this again when it is ACTIVE.",
                )
            time.sleep(_SETTLING_POLL_S)

    def rows(self, select: str) -> list[dict[str, Any]]:
        """The rows of a `SELECT JSON …`, which must be few. Waits a moment for a store that was away."""
        with self._errors():
            try:
                return self._decoded(self._wait(self._submit_read(select)))
            except Py4JError as error:
                # The driver still counts every node as down. Only reads wait, for work begins with them: what ends a
                # write whose store died must not be held up.
                if not (caused_by(error, "NoNodeAvailableException") and self._returns()):
                    raise
                return self._decoded(self._wait(self._submit_read(select)))

    def execute_all(self, statements: Iterable[str], done: Callable[[int], None]) -> None:
        """Runs idempotent statements concurrently; `done` is told how many are confirmed, ever so often."""
        pending: deque[tuple[str, Any]] = deque()
        confirmed = 0
        # What waits for its turn must not wait until it times out.
        window = min(_WINDOW, self._rows_per_second or _WINDOW)
        # What gives the statements may fail too, by no fault of this store.
        for statement in statements:
            with self._errors():
                pending.append((statement, self._submit_bulk(statement)))
            if len(pending) == window:
                with self._errors():
                    self._confirm(*pending.popleft())
                confirmed += 1
                done(confirmed)
        with self._errors():
            while pending:
                self._confirm(*pending.popleft())
                confirmed += 1
        done(confirmed)

    def _confirm(self, statement: str, submitted: Any) -> None:
        """Waits for the answer, and again after pauses when the store says that it is too much."""
        for pause_s in pauses():
            try:
                self._wait(submitted)
                return
            except Py4JError as error:
                if not timed_out(error):
                    raise
            time.sleep(pause_s)
            submitted = self._submit_bulk(statement)
        self._wait(submitted)

    def answers(self) -> bool:
        """Whether a node answers within two seconds."""
        try:
            future = self._session.executeAsync("SELECT release_version FROM system.local")
            future.toCompletableFuture().get(_PING_S, self._seconds)
        except (Py4JError, TwinstoreError):
            return False
        return True

    def clock_ahead_us(self) -> int:
        """How far this machine's clock is ahead of the store's, in µs; 0 within what the question took."""
        sent_us = time.time_ns() // 1_000
        (row,) = self.rows("SELECT JSON toUnixTimestamp(now()) AS now_ms FROM system.local")
        answered_us = time.time_ns() // 1_000
        store_us = int(row["now_ms"]) * 1_000
        return min(0, answered_us - store_us) + max(0, sent_us - store_us)

    @cached_property
    def last_expiry_us(self) -> int | None:
        """Until when a row may live, in µs since the epoch; None for any time."""
        if self.dialect.last_expiry_us is None:
            return None
        mode = "SELECT JSON value FROM system_views.settings WHERE name = 'storage_compatibility_mode'"
        try:
            said = self.rows(mode)
        except TwinstoreError as error:
            # A server that knows no such table, or a login that may not read it.
            if not re.search("(InvalidQuery|Unauthorized)Exception", error.details):
                raise
            said = []
        return None if said == [{"value": "NONE"}] else self.dialect.last_expiry_us

    def keyspace_exists(self, keyspace: str) -> bool:
        """Whether the store has the keyspace."""
        return bool(
            self.rows(f"SELECT JSON keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = '{keyspace}'")
        )

    @property
    def _jvm(self) -> Any:
        return self._spark._jvm

    @cached_property
    def _session(self) -> Any:
        return self._opened({**self.connection.conf, **self.connection.secrets})

    @cached_property
    def _bulk_session(self) -> Any:
        """Where writes are as many in a second as they may be: what must not wait for them has a session of its own."""
        conf = self.connection.bulk_conf
        return self._session if conf.get(PROFILE) == self.connection.conf.get(PROFILE) else self._opened(conf)

    def _opened(self, settings: Mapping[str, str]) -> Any:
        conf = self._spark.sparkContext._jsc.sc().getConf()
        for name, value in settings.items():
            conf.set(name, value)
        # By default a second.
        self._jvm.java.lang.System.setProperty(_DEBOUNCER, "10 milliseconds")
        try:
            return self._jvm.com.datastax.spark.connector.cql.CassandraConnector.apply(conf).openSession()
        except (Py4JError, TypeError) as error:
            # py4j gives a package, which is not callable, for a class that is not on the class path.
            raise self._failed(error) from error

    def _returns(self) -> bool:
        """Whether a node answers within the time that the driver takes to notice that it is back."""
        deadline = time.monotonic() + _RETURN_S
        while not self.answers():
            if time.monotonic() > deadline:
                return False
            time.sleep(_RETURN_POLL_S)
        return True

    def _submit(self, text: str) -> Any:
        return self._session.executeAsync(self._statement(text, self._write_level))

    def _submit_read(self, select: str) -> Any:
        return self._session.executeAsync(self._statement(select, self._store.consistency).setIdempotent(True))

    def _submit_bulk(self, text: str) -> Any:
        return self._bulk_session.executeAsync(self._bulk_statement.setQuery(text))

    @cached_property
    def _bulk_statement(self) -> Any:
        """What bulk statements are made from: one call into the JVM each in place of a dozen."""
        return self._statement("", self._write_level).setIdempotent(True)

    @property
    def _write_level(self) -> str:
        return self.dialect.write_consistency or self._store.consistency

    def _statement(self, text: str, consistency: str) -> Any:
        # The session is the connector's, which gives its own consistency to its own statements only.
        driver = self._jvm.com.datastax.oss.driver.api.core
        level = driver.DefaultConsistencyLevel.valueOf(consistency)
        return driver.cql.SimpleStatement.newInstance(text).setConsistencyLevel(level)

    def _wait(self, submitted: Any, within_s: int = _STATEMENT_S) -> Any:
        """The answer."""
        return submitted.toCompletableFuture().get(within_s, self._seconds)

    @cached_property
    def _seconds(self) -> Any:
        return self._jvm.java.util.concurrent.TimeUnit.SECONDS

    def _decoded(self, page: Any) -> list[dict[str, Any]]:
        """The rows of this page and all that follow."""
        decode = self._jvm.java.nio.charset.StandardCharsets.UTF_8.decode
        found = [
            json.loads(decode(row.getBytesUnsafe(0)).toString()) for row in elements(page.currentPage().iterator())
        ]
        return found + self._decoded(self._wait(page.fetchNextPage())) if page.hasMorePages() else found

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turns what py4j raises into twinstore's words."""
        try:
            yield
        except Py4JError as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> TwinstoreError:
        return from_foreign(
            error,
            f"The online store at {self.address} did not carry out a statement.",
            "Check that it runs and that the settings name its address and login, then run this again.",
        )


def _remembered(session: Any, keyspace: str, table: str) -> set[str]:
    """The columns of a table as the driver knows it; none when it knows no such table."""
    found = session.getMetadata().getKeyspace(quote_name(keyspace)).orElse(None)
    found = found and found.getTable(quote_name(table)).orElse(None)
    return {name.asInternal() for name in elements(found.getColumns().keySet().iterator())} if found else set()
