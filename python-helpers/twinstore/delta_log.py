"""The offline store of a group: its Delta log read commit by commit, its snapshots, and our own commits to it.

Facts of a commit come from its JSON file, so that a write timestamp is the commit's own and no `DESCRIBE HISTORY` is on
the path of a write.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JError, Py4JJavaError

from .errors import TwinstoreError, from_foreign
from .foreign import FOREIGN, caused_by
from .types import quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructField, StructType

#: Session conf in which Delta leaves the version of the last commit, to whichever table.
LAST_COMMIT = "spark.databricks.delta.lastCommitVersionInSession"

#: Session conf with the `userMetadata` of the commits of commands that take no options.
_USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"

_IGNORE_MISSING = "spark.sql.files.ignoreMissingFiles"

#: Most bytes of one commit file that are read into the driver.
_COMMIT_LIMIT = 256 * 2**20


@dataclass(frozen=True)
class Snapshot:
    """What the table is at one version. `timestamp_us` is the in-commit timestamp, None where it has none; `set_to` is
    that of its commit."""

    version: int
    table_id: str
    timestamp_us: int | None
    schema: StructType
    properties: Mapping[str, str]
    set_to: int | None = None


@dataclass(frozen=True)
class Commit:
    """One commit, as its JSON file tells.

    `run_id` is the run that appended it; `ours` whether twinstore made it; `touches_all` that every key must be written
    again (a change of the table's metadata, or a stamp), as they were at version `set_to` if that is given; `removes`
    that rows left the table or were replaced, `deleted` how many a delete of keys took; `added` and `removed` are
    the `add` and `remove` actions, as text, of files that brought rows or took some.
    """

    version: int
    operation: str
    run_id: str | None = None
    created_us: int | None = None
    touches_all: bool = False
    set_to: int | None = None
    removed: tuple[str, ...] = ()
    removes: bool = False
    added: tuple[str, ...] = ()
    rows: int | None = None
    deleted: int | None = None
    ours: bool = False
    timestamp_us: int | None = None

    @property
    def changes_rows(self) -> bool:
        return self.removes or bool(self.added)


def application_id(group: str, run_id: str) -> str:
    """The `txnAppId` of a run: one for each, since a shared sequence would drop the second of two notebooks."""
    return f"twinstore.write:{group}:{run_id}"


def parse_commit(version: int, lines: Iterable[str]) -> Commit:
    """The commit that the lines of a commit file describe."""
    info: dict[str, Any] = {}
    added: list[str] = []
    removed: list[str] = []
    removes = metadata = False
    for line in lines:
        kind, action = next(iter(json.loads(line).items()))
        if kind == "commitInfo":
            info = action
        elif kind == "add" and action.get("dataChange", True):
            added.append(line)
        elif kind == "remove" and action.get("dataChange", True):
            removed.append(line)
        elif kind == "cdc":
            removes = True
        elif kind == "metaData":
            metadata = True
    ours = _own_metadata(info.get("userMetadata"))
    run_id, created_us = ours.get("run"), ours.get("created_us")
    is_run = isinstance(run_id, str) and type(created_us) is int
    in_commit_ms = info.get("inCommitTimestamp")
    metrics = info.get("operationMetrics", {})
    return Commit(
        version=version,
        operation=info.get("operation", "unknown"),
        run_id=run_id if is_run else None,
        created_us=created_us if is_run else None,
        touches_all=metadata or ours.get("touch") == "all",
        set_to=ours.get("set_to"),
        removes=removes or bool(removed),
        removed=tuple(removed),
        added=tuple(added),
        rows=_count(metrics.get("numOutputRows")),
        deleted=_count(metrics.get("numTargetRowsDeleted")),
        ours=bool(ours),
        timestamp_us=None if in_commit_ms is None else in_commit_ms * 1_000,
    )


def _as_added(remove: Mapping[str, Any]) -> dict[str, Any]:
    """The `add` action of a file that was removed, so that its rows can be read once more."""
    kept = {name: remove[name] for name in ("path", "partitionValues", "size", "deletionVector") if name in remove}
    return {"partitionValues": {}, "size": 0, **kept, "modificationTime": 0, "dataChange": True}


def _count(metric: str | None) -> int | None:
    return None if metric is None else int(metric)


def _user_metadata(**ours: Any) -> str:
    """What our commits carry. Other writers keep JSON objects there too, so that ours has a name of its own."""
    return json.dumps({"twinstore": ours})


def _own_metadata(text: str | None) -> dict[str, Any]:
    """What `_user_metadata` put there; empty for what other writers did."""
    try:
        found = json.loads(text or "")
    except ValueError:
        return {}
    ours = found.get("twinstore") if isinstance(found, dict) else None
    return ours if isinstance(ours, dict) else {}


class OfflineTable:
    """The Delta table at one address."""

    def __init__(self, spark: SparkSession, location: str) -> None:
        self._spark = spark
        self.location = location

    def snapshot(self, version: int | None = None) -> Snapshot | None:
        """The snapshot at a version, or the newest one; None when there is no table."""
        current = self._update() if version is None else self._log.getSnapshotAt(version, self._none, self._none)
        version = current.version()
        if version < 0:
            return None
        from pyspark.sql.types import StructType

        metadata = current.metadata()
        properties = self._jvm.scala.collection.JavaConverters.mapAsJavaMap(metadata.configuration())
        head = self.commit(version)
        return Snapshot(
            version=version,
            table_id=metadata.id(),
            timestamp_us=head.timestamp_us if head else None,
            schema=StructType.fromJson(json.loads(metadata.schemaString())),
            properties=dict(properties),
            set_to=head.set_to if head else None,
        )

    def size_bytes(self) -> int:
        """Bytes of the data files of the newest snapshot."""
        return int(self._update().sizeInBytes())

    def create(self, schema: StructType, properties: Mapping[str, str]) -> None:
        """Makes an empty table; leaves one that is there as it is."""
        builder = self._jvm.io.delta.tables.DeltaTable.createIfNotExists(self._spark._jsparkSession)
        builder = builder.location(self.location).addColumns(self._spark._jsparkSession.parseDataType(schema.json()))
        for name, value in properties.items():
            builder = builder.property(name, value)
        try:
            builder.execute()
        except Py4JJavaError as error:
            # Two writers that make the same table at once: the first one made it for both.
            if self._update().version() < 0:
                raise from_foreign(
                    error,
                    f"The Delta table {self.location} could not be made.",
                    "Check that its address can be written.",
                ) from error

    def redefine(self, seen: Snapshot, columns: Sequence[StructField], properties: Mapping[str, str]) -> None:
        """Adds columns and sets properties in one commit. Raises `TwinstoreError` when the schema or the properties are
        not those of `seen` any more: what another writer changed meanwhile must not be overwritten.

        `ALTER TABLE` takes the table as it finds it, and would need two commits.
        """
        from pyspark.sql.types import StructType

        transaction = self._log.startTransaction()
        metadata = transaction.metadata()
        now = self._jvm.scala.collection.JavaConverters.mapAsJavaMap(metadata.configuration())
        schema = json.loads(metadata.schemaString())
        if dict(now) != seen.properties or StructType.fromJson(schema) != seen.schema:
            raise self._changed_meanwhile()
        schema["fields"] += [each.jsonValue() for each in columns]
        configuration = metadata.configuration()
        for name, value in properties.items():
            configuration = configuration.updated(name, value)
        changed = metadata.copy(
            metadata.id(),
            metadata.name(),
            metadata.description(),
            metadata.format(),
            json.dumps(schema),
            metadata.partitionColumns(),
            configuration,
            metadata.createdTime(),
        )
        operation = getattr(self._jvm.org.apache.spark.sql.delta, "DeltaOperations$SetTableProperties")
        try:
            transaction.updateMetadata(changed, False)
            transaction.commit(self._scala_seq([]), operation(configuration))
        except Py4JJavaError as error:
            # The transaction ends so when another one changed the metadata first.
            if caused_by(error, "MetadataChangedException") or caused_by(error, "ProtocolChangedException"):
                raise self._changed_meanwhile() from error
            raise

    def _changed_meanwhile(self) -> TwinstoreError:
        return TwinstoreError(
            "conflict",
            f"Another writer changed the definition of {self.location} meanwhile, so that nothing was written.",
            "Run this again, with the definition of the table if it differs (`store.group(name)`).",
        )

    def alter(self, clause: str) -> None:
        """`ALTER TABLE … <clause>`."""
        address = self.location.replace("`", "``")
        self._spark.sql(f"ALTER TABLE delta.`{address}` {clause}")

    def read(self, version: int) -> DataFrame:
        """The rows at a version."""
        return self._spark.read.format("delta").option("versionAsOf", version).load(self.location)

    def read_as(self, schema: StructType, version: int) -> DataFrame:
        """The rows at a version; columns of `schema` that it did not have yet are null."""
        from pyspark.sql import functions as sf

        rows = self.read(version)
        coming = [each for each in schema.fields if each.name not in rows.columns]
        return rows.withColumns({each.name: sf.lit(None).cast(each.dataType) for each in coming})

    def commits(self, after: int, upto: int) -> list[Commit] | None:
        """The commits (after, upto]; None when the log no longer has all of them."""
        found = []
        for version in range(after + 1, upto + 1):
            commit = self.commit(version)
            if commit is None:
                return None
            found.append(commit)
        return found

    def commit(self, version: int) -> Commit | None:
        """One commit; None when its file is gone."""
        path = self._jvm.org.apache.hadoop.fs.Path(f"{self.location}/_delta_log/{version:020d}.json")
        files = path.getFileSystem(self._log.newDeltaHadoopConf())
        try:
            stream = files.open(path)
            try:
                data = stream.readNBytes(_COMMIT_LIMIT)
            finally:
                stream.close()
        except Py4JJavaError as error:
            if caused_by(error, "java.io.FileNotFoundException"):
                return None
            raise from_foreign(
                error, f"The commit {version} of {self.location} could not be read.", "See the details."
            ) from error
        return parse_commit(version, bytes(data).decode("utf-8").splitlines())

    def added_rows(self, commits: Iterable[Commit]) -> DataFrame:
        """The rows of the files that these commits added, as they are in those files."""
        return self._rows_of_files(line for commit in commits for line in commit.added)

    def removed_keys(self, commits: Iterable[Commit], keys: Sequence[str]) -> DataFrame:
        """The keys of all rows of the files that these commits removed, as far as VACUUM left these; evaluated."""
        adds = (json.dumps({"add": _as_added(json.loads(line)["remove"])}) for c in commits for line in c.removed)
        found = self._rows_of_files(adds).select(*(quoted(name) for name in keys)).distinct()
        with self._conf(_IGNORE_MISSING, "true"):
            return found.localCheckpoint()

    def _rows_of_files(self, adds: Iterable[str]) -> DataFrame:
        from pyspark.sql import DataFrame

        action = self._jvm.org.apache.spark.sql.delta.actions.Action
        files = self._scala_seq([action.fromJson(line) for line in adds])
        rows = self._log.createDataFrame(self._update(), files, False, self._none)
        return DataFrame(rows, self._spark)

    def _scala_seq(self, items: Sequence[Any]) -> Any:
        found = self._jvm.java.util.ArrayList()
        for item in items:
            found.add(item)
        return self._jvm.scala.collection.JavaConverters.asScalaBuffer(found).toSeq()

    def changed_keys(self, after: int, upto: int, keys: Sequence[str]) -> DataFrame:
        """The distinct keys of all rows that the commits (after, upto] added, removed or replaced."""
        reader = self._spark.read.format("delta").option("readChangeFeed", "true")
        feed = reader.option("startingVersion", after + 1).option("endingVersion", upto).load(self.location)
        return feed.select(*keys).distinct()

    def has_run(self, group: str, run_id: str) -> bool:
        """Whether a run of the group has been appended."""
        found = self._update().transactions().get(application_id(group, run_id))
        return bool(found.isDefined())

    def append(self, rows: DataFrame, group: str, run_id: str, created_us: int) -> Commit | None:
        """Appends `rows` as one run; its commit, or None when the run is there already.

        Raises `TwinstoreError` when another writer's commit took the place of this one.
        """
        # Options of this one write, never session confs, which would stay for whatever is written next.
        writer = rows.write.format("delta").mode("append").option("txnVersion", "0")
        writer = writer.option("txnAppId", application_id(group, run_id))
        writer = writer.option("userMetadata", _user_metadata(run=run_id, created_us=created_us))
        try:
            writer.save(self.location)
        except FOREIGN as error:
            if caused_by(error, "ConcurrentTransactionException"):
                return None
            raise
        # Of any table of this session, and of this one when it carries our run.
        version = self._spark.conf.get(LAST_COMMIT, None)
        commit = None if version is None else self.commit(int(version))
        if commit is None or commit.run_id != run_id:
            commit = self.commit_of(run_id, -1)
        if commit is None:
            raise TwinstoreError(
                "conflict",
                f"The commit of this run is not in the log of {self.location}: another writer overwrote it.",
                "Run this again. Let every writer of the table use twinstore, whose lease keeps them apart.",
            )
        return commit

    def commit_of(self, run_id: str, after: int) -> Commit | None:
        """The commit of a run, sought from the head back to `after`; None when the log does not have it."""
        for version in range(self._update().version(), after, -1):
            commit = self.commit(version)
            if commit is None or commit.run_id == run_id:
                return commit
        return None

    def stamp(self, schema: StructType, touch: str, set_to: int | None = None) -> None:
        """An empty commit, for a fresh write timestamp. After one that touches `all` every key is written again; what
        one that touches `keys` is for, its maker knows. `set_to` names the older version that its maker writes online.

        Delta makes no commit for an append without rows, unless it carries a transaction.
        """
        # Of a list, Spark would ask a process of Python's for no rows.
        nothing = self._spark.createDataFrame(self._spark.sparkContext.emptyRDD(), schema)
        writer = nothing.write.format("delta").mode("append")
        writer = writer.option("txnAppId", f"twinstore.stamp:{uuid.uuid4().hex}").option("txnVersion", "0")
        told = {"touch": touch} if set_to is None else {"touch": touch, "set_to": set_to}
        writer.option("userMetadata", _user_metadata(**told)).save(self.location)

    def delete(self, keys: DataFrame) -> int | None:
        """Deletes every row of these keys; how many there were, None when there was none and so no commit."""
        from delta.tables import DeltaTable

        before = self._update().version()
        names = [quoted(name) for name in keys.columns]
        condition = " AND ".join(f"history.{name} = gone.{name}" for name in names)
        merge = DeltaTable.forPath(self._spark, self.location).alias("history").merge(keys.alias("gone"), condition)
        # A merge takes no options.
        with self._conf(_USER_METADATA, _user_metadata(touch="keys")):
            merge.whenMatchedDelete().execute()
        version = self._spark.conf.get(LAST_COMMIT, None)
        commit = None if version is None or int(version) <= before else self.commit(int(version))
        return None if commit is None else commit.deleted

    @contextmanager
    def _conf(self, name: str, value: str) -> Iterator[None]:
        """The session's setting `name`, for as long as the block lasts."""
        before = self._spark.conf.get(name, None)
        self._spark.conf.set(name, value)
        try:
            yield
        finally:
            if before is None:
                self._spark.conf.unset(name)
            else:
                self._spark.conf.set(name, before)

    def _update(self) -> Any:
        try:
            return self._log.update(False, self._none, self._none)
        except Py4JJavaError as error:
            raise from_foreign(
                error,
                f"The Delta log of {self.location} could not be read.",
                "Check that the address is right and that the settings name the store's endpoint and credentials.",
            ) from error

    @property
    def _jvm(self) -> Any:
        return self._spark._jvm

    @property
    def _none(self) -> Any:
        return self._jvm.scala.Option.empty()

    @cached_property
    def _log(self) -> Any:
        try:
            return self._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(self._spark._jsparkSession, self.location)
        except Py4JJavaError as error:
            raise from_foreign(
                error,
                f"The offline store at {self.location} could not be reached.",
                "Check that the address is right and that the settings name the store's endpoint and credentials.",
            ) from error
        except (Py4JError, TypeError) as error:
            # py4j gives a package, which is not callable, for a class that is not on the class path.
            raise TwinstoreError(
                "bad_request",
                "This Spark session has no Delta Lake.",
                "Call `spark.stop()`, then make the session with `ts.spark_session()`; or add delta-spark to it.",
            ) from error
