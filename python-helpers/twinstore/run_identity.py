"""Which run a write is: the same input, plan and definition are the same run, so that running it again adds nothing."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from py4j.java_gateway import is_instance_of

from .feature_group import Definition
from .java import elements

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_MAX_FIELDS = 2**31 - 1
_FILE_RELATION = "org.apache.spark.sql.execution.datasources.HadoopFsRelation"
_FILE_INDEX = "org.apache.spark.sql.execution.datasources.InMemoryFileIndex"
_DELTA_INDEX = "org.apache.spark.sql.delta.files.TahoeLogFileIndex"

#: Leaves of a plan whose text says all that they give.
_SELF_CONTAINED = ("Range", "OneRowRelation")

#: What makes the text of a plan say too little: the clock, code of the user's, and plans inside expressions.
_OPAQUE = ("CURRENT_LIKE", "PYTHON_UDF", "SCALA_UDF", "PLAN_EXPRESSION")


@dataclass(frozen=True)
class RunIdentity:
    """`repeatable` is False when the id is random, so that running the same again is another run."""

    run_id: str
    repeatable: bool
    deterministic: bool


def run_identity(rows: DataFrame, definition: Definition, mode: str, run: str | None = None) -> RunIdentity:
    """The identity of a write of `rows`: `run` when it is given, else a fingerprint of input files (path, size, time),
    Delta tables (path, id, version), plan and definition, else random: for plans that are not deterministic or whose
    input is not files."""
    plan = _analyzed(rows)
    deterministic = bool(plan.deterministic())
    if run is not None:
        return RunIdentity(run, True, deterministic)
    inputs = list(_inputs(rows)) if deterministic and not _opaque(rows) else [None]
    if None in inputs:
        return RunIdentity(uuid.uuid4().hex, False, deterministic)
    text = plan.canonicalized().treeString(True, False, _MAX_FIELDS, False)
    parts = [mode, definition.to_json(), rows.schema.json(), text, *(each or "" for each in inputs)]
    digest = hashlib.sha256("\n".join(parts).encode("utf-8"))
    return RunIdentity(digest.hexdigest()[:32], True, True)


def _inputs(rows: DataFrame) -> Iterator[str | None]:
    """What each leaf of the plan reads, file by file; None for a leaf that cannot be told."""
    for leaf in _sequence(rows, _analyzed(rows).collectLeaves()):
        if leaf.nodeName() in _SELF_CONTAINED:
            continue
        relation = leaf.relation() if leaf.getClass().getSimpleName() == "LogicalRelation" else None
        # Delta's relation is an anonymous class of that kind.
        if relation is None or not is_instance_of(_gateway(rows), relation, _FILE_RELATION):
            yield None
            continue
        location = relation.location()
        kind = location.getClass().getName()
        if kind == _DELTA_INDEX:
            # A table that was dropped and made again begins at version 0 once more.
            table_id = location.metadata().id()
            yield f"delta {location.path().toString()} {table_id} {location.version()}"
        elif kind == _FILE_INDEX:
            yield f"{relation.fileFormat().getClass().getName()} {relation.options().toString()}"
            files = _sequence(rows, location.allFiles())
            yield from sorted(f"{f.getPath().toString()} {f.getLen()} {f.getModificationTime()}" for f in files)
        else:
            yield None


def _opaque(rows: DataFrame) -> bool:
    patterns: Any = rows.sparkSession._jvm.org.apache.spark.sql.catalyst.trees.TreePattern  # type: ignore[union-attr]
    plan = _analyzed(rows)
    return any(plan.containsPattern(getattr(patterns, name)()) for name in _OPAQUE)


def _analyzed(rows: DataFrame) -> Any:
    return rows._jdf.queryExecution().analyzed()


def _gateway(rows: DataFrame) -> Any:
    return rows.sparkSession.sparkContext._gateway


def _sequence(rows: DataFrame, scala_sequence: Any) -> Iterator[Any]:
    converters: Any = rows.sparkSession._jvm.scala.collection.JavaConverters  # type: ignore[union-attr]
    return elements(converters.seqAsJavaList(scala_sequence).iterator())
