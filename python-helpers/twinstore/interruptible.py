"""Spark work that can be stopped at any moment.

py4j gives each thread one connection. In a thread that waits on it for an answer, pyspark's handler of SIGINT cannot
call the JVM ("reentrant call"), and what cleans up on the way out would read the answer that was waited for. So the
work has a thread of its own, and the thread that gets the signals cancels its jobs from outside.
"""

from __future__ import annotations

import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Callable, Generic, TypeVar

from .errors import TwinstoreError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Result = TypeVar("Result")

#: Seconds that cancelled work gets to leave things in order (a lease given back, Spark stopped).
_GRACE_S = 20
_POLL_S = 0.25


class SparkWork(Generic[Result]):
    """Work on a Spark session of its own; SIGINT and SIGTERM cancel its jobs until it ends.

    `make` makes the session and `work` uses it, both on another thread than the one that calls `run`.
    """

    def __init__(self, make: Callable[[], SparkSession], work: Callable[[SparkSession], Result]) -> None:
        self._make = make
        self._work = work
        self._spark: SparkSession | None = None
        self._is_stopped = threading.Event()
        self._result: list[Result] = []
        self._error: BaseException | None = None

    def checkpoint(self, step: str) -> None:
        """Ends work that was stopped, by raising `TwinstoreError`: for the work to call where it runs no Spark job."""
        if self._is_stopped.is_set():
            raise TwinstoreError("aborted", f"The work was stopped before {step}.", "Run it again.")

    def run(self) -> Result:
        """What `work` returned. Call it from the main thread.

        Raises what `work` raised, and `KeyboardInterrupt` when it was stopped, whatever it made of that.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: self._is_stopped.set())
        thread = threading.Thread(target=self._live, daemon=True)
        thread.start()
        while thread.is_alive() and not self._is_stopped.is_set():
            thread.join(_POLL_S)
        if self._is_stopped.is_set():
            self._cancel(thread)
            raise KeyboardInterrupt
        if self._error is not None:
            raise self._error
        return self._result[0]

    def _live(self) -> None:
        try:
            self._spark = self._make()
            try:
                if not self._is_stopped.is_set():
                    self._result.append(self._work(self._spark))
            finally:
                self._spark.stop()
        except BaseException as error:
            self._error = error

    def _cancel(self, thread: threading.Thread) -> None:
        """Cancels what runs, again and again, for work that lost one job may begin the next."""
        for _ in range(round(_GRACE_S / _POLL_S)):
            # It may be stopped in this moment, or the JVM be gone: the work ends by that as well.
            with suppress(Exception):
                if self._spark is not None:
                    self._spark.sparkContext.cancelAllJobs()
            thread.join(_POLL_S)
            if not thread.is_alive():
                return
