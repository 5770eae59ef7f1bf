"""The lease of a location: one writer at a time, where the log store cannot refuse a second commit of a version.

Where a log store has put-if-absent, writers need no lease. S3 through Hadoop 3.3 has none: two drivers can overwrite
each other's commit, and nothing would show it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

from .cql import Cql
from .dialect import quote_name, quote_text, table_options
from .errors import TwinstoreError
from .progress import Progress

_TABLE = "twinstore_lease"
TTL_S = 30
#: How long a confirmed renewal is trusted, from the moment it was sent: what is left is the time that a commit takes.
TRUST_S = 20
_RENEW_S = 10
_RETRY_S = 0.5


class Lease:
    """The right of `holder` to commit to `location`, kept as a row of `<keyspace>.twinstore_lease`.

    Renewed in the background while it is held. A holder that dies loses it after 30 seconds.
    """

    def __init__(
        self,
        cql: Cql,
        keyspace: str,
        location: str,
        holder: str,
        sleep: Callable[[float], Any] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cql = cql
        self._keyspace = keyspace
        self._table = f"{quote_name(keyspace)}.{_TABLE}"
        self._location = location
        self._holder = holder
        self._sleep = sleep
        self._clock = clock
        self._lost = False
        self._confirmed = clock()

    @contextmanager
    def held(self, run_id: str, progress: Progress, checkpoint: Callable[[str], None]) -> Iterator[Lease]:
        """Waits until nobody else holds the lease, says for whom, and holds it meanwhile.

        `checkpoint` is told of each round of the wait, and may end it by raising.
        """
        columns = "location text PRIMARY KEY, holder text, run_id text"
        options = table_options(self._cql.dialect.options(expiring=True))
        self._cql.define_table(self._keyspace, _TABLE, f"CREATE TABLE IF NOT EXISTS {self._table} ({columns}){options}")
        self._acquire(run_id, progress, checkpoint)
        ended = threading.Event()
        renewal = threading.Thread(target=self._renew, args=(run_id, ended), daemon=True)
        renewal.start()
        is_over = True
        try:
            yield self
        except BaseException as error:
            # An interrupt ends the wait for Spark, not what Spark does: a commit may be on its way yet. The row expires
            # when that is over.
            is_over = isinstance(error, Exception)
            raise
        finally:
            ended.set()
            renewal.join()
            if is_over:
                self._release()

    def check(self) -> None:
        """Raises `TwinstoreError` when the lease was lost, or may be: to be called before the job of every commit.

        A job that is longer than the lease is covered by the renewals meanwhile. Should they fail, the next call
        raises, so that no receipt says of such a job that it is done.
        """
        # The clock tells also where the renewal hangs in a store that does not answer.
        if self._lost or self._clock() - self._confirmed > TRUST_S:
            raise TwinstoreError(
                "conflict",
                f"The lease of {self._location} was lost before a commit, so that nothing more was committed.",
                "Run this again: it goes on where it stopped.",
            )

    def _acquire(self, run_id: str, progress: Progress, checkpoint: Callable[[str], None]) -> None:
        insert = (
            f"INSERT INTO {self._table} (location, holder, run_id) VALUES ({quote_text(self._location)}, "
            f"{quote_text(self._holder)}, {quote_text(run_id)}) IF NOT EXISTS USING TTL {TTL_S}"
        )
        begun = self._clock()
        while not self._granted(insert):
            whom, waited = self.holder() or "another writer", int(self._clock() - begun)
            progress(f"waiting for {whom}, who writes {self._location}", waited, None, "s")
            checkpoint("lease")
            self._sleep(_RETRY_S)

    def holder(self) -> str | None:
        """Who holds the lease now."""
        rows = self._cql.rows(f"SELECT JSON holder FROM {self._table} WHERE location = {quote_text(self._location)}")
        return rows[0]["holder"] if rows else None

    def _granted(self, statement: str) -> bool:
        """Whether the store gave the lease, or more time, by this statement."""
        # The row's time begins in the store, so not before this moment.
        sent = self._clock()
        granted = self._cql.execute(statement)
        if granted:
            self._confirmed = sent
        return granted

    def _renew(self, run_id: str, ended: threading.Event) -> None:
        update = (
            f"UPDATE {self._table} USING TTL {TTL_S} SET holder = {quote_text(self._holder)}, "
            f"run_id = {quote_text(run_id)} WHERE location = {quote_text(self._location)} "
            f"IF holder = {quote_text(self._holder)}"
        )
        while not self._lost and not ended.wait(_RENEW_S):
            try:
                self._lost = not self._granted(update)
            except TwinstoreError:
                # It may answer the next one; `check` counts the time until then.
                continue

    def _release(self) -> None:
        if self._lost:
            return
        try:
            self._cql.execute(
                f"DELETE FROM {self._table} WHERE location = {quote_text(self._location)} "
                f"IF holder = {quote_text(self._holder)}"
            )
        except TwinstoreError:
            # The store went away meanwhile: the row expires by itself.
            return
