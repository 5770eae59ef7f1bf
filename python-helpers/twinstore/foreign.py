"""What Spark, Delta and the driver raise: told apart here, and told in twinstore's words at the border."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from py4j.protocol import Py4JError
from pyspark.errors import AnalysisException, PySparkException

from .errors import from_foreign

#: Every error of theirs. Which of the two it is depends on what pyspark knows to convert.
FOREIGN = (Py4JError, PySparkException)


def caused_by(error: BaseException, name: str) -> bool:
    """Whether a Java error, or one of its causes, is of the class whose name ends so."""
    # Delta's Python errors carry no Java error; they exist once its Python package was imported.
    if type(error).__name__ == name:
        return True
    cause = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    while cause is not None:
        if cause.getClass().getName().endswith(name):
            return True
        cause = cause.getCause()
    return False


def feed_is_gone(error: BaseException) -> bool:
    """Whether a change feed cannot be read for good: VACUUM took files of it, it was off for a while, or the table has
    left the schema that it had meanwhile."""
    return isinstance(error, AnalysisException) or any(
        caused_by(error, name) for name in ("FileNotFoundException", "UnsupportedOperationException")
    )


@contextmanager
def foreign_errors(message: str, remedy: str) -> Iterator[None]:
    """Within it, whatever Spark, Delta or the driver raises becomes one `TwinstoreError` with this message."""
    try:
        yield
    except FOREIGN as error:
        raise from_foreign(error, message, remedy) from error
