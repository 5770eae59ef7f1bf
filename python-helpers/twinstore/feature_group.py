"""Feature groups: what a user declares, and the definition that a table keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pyspark.sql.types import StructType

from .errors import TwinstoreError
from .problem import Problem, refuse
from .schemas import problems as schema_problems
from .types import GroupColumn, IllegalType, check_event_time, check_key, contract

#: Most seconds that a row may live in CQL (20 years).
MAX_TTL_S = 630_720_000

#: Internal columns of the offline table: when a row was written (µs), and the hash of its features.
CREATED_US = "_created_us"
ROW_HASH = "_row_hash"

#: Internal column of the online table: the Delta version whose winner the row is.
COMMIT_VERSION = "_commit_version"
#: Of a row of several online tables `COMMIT_VERSION` is the oldest. The newest, and the names of the tables without it:
NEWEST_COMMIT = "_newest_commit"
LACKING = "_lacking"

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,47}$")
_ONLINE = re.compile(r"^[a-z][a-z0-9_]{0,47}\.[a-z][a-z0-9_]{0,47}$")
_TTL_UNIT_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
# What Parquet, Delta or the connector cannot have in the name of a column.
_ILLEGAL_CHARACTERS = re.compile(r"[ ,;{}()\n\t=.`\"]")


@dataclass(frozen=True)
class FeatureGroup:
    """What is written as a unit: one Delta table (`offline`) and one CQL table (`online`, as `keyspace.table`), or
    several where `split` says so.

    `keys` name the entity, in partition key order; `event_timestamp` says when a row was true. `ttl` is how long after
    its event time a row stays online, as `400d`, `12h`, `90m`, `30s` or seconds; None means for ever. `exact` names
    timestamps that keep their microseconds online; `tolerances` gives the largest absolute difference that parity
    accepts, by column; `nested` says how a nested column is kept online, `json` or `frozen`. `split` names, by table of
    the same keyspace, the features that are kept there and not in `online`: for groups with more columns than a
    statement may have.
    """

    name: str
    keys: Sequence[str]
    event_timestamp: str
    offline: str
    online: str
    ttl: str | int | None = None
    description: str = ""
    exact: Sequence[str] = ()
    tolerances: Mapping[str, float] = field(default_factory=dict)
    nested: Mapping[str, str] = field(default_factory=dict)
    split: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def define(self, schema: StructType) -> Definition:
        """The definition of the group over a DataFrame's schema.

        Raises `TwinstoreError` that lists everything wrong with the declaration and with the schema.
        """
        refuse(f"The feature group {self.name} cannot be defined", list(self.problems(schema)))
        return Definition(
            name=self.name,
            description=self.description,
            keys=tuple(self.keys),
            event_timestamp=self.event_timestamp,
            columns=tuple(self._columns(schema)),
            ttl_seconds=ttl_seconds(self.ttl),
            offline=self.offline.rstrip("/"),
            online=self.online,
        )

    def problems(self, schema: StructType) -> Iterator[Problem]:
        """Everything wrong with the declaration and with `schema`; empty when `define` will succeed."""
        yield from self._declaration_problems()
        yield from self._name_problems(schema.names)
        present = {column.name: column for column in self._columns(schema)}
        elsewhere = [name for names in self.split.values() for name in names]
        for name in [*self.keys, self.event_timestamp, *self.exact, *self.tolerances, *self.nested, *elsewhere]:
            if name not in present:
                yield Problem(f"Column {name} is declared and not in the DataFrame.", f"Add {name}, or correct it.")
        for column in present.values():
            yield from self._column_problems(column)

    def _columns(self, schema: StructType) -> Iterator[GroupColumn]:
        tables = {name: table for table, names in self.split.items() for name in names}
        for each in schema.fields:
            yield GroupColumn(
                name=each.name,
                type=each.dataType.simpleString(),
                exact=each.name in self.exact,
                online_as=self.nested.get(each.name),
                tolerance=self.tolerances.get(each.name),
                online_table=tables.get(each.name),
            )

    def _declaration_problems(self) -> Iterator[Problem]:
        if not _NAME.match(self.name):
            yield Problem(
                f"The name {self.name!r} is not legal.",
                "Use lower-case letters, digits and _, beginning with a letter, at most 48.",
            )
        if not _ONLINE.match(self.online):
            yield Problem(f"online={self.online!r} is not an online table.", "Write it as keyspace.table, lower case.")
        if not self.offline.rstrip("/"):
            yield Problem("offline is empty.", "Give the address of the Delta table, such as s3a://features/energy.")
        if isinstance(self.keys, str) or not self.keys:
            yield Problem(f"keys={self.keys!r} names no key columns.", "Give a list such as keys=['household_id'].")
        elif len(set(self.keys)) < len(self.keys) or self.event_timestamp in self.keys:
            yield Problem("A column is named twice among keys and event_timestamp.", "Name each once.")
        try:
            ttl_seconds(self.ttl)
        except TwinstoreError as error:
            yield Problem(error.message, error.remedy)
        for name, how in self.nested.items():
            if how not in ("json", "frozen"):
                yield Problem(f"nested[{name!r}] is {how!r}.", "Use 'json' or 'frozen'.")
        for name, tolerance in self.tolerances.items():
            if not tolerance >= 0:
                yield Problem(f"tolerances[{name!r}] is {tolerance!r}.", "Use a number that is not negative.")
        yield from self._split_problems()

    def _split_problems(self) -> Iterator[Problem]:
        # Every table has the keys, and the first one the event time.
        seen = {self.event_timestamp, *self.keys}
        for table, names in self.split.items():
            if not _NAME.match(table) or table == self.online.split(".")[-1]:
                yield Problem(
                    f"split names the table {table!r}.",
                    f"Use another name than that of {self.online}, of lower-case letters, digits and _, beginning with "
                    "a letter, at most 48; its keyspace is that of online.",
                )
            if isinstance(names, str) or not names:
                yield Problem(f"split[{table!r}] is {names!r}.", "Give a list of features, such as ['mean', 'peak'].")
                continue
            for name in names:
                if name in seen:
                    yield Problem(
                        f"split[{table!r}] names {name}, which another table or every table has.", "Leave it out."
                    )
                seen.add(name)

    def _name_problems(self, names: Sequence[str]) -> Iterator[Problem]:
        seen: dict[str, str] = {}
        for name in names:
            if name.startswith("_"):
                yield Problem(f"Column {name} begins with _, which is reserved.", "Rename it.")
            if not name or _ILLEGAL_CHARACTERS.search(name):
                yield Problem(f"Column {name!r} has a character that a store cannot have in a name.", "Rename it.")
            other = seen.setdefault(name.lower(), name)
            if other is not name:
                yield Problem(f"Columns {other} and {name} differ in nothing but case.", "Rename one of them.")

    def _column_problems(self, column: GroupColumn) -> Iterator[Problem]:
        try:
            kept = contract(column)
            if column.tolerance is not None and not kept.numeric:
                yield Problem(f"Column {column.name} is {column.type}: a tolerance needs a number.", "Drop it.")
            if column.name in self.keys:
                check_key(column)
            if column.name == self.event_timestamp:
                check_event_time(column)
        except IllegalType as illegal:
            yield Problem(illegal.message, illegal.remedy)


@dataclass(frozen=True)
class Definition:
    """What a feature group is, complete: kept as JSON (`group.schema.json`) in the property `twinstore.definition`."""

    name: str
    keys: tuple[str, ...]
    event_timestamp: str
    columns: tuple[GroupColumn, ...]
    ttl_seconds: int | None
    offline: str
    online: str
    description: str = ""

    @property
    def key_columns(self) -> tuple[GroupColumn, ...]:
        """In partition key order."""
        return tuple(self.column(name) for name in self.keys)

    @property
    def event_column(self) -> GroupColumn:
        return self.column(self.event_timestamp)

    @property
    def features(self) -> tuple[GroupColumn, ...]:
        """Columns that are neither key nor event time."""
        return tuple(c for c in self.columns if c.name not in self.keys and c.name != self.event_timestamp)

    @property
    def keyspace(self) -> str:
        return self.online.split(".")[0]

    @property
    def table(self) -> str:
        return self.online.split(".")[1]

    @property
    def parts(self) -> tuple[Definition, ...]:
        """Each online table of the group as if it were that of a group of its own: the keys and the features that it
        keeps. The first is that of `online`, and has the event time."""
        tables = dict.fromkeys(column.online_table for column in self.columns if column.online_table is not None)
        return tuple(
            replace(
                self,
                online=self.online if table is None else f"{self.keyspace}.{table}",
                columns=tuple(
                    column for column in self.columns if column.name in self.keys or column.online_table == table
                ),
            )
            for table in (None, *tables)
        )

    def column(self, name: str) -> GroupColumn:
        """The column called `name`; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        """As in `group.schema.json`."""
        return {
            "name": self.name,
            "description": self.description,
            "keys": list(self.keys),
            "event_timestamp": self.event_timestamp,
            "columns": [column.to_dict() for column in self.columns],
            "ttl_seconds": self.ttl_seconds,
            "offline": self.offline,
            "online": self.online,
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str, address: str) -> Definition:
        """The definition that the table at `address` keeps. Raises `TwinstoreError` when it is not a legal one."""
        try:
            raw = json.loads(text)
            wrong = schema_problems(raw, "group")
        except ValueError as error:
            wrong = [str(error)]
        if wrong:
            raise TwinstoreError(
                "bad_request",
                f"The property twinstore.definition of {address} is not a legal definition: {'; '.join(wrong)}.",
                "RESTORE the table to a version that has one, or write with a newer twinstore.",
            )
        columns = tuple(GroupColumn(**column) for column in raw.pop("columns"))
        return cls(**{**raw, "keys": tuple(raw.pop("keys")), "columns": columns})

    def group(self) -> FeatureGroup:
        """The declaration that this definition follows from."""
        return FeatureGroup(
            name=self.name,
            keys=self.keys,
            event_timestamp=self.event_timestamp,
            offline=self.offline,
            online=self.online,
            ttl=self.ttl_seconds,
            description=self.description,
            exact=tuple(c.name for c in self.columns if c.exact),
            tolerances={c.name: c.tolerance for c in self.columns if c.tolerance is not None},
            nested={c.name: c.online_as for c in self.columns if c.online_as is not None},
            split={part.table: tuple(c.name for c in part.features) for part in self.parts[1:]},
        )

    def change_from(self, kept: Definition) -> DefinitionChange:
        """What this definition changes in `kept`; the order of columns does not count."""
        legal: list[str] = []
        illegal: list[str] = []
        mine, theirs = self.to_dict(), kept.to_dict()
        for name in ("description", "ttl_seconds", "name", "keys", "event_timestamp", "offline", "online"):
            if mine[name] != theirs[name]:
                words = f"{name} is {mine[name]!r} and was {theirs[name]!r}"
                (legal if name in ("description", "ttl_seconds") else illegal).append(words)
        before = {column.name: column for column in kept.columns}
        features = tuple(column for column in self.features if column.name not in before)
        legal += [f"feature {column.name} is new" for column in features]
        for column in self.columns:
            was = before.pop(column.name, column)
            if replace(column, tolerance=was.tolerance) != was:
                illegal.append(f"column {column.name} is {column.in_words()} and was {was.in_words()}")
            elif column != was:
                legal.append(f"the tolerance of {column.name} is {column.tolerance} and was {was.tolerance}")
        illegal += [f"column {name} is missing" for name in before]
        return DefinitionChange(tuple(legal), tuple(illegal), features)


@dataclass(frozen=True)
class DefinitionChange:
    """How one definition differs from an earlier one, in words.

    `legal` may change while there are rows: ttl, description, tolerances, and features that come. `illegal` may not.
    """

    legal: tuple[str, ...]
    illegal: tuple[str, ...]
    features: tuple[GroupColumn, ...]

    @property
    def none(self) -> bool:
        return not self.legal and not self.illegal


def ttl_seconds(ttl: str | int | None) -> int | None:
    """Seconds of a time to live such as `400d`; None for None. Raises `TwinstoreError` when it is not legal."""
    if ttl is None:
        return None
    seconds = ttl
    if isinstance(ttl, str):
        match = re.fullmatch(r"([0-9]+)([smhd])", ttl)
        seconds = int(match[1]) * _TTL_UNIT_S[match[2]] if match else 0
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 1 <= seconds <= MAX_TTL_S:
        raise TwinstoreError(
            "bad_request",
            f"ttl={ttl!r} is not a time to live.",
            "Write it as 400d, 12h, 90m or 30s, from 1 s to 20 years (7300d); None keeps rows for ever.",
        )
    return seconds
