"""W0: all that stands in the way of a write, found before any byte is written; then the tables made ready."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Callable
from urllib.parse import urlsplit

from pyspark.sql import functions as sf
from pyspark.sql import types as t

from .address import same_place
from .config import Settings
from .delta_log import Snapshot
from .errors import TwinstoreError, Unsupported, from_foreign
from .expiry import SLACK_US
from .feature_group import CREATED_US, ROW_HASH, Definition
from .foreign import FOREIGN
from .keyspaces import server_problems, settings_problems
from .online import OnlineShape, OnlineTable
from .online_preflight import Lack, lacks, no_keyspace, online_problems
from .problem import Problem, refuse
from .twins import Twins
from .types import contract, quoted
from .winners import key_names

#: Properties without which the protocol does not hold, and their values.
PROPERTIES = {"delta.enableInCommitTimestamps": "true", "delta.enableChangeDataFeed": "true"}
DEFINITION = "twinstore.definition"
FORMAT = "twinstore.format"
_FORMAT = "1"
_NOT_NULL = "twinstore_not_null"
_CONSTRAINT = f"delta.constraints.{_NOT_NULL}"

#: How far clocks may differ. A store may refuse writes that are five minutes ahead.
CLOCK_SLACK_US = 240_000_000
_INTERNAL = {CREATED_US: "bigint", ROW_HASH: "bigint"}
#: Columns of which Delta keeps statistics by itself.
_STATISTICS_COLUMNS = 32
_OBJECT_STORES = ("s3", "s3a", "s3n")


@dataclass(frozen=True)
class Changes:
    """What must change in the offline table: `columns` to add, `properties` to set, and a `constraint` to add, in the
    place of one that is too weak where it `replaces` that."""

    columns: tuple[t.StructField, ...]
    properties: Mapping[str, str]
    constraint: str | None
    replaces: bool = False


@dataclass(frozen=True)
class Readiness:
    """What the preflight found. `snapshot` is None where the offline table must be made.

    `changes` make an adopted table one of ours, or bring the definition up to date; `lacks` must be made online.
    """

    snapshot: Snapshot | None
    changes: Changes | None = None
    lacks: tuple[Lack, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)


def needs_lease(settings: Settings, location: str) -> bool:
    """Whether commits to `location` must take the lease: the store's own log cannot refuse a second writer."""
    return settings.offline.single_writer and urlsplit(location).scheme in _OBJECT_STORES


class CopiedTable(TwinstoreError):  # noqa: N818 - its name says what was found
    """A table that came by its definition with a copy of another one, or was moved; `group` is the name in it."""

    def __init__(self, location: str, definition: Definition) -> None:
        self.group = definition.name
        super().__init__(
            "conflict",
            f"{location} is a copy of {definition.offline}, the table of the feature group {definition.name}, or was "
            "moved from there.",
            f"Name the group by offline={definition.offline!r}. Or make this table a group of its own: ALTER TABLE "
            f"delta.`{location}` UNSET TBLPROPERTIES ('{DEFINITION}'), then write it with another name and another "
            "online table.",
        )


def kept_definition(snapshot: Snapshot, location: str) -> Definition | None:
    """The definition in the table's properties; None when it has none.

    Raises `Unsupported` for a newer format, and `CopiedTable` for the definition of a table that lies elsewhere: what
    is asked of the copy would be done to that one.
    """
    text = snapshot.properties.get(DEFINITION)
    known = snapshot.properties.get(FORMAT, _FORMAT)
    if known != _FORMAT:
        raise Unsupported(
            f"{location} has twinstore.format {known}, and this version knows {_FORMAT}.", "Use a newer twinstore."
        )
    if text is None:
        return None
    definition = Definition.from_json(text, location)
    if not same_place(definition.offline, location):
        raise CopiedTable(location, definition)
    return definition


def check(twins: Twins, settings: Settings, new_features: Sequence[str] = ()) -> Readiness:
    """Looks at both stores, changing nothing. Of features that the group's table lacks only `new_features` may come.

    Raises one `TwinstoreError` that lists all that is wrong.
    """
    found = [*_session_problems(twins, settings), *settings_problems(twins, settings)]
    snapshot: Snapshot | None = None
    shapes: list[tuple[OnlineTable, OnlineShape | None]] = []
    changes: Changes | None = None
    offline: list[Problem] = []
    try:
        snapshot = twins.offline.snapshot()
        if snapshot is not None:
            offline = list(_offline_problems(twins, snapshot, new_features))
            found += clock_problems(snapshot, twins.offline.location)
            changes = _changes(twins.definition, snapshot)
    except TwinstoreError as error:
        found.append(Problem(error.message, error.remedy))
    try:
        if twins.cql.keyspace_exists(twins.definition.keyspace):
            shapes = [(table, table.shape()) for table in twins.online.tables]
            found += _own_clock_problems(twins)
        else:
            found.append(no_keyspace(twins))
        found += server_problems(twins)
    except TwinstoreError as error:
        found.append(Problem(error.message, error.remedy))
    found += offline
    if not offline:
        # Which columns an online table must have is known only once the definition is.
        found += (each for table, shape in shapes if shape for each in online_problems(twins, table, shape, snapshot))
    refuse(f"{twins.definition.name} cannot be written", found)
    return Readiness(snapshot, changes, tuple(lacks(shapes)), tuple(_notes(twins, snapshot)))


def check_again(twins: Twins, settings: Settings, ready: Readiness, new_features: Sequence[str] = ()) -> Readiness:
    """What the preflight finds later: the same while all tables are there and no commit was made meanwhile."""
    now = None if ready.lacks else twins.offline.snapshot()
    before = ready.snapshot
    if now and before and (now.table_id, now.version) == (before.table_id, before.version):
        return ready
    return check(twins, settings, new_features)


def check_version(twins: Twins, ready: Readiness, version: int) -> None:
    """Raises `TwinstoreError` when the rows of an older version of the offline table can no longer be read."""
    with reading(version, ready.snapshot, twins.offline.location):
        # A count alone would be answered from the log.
        twins.offline.read(version).agg(sf.max(sf.xxhash64(*key_names(twins.definition)))).collect()


@contextmanager
def reading(version: int, head: Snapshot | None, location: str) -> Iterator[None]:
    """Within it a version of the offline table is read, whose newest is `head`. Raises `TwinstoreError` when there is
    no such version, or it can no longer be read."""
    newest = -1 if head is None else head.version
    if not 0 <= version <= newest:
        raise TwinstoreError(
            "not_found",
            f"{location} has no version {version}.",
            f"Choose one from 0 to {newest}." if newest >= 0 else "Write the group first.",
        )
    try:
        yield
    except FOREIGN as error:
        raise from_foreign(
            error,
            f"Version {version} of {location} can no longer be read: VACUUM or the clean-up of the log "
            "took part of it.",
            "Choose a newer version (`DESCRIBE HISTORY` lists them), or restore the files from a backup.",
            code="not_found",
        ) from error


def prepare(twins: Twins, ready: Readiness, watermark: int, before_commit: Callable[[], None]) -> Readiness:
    """Makes what is missing: the offline table, its properties, then the online tables, which name the offline one.

    `before_commit` may refuse each commit by raising.
    """
    kept = None if ready.snapshot is None else kept_definition(ready.snapshot, twins.offline.location)
    if ready.snapshot is None:
        before_commit()
        twins.offline.create(_table_schema(twins.definition), _properties(twins.definition))
    if ready.snapshot is not None and ready.changes is not None:
        _change(twins, ready.snapshot, ready.changes, before_commit)
    snapshot = twins.offline.snapshot() if ready.snapshot is None or ready.changes else ready.snapshot
    snapshot = _made(twins, snapshot)
    notes = ready.notes
    lost = [words for each in ready.lacks if (words := each.lost(kept))]
    if lost and watermark >= 0:
        # Receipts tell of values that are gone. The stamp comes first, so that a crash after it leaves a gap that
        # writes every key.
        before_commit()
        twins.offline.stamp(snapshot.schema, "all")
        snapshot = _made(twins, twins.offline.snapshot())
        notes = (*notes, f"{'; '.join(lost)} missing: every key is written again.")
    # After the definition in the offline table: a writer of the old one is refused from then on, and a crash in between
    # leaves what the next writer adds.
    for each in ready.lacks:
        each.make_up(snapshot.table_id)
    return replace(ready, snapshot=snapshot, notes=notes)


def _change(twins: Twins, seen: Snapshot, changes: Changes, before_commit: Callable[[], None]) -> None:
    if changes.columns or changes.properties:
        before_commit()
        twins.offline.redefine(seen, changes.columns, changes.properties)
    if changes.replaces:
        before_commit()
        twins.offline.alter(f"DROP CONSTRAINT {_NOT_NULL}")
    if changes.constraint is not None:
        before_commit()
        twins.offline.alter(f"ADD CONSTRAINT {_NOT_NULL} CHECK ({changes.constraint})")


def _notes(twins: Twins, snapshot: Snapshot | None) -> Iterator[str]:
    if snapshot is None:
        return
    kept = kept_definition(snapshot, twins.offline.location)
    if kept is None:
        yield f"The Delta table {twins.offline.location} was adopted: its rows all go online."
    elif changed := twins.definition.change_from(kept).legal:
        yield f"The definition was changed: {'; '.join(changed)}. Every key is written again."


def _made(twins: Twins, snapshot: Snapshot | None) -> Snapshot:
    if snapshot is None:
        raise TwinstoreError("internal", f"{twins.offline.location} vanished while it was made.", "Run this again.")
    return snapshot


def _session_problems(twins: Twins, settings: Settings) -> Iterator[Problem]:
    conf = twins.spark.sparkContext.getConf()
    by_conf = settings.online.credentials.file is not None and not twins.dialect.needs_profile
    if by_conf and conf.get("spark.cassandra.auth.username") is None:
        # The connector would be refused only after history was written.
        yield Problem(
            "This Spark session has no login for the online store.",
            "Call `spark.stop()` and make it with `ts.spark_session()`, or start it with spark.cassandra.auth.username "
            "and spark.cassandra.auth.password.",
        )
    if conf.get("spark.speculation", "false") == "true":
        yield Problem("spark.speculation is on, which runs online writes twice.", "Set spark.speculation=false.")
    try:
        # The budget of its writes may be one that this session cannot keep.
        _ = twins.cql.connection.bulk_conf
    except TwinstoreError as error:
        yield Problem(error.message, error.remedy)
    scheme = urlsplit(twins.offline.location).scheme
    log_store = conf.get(f"spark.delta.logStore.{scheme}.impl", "") or ""
    if scheme in _OBJECT_STORES and not settings.offline.single_writer and "DynamoDB" not in log_store:
        yield Problem(
            f"Two writers could overwrite each other's commits at {twins.offline.location}: its log store has no "
            "put-if-absent.",
            "Set `single_writer = true` for the offline store, or use Delta's S3DynamoDBLogStore.",
        )


def _offline_problems(twins: Twins, snapshot: Snapshot, new_features: Sequence[str]) -> Iterator[Problem]:
    location, definition = twins.offline.location, twins.definition
    kept = kept_definition(snapshot, location)
    change = None if kept is None else definition.change_from(kept)
    if unguarded := _unguarded(definition, snapshot):
        no_null = sf.expr(_no_null_in(unguarded))
        if not twins.offline.read(snapshot.version).where(~no_null).isEmpty():
            required = " or ".join(unguarded)
            yield Problem(f"Rows of {location} have a null in {required}.", "Fill these columns, or delete such rows.")
    if change is not None and change.illegal:
        yield Problem(
            f"The definition of {definition.name} differs from the one in {location}: {'; '.join(change.illegal)}.",
            "Write with the definition of the table (`store.group(name)`): features may come, and ttl, tolerances and "
            "description may change, but nothing else. Or give the group another table.",
        )
    else:
        coming = () if change is None else tuple(column.name for column in change.features)
        # A column that was left in a DataFrame by mistake could not be taken out of the group again.
        for name in coming:
            if name not in new_features:
                yield Problem(
                    f"Column {name} is not a feature of {definition.name}.",
                    f"Leave it out: rows.drop({name!r}). Or make it one: write(…, new_features=[{name!r}]).",
                )
        yield from _schema_problems(definition, snapshot, location, coming)


def clock_problems(head: Snapshot, location: str, written_us: int = 0) -> Iterator[Problem]:
    """What is wrong with the time of the head's commit, which is that of online writes: it must not be to come, nor
    before `written_us`, that of earlier writes."""
    if head.timestamp_us is None:
        return
    ahead_us, behind_us = head.timestamp_us - time.time_ns() // 1_000, written_us - head.timestamp_us
    if ahead_us > CLOCK_SLACK_US:
        yield Problem(
            f"The last commit of {location} is {ahead_us // 1_000_000} s ahead of this clock, and later commits would "
            "stay there.",
            "Correct the clock; if it was the writer's, switch delta.enableInCommitTimestamps off and on again.",
        )
    if behind_us > 0:
        seconds = behind_us // 1_000_000 + 1
        yield Problem(
            f"Rows were written online at a time that is {seconds} s after the last commit of {location}: a clock was "
            "ahead then, and nothing older would show.",
            f"Run this again in {seconds} s.",
        )


def _own_clock_problems(twins: Twins) -> Iterator[Problem]:
    """By this machine's clock rows are told from those that have expired, and by the store's they do."""
    ahead_us = twins.cql.clock_ahead_us()
    slack_us = CLOCK_SLACK_US if twins.definition.ttl_seconds is None else SLACK_US
    if abs(ahead_us) > slack_us:
        where = "ahead of" if ahead_us > 0 else "behind"
        yield Problem(
            f"The clock of this machine is {abs(ahead_us) // 1_000_000} s {where} that of the online store.",
            "Set both by a time server.",
        )


def _schema_problems(
    definition: Definition, snapshot: Snapshot, location: str, coming: Sequence[str]
) -> Iterator[Problem]:
    kept = {each.name: each.dataType.simpleString() for each in snapshot.schema.fields}
    wanted = {column.name: column.type for column in definition.columns}
    for name, kind in {**wanted, **_INTERNAL}.items():
        if name not in kept:
            if name not in _INTERNAL and name not in coming:
                yield Problem(f"The Delta table {location} has no column {name}.", "Add it, or leave it out.")
        elif kept[name] != kind:
            yield Problem(
                f"Column {name} is {kind}, and {kept[name]} in the Delta table {location}.",
                f"Cast it: cast({name} as {kept[name]}).",
            )
    for name in kept:
        if name not in wanted and name not in _INTERNAL:
            yield Problem(
                f"The Delta table {location} has the column {name}, which the DataFrame lacks.",
                f"Add {name}, or give the group another table. If a write with new_features=[{name!r}] broke off, run "
                "it again.",
            )


def _table_schema(definition: Definition) -> t.StructType:
    fields = []
    for column in definition.columns:
        required = column.name in definition.keys or column.name == definition.event_timestamp
        fields.append(t.StructField(column.name, contract(column).spark, nullable=not required))
    return t.StructType([*fields, *(t.StructField(name, t.LongType()) for name in _INTERNAL)])


def _properties(definition: Definition) -> dict[str, str]:
    found = {**PROPERTIES, DEFINITION: definition.to_json(), FORMAT: _FORMAT}
    columns = len(definition.columns) + len(_INTERNAL)
    if columns > _STATISTICS_COLUMNS:
        # The internal columns are the last, and files without their nulls must be told from the others.
        found["delta.dataSkippingNumIndexedCols"] = str(columns)
    return found


def _changes(definition: Definition, snapshot: Snapshot) -> Changes | None:
    wanted = _table_schema(definition)
    missing = tuple(each for each in wanted.fields if each.name not in snapshot.schema.names)
    unguarded = _unguarded(definition, snapshot)
    constraint = _no_null_in(unguarded) if unguarded else None
    properties = {
        name: value
        for name, value in _properties(definition).items()
        if name != DEFINITION and snapshot.properties.get(name) != value
    }
    kept = kept_definition(snapshot, definition.offline)
    if kept is None or not definition.change_from(kept).none:
        properties[DEFINITION] = definition.to_json()
    if not (missing or properties or constraint):
        return None
    return Changes(missing, properties, constraint, bool(constraint) and _CONSTRAINT in snapshot.properties)


def _unguarded(definition: Definition, snapshot: Snapshot) -> Sequence[str]:
    """The keys and event time that may be null by the table's schema, where its constraint does not keep nulls out of
    all of them."""
    nullable = {each.name for each in snapshot.schema.fields if each.nullable}
    required = [name for name in (*definition.keys, definition.event_timestamp) if name in nullable]
    constraint = snapshot.properties.get(_CONSTRAINT, "")
    return [] if all(_no_null_in([name]) in constraint for name in required) else required


def _no_null_in(names: Sequence[str]) -> str:
    """The condition that a row has a value in each of these columns."""
    return " AND ".join(f"{quoted(name)} IS NOT NULL" for name in names)
