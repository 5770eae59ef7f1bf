"""Java from Python, without the ways of py4j that cost the most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: What PySpark and this library ask the JVM for again and again, by the names that PySpark gives them.
_ASKED = ("functions", "Column", "PythonUtils", "PythonSQLUtils", "SparkSession", "com", "java", "org", "py4j", "scala")


def keep_lookups(spark: SparkSession) -> None:
    """Lets the session's view of the JVM keep the classes and packages that are asked for most.

    py4j asks the JVM at each use of a name, and the JVM searches every jar for each package that the class could lie
    in. A write uses names such as `functions` some hundreds of times.
    """
    jvm: Any = spark._jvm
    for name in _ASKED:
        if name not in vars(jvm):
            setattr(jvm, name, getattr(jvm, name))


def elements(iterator: Any) -> Iterator[Any]:
    """What a Java iterator gives. Python's own loop over it ends by an error of the JVM, which costs twenty calls."""
    while iterator.hasNext():
        yield iterator.next()
