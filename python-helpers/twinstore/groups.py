"""Feature groups under the configured roots: Delta tables whose properties hold a definition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JJavaError

from .config import Root
from .delta_log import OfflineTable
from .errors import TwinstoreError, from_foreign
from .feature_group import Definition
from .foreign import caused_by
from .preflight import kept_definition

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def find_groups(spark: SparkSession, roots: Sequence[Root]) -> list[Definition]:
    """The groups under all roots, in the order of their names; a table without a definition is none."""
    found: dict[str, Definition] = {}
    for root in roots:
        for location in _folders(spark, root.location.rstrip("/"), root.depth):
            table = OfflineTable(spark, location)
            snapshot = table.snapshot()
            definition = None if snapshot is None else kept_definition(snapshot, location)
            if definition is not None:
                found[location] = definition
    return sorted(found.values(), key=lambda each: (each.name, each.offline))


def find_group(spark: SparkSession, roots: Sequence[Root], name: str) -> Definition:
    """The group called `name`. Raises `TwinstoreError` when there is none, or more than one."""
    groups = find_groups(spark, roots)
    named = [each for each in groups if each.name == name]
    if len(named) == 1:
        return named[0]
    if named:
        where = " and ".join(each.offline for each in named)
        raise TwinstoreError("conflict", f"{name} names the groups at {where}.", "Name one by its FeatureGroup.")
    looked = ", ".join(root.location for root in roots) or "no root"
    known = ", ".join(each.name for each in groups) or "none"
    raise TwinstoreError(
        "not_found",
        f"There is no feature group {name} under {looked}.",
        f"Use one of those there ({known}), or add its folder to `roots` of the settings.",
    )


def _folders(spark: SparkSession, location: str, depth: int) -> Iterator[str]:
    """Folders up to `depth` levels below a location; names that begin with `_` or `.` are not looked into."""
    path = spark._jvm.org.apache.hadoop.fs.Path(location)  # type: ignore[union-attr]
    try:
        entries: list[Any] = list(path.getFileSystem(spark._jsc.hadoopConfiguration()).listStatus(path))
    except Py4JJavaError as error:
        if caused_by(error, "FileNotFoundException"):
            return
        raise from_foreign(
            error, f"The root {location} could not be listed.", "Check its address and the store's credentials."
        ) from error
    for entry in entries:
        name = entry.getPath().getName()
        if entry.isDirectory() and not name.startswith(("_", ".")):
            yield f"{location}/{name}"
            if depth > 1:
                yield from _folders(spark, f"{location}/{name}", depth - 1)
