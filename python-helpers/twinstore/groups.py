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
from .preflight import CopiedTable, kept_definition

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def find_groups(spark: SparkSession, roots: Sequence[Root]) -> list[Definition]:
    """The groups under all roots, in the order of their names; a table without a definition is none, nor is a copy of
    another one.

    Raises `TwinstoreError` when a root or a table cannot be read.
    """
    found = _Found(spark, roots)
    if found.errors:
        raise found.errors[0]
    return found.groups


def find_group(spark: SparkSession, roots: Sequence[Root], name: str) -> Definition:
    """The group called `name`. Raises `TwinstoreError` when there is none, or more than one."""
    found = _Found(spark, roots)
    named = [each for each in found.groups if each.name == name]
    if len(named) == 1:
        return named[0]
    if named:
        where = " and ".join(each.offline for each in named)
        raise TwinstoreError("conflict", f"{name} names the groups at {where}.", "Name one by its FeatureGroup.")
    # It may be the one that cannot be read.
    for refused in (*(copy for copy in found.copies if copy.group == name), *found.errors):
        raise refused
    looked = ", ".join(root.location for root in roots) or "no root"
    known = ", ".join(each.name for each in found.groups) or "none"
    raise TwinstoreError(
        "not_found",
        f"There is no feature group {name} under {looked}.",
        f"Use one of those there ({known}), or add its folder to `roots` of the settings.",
    )


class _Found:
    """The groups under the roots, copies of their tables, and what could not be read."""

    def __init__(self, spark: SparkSession, roots: Sequence[Root]) -> None:
        self._spark = spark
        self.errors: list[TwinstoreError] = []
        self.copies: list[CopiedTable] = []
        # By folder, for roots may overlap.
        groups = {
            folder: definition
            for root in roots
            for folder, definition in self._under(root.location.rstrip("/"), root.depth)
        }
        self.groups = sorted(groups.values(), key=lambda each: (each.name, each.offline))

    def _under(self, location: str, depth: int) -> Iterator[tuple[str, Definition]]:
        try:
            folders = list(_folders(self._spark, location))
        except TwinstoreError as error:
            self.errors.append(error)
            return
        for folder in folders:
            try:
                snapshot = OfflineTable(self._spark, folder).snapshot()
                definition = None if snapshot is None else kept_definition(snapshot, folder)
            except CopiedTable as copy:
                self.copies.append(copy)
                continue
            except TwinstoreError as error:
                self.errors.append(error)
                continue
            if definition is not None:
                yield folder, definition
            elif snapshot is None and depth > 1:
                # Only what is no table is looked into.
                yield from self._under(folder, depth - 1)


def _folders(spark: SparkSession, location: str) -> Iterator[str]:
    """Folders in a location; those whose names begin with `_` or `.` are not ours."""
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
