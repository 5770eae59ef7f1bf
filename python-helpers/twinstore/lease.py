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
from .dialect import quote_name, quote_text
from .errors import TwinstoreError
from .progress import Progress

TTL_S = 30
_RENEW_S = 10
_RETRY_S = 0.5


class Lease:
    """The right of `holder` to commit to `location`, kept as a row of `<keyspace>.twinstore_lease`.

    Renewed in the background while it is held. A holder that dies loses it after 30 seconds.
    """

    def __init__(
        self, cql: Cql, keyspace: str, location: str, holder: str, sleep: Callable[[float], Any] = time.sleep
    ) -> None:
        self._cql = cql
        self._table = f"{quote_name(keyspace)}.twinstore_lease"
        self._location = location
        self._holder = holder
        self._sleep = sleep
        self._lost = False

    @contextmanager
    def held(self, run_id: str, progress: Progress) -> Iterator[Lease]:
        """Waits until nobody else holds the lease, says for whom, and holds it meanwhile."""
        self._cql.execute(
            f"CREATE TABLE IF NOT EXISTS {self._table} (location text PRIMARY KEY, holder text, run_id text)"
        )
        self._acquire(run_id, progress)
        released = threading.Event()
        renewal = threading.Thread(target=self._renew, args=(run_id, released), daemon=True)
        renewal.start()
        try:
            yield self
        finally:
            released.set()
            renewal.join()
            self._release()

    def check(self) -> None:
        """Raises `TwinstoreError` when the lease was lost: to be called before every commit."""
        if self._lost:
            raise TwinstoreError(
                "conflict",
                f"The lease of {self._location} was lost before a commit, so that nothing more was committed.",
                "Run this again: it goes on where it stopped.",
            )

    def _acquire(self, run_id: str, progress: Progress) -> None:
        insert = (
            f"INSERT INTO {self._table} (location, holder, run_id) VALUES ({quote_text(self._location)}, "
            f"{quote_text(self._holder)}, {quote_text(run_id)}) IF NOT EXISTS USING TTL {TTL_S}"
        )
        waited = 0
        while not self._cql.execute(insert):
            progress(f"waiting for {self.holder() or 'another writer'}, who writes {self._location}", waited, None, "s")
            self._sleep(_RETRY_S)
            waited += 1

    def holder(self) -> str | None:
        """Who holds the lease now."""
        rows = self._cql.rows(f"SELECT JSON holder FROM {self._table} WHERE location = {quote_text(self._location)}")
        return rows[0]["holder"] if rows else None

    def _renew(self, run_id: str, released: threading.Event) -> None:
        update = (
            f"UPDATE {self._table} USING TTL {TTL_S} SET holder = {quote_text(self._holder)}, "
            f"run_id = {quote_text(run_id)} WHERE location = {quote_text(self._location)} "
            f"IF holder = {quote_text(self._holder)}"
        )
        renewed = time.monotonic()
        while not released.wait(_RENEW_S):
            try:
                if self._cql.execute(update):
                    renewed = time.monotonic()
                else:
                    self._lost = True
            except TwinstoreError:
                # A store that does not answer keeps the row until it expires; then it is anybody's.
                self._lost = self._lost or time.monotonic() - renewed > TTL_S - _RENEW_S
            if self._lost:
                return

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
