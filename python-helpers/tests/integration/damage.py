"""Entities with a column of every type, the CQL that damages them, and what a proof must then say of each.

What must be said follows from what is done to an entity, never from a comparison of its rows. Values are texts as in
`test/vectors/types.json`.
"""

from __future__ import annotations

import json
import math
import random
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, Optional

Vector = dict[str, Any]
Row = dict[str, Optional[str]]

VECTORS = Path(__file__).parents[3] / "test" / "vectors" / "types.json"
KEY, EVENT, COMMIT = "entity", "at", "_commit_version"
#: How long a row stays online; the event of a row that has expired is older, that of all others a day old.
TTL_DAYS = 400

#: Numbers with a tolerance: name, type, tolerance, a value, one as far from it as is accepted, and one just beyond.
_NEAR = (
    ("near_tiny", "tinyint", 2.0, "7", "9", "10"),
    ("near_small", "smallint", 2.0, "-300", "-302", "-303"),
    ("near_whole", "int", 2.0, "70000", "69998", "69997"),
    ("near_big", "bigint", 1.0, "9007199254740993", "9007199254740992", "9007199254740991"),
    ("near_single", "float", 0.5, "1.25", "1.75", "1.7500001"),
    ("near_twofold", "double", 0.5, "-1.25", "-1.75", "-1.7500000000000002"),
    ("near_price", "decimal(10,2)", 0.01, "1.10", "1.11", "1.12"),
    (
        "near_exactly",
        "decimal(38,18)",
        0.5,
        "12345678901234567890.1",
        "12345678901234567890.6",
        "12345678901234567890.601",
    ),
)
FEATURES: list[Vector] = [
    *json.loads(VECTORS.read_text())["columns"],
    # Spark writes it with an exponent.
    {"name": "little", "type": "decimal(38,18)", "values": [{"value": "0.000000000123"}]},
    *(
        {"name": name, "type": kind, "tolerance": tolerance, "values": [{"value": value}], "near": near, "far": far}
        for name, kind, tolerance, value, near, far in _NEAR
    ),
]
_EVENT: Vector = {"name": EVENT, "type": "timestamp", "values": []}
COLUMNS: dict[str, Vector] = {each["name"]: each for each in (_EVENT, *FEATURES)}

_EXACT = Context(prec=60)
_DAY_US = 86_400_000_000


@dataclass
class Entity:
    """One key: the rows that writes bring, what CQL then sets or deletes, and what a proof must say.

    `first` and `second` are what finished writes bring, `third` is of a later one that stops before its receipt. `sets`
    are columns that CQL writes, `COMMIT` by the name of the write whose version it takes. `agreements` names the
    columns that do not compare as a write leaves them, `reason` is how the words begin, with `{when}` for the time of
    the damage and `{first}`, `{second}` for versions.
    """

    key: str
    kind: str
    column: str
    first: Row | None = None
    second: Row | None = None
    third: Row | None = None
    has_expired: bool = False
    sets: Row = field(default_factory=dict)
    deletes: bool = False
    state: str = "match"
    agreements: dict[str, str] = field(default_factory=dict)
    reason: str = ""

    @property
    def history(self) -> Row | None:
        """The winner at the anchor."""
        return self.second or self.first

    @property
    def history_commit(self) -> str | None:
        """The write that brought the winner."""
        return None if self.first is None else "second" if self.second else "first"

    @property
    def online(self) -> Row | None:
        """The row that is online after the damage, where it is not of the third write."""
        if self.deletes or (self.has_expired and not self.sets):
            return None
        before = {} if self.history is None or self.has_expired else self.history
        written = {name: back(name, value) for name, value in before.items()}
        return {**dict.fromkeys(COLUMNS), **written, **{n: v for n, v in self.sets.items() if n != COMMIT}}

    @property
    def online_commit(self) -> str | None:
        if COMMIT in self.sets or self.has_expired or self.deletes:
            return self.sets.get(COMMIT)
        return self.history_commit

    @property
    def is_stamped(self) -> bool:
        """Whether the newest cell online is the damage's: CQL keeps no time of a null."""
        return any(value is not None for value in self.sets.values())

    def agreement(self, name: str) -> str:
        """How a column compares where both stores have a row."""
        if name in self.agreements:
            return self.agreements[name]
        value = (self.history or {})[name]
        if value is None:
            return "both_null"
        return "equal" if back(name, value) == value else "precision_only"

    def statement(self, table: str, stamp_us: int, versions: Mapping[str, int]) -> str | None:
        """The CQL that does the damage; None when there is none."""
        where = f"WHERE {KEY} = '{self.key}'"
        if self.deletes:
            return f"DELETE FROM {table} USING TIMESTAMP {stamp_us} {where}"
        if not self.sets:
            return None
        cells = (f'"{name}" = {_cql(name, value, versions)}' for name, value in self.sets.items())
        return f"UPDATE {table} USING TIMESTAMP {stamp_us} SET {', '.join(cells)} {where}"


def back(name: str, value: str | None) -> str | None:
    """What comes back of a value that was written online: milliseconds, where they are kept."""
    if value is None or COLUMNS[name]["type"] != "timestamp" or COLUMNS[name].get("exact"):
        return value
    return str(int(value) // 1_000 * 1_000)


def another(column: Vector, value: str, n: int) -> str:
    """Another value of the column's."""
    if "far" in column:
        return str(column["far"])
    name, values = column["name"], (each["value"] for each in column["values"])
    others = [each for each in values if back(name, each) != back(name, value)]
    return str(others[n % len(others)]) if others else nearest(column, value)


def nearest(column: Vector, value: str) -> str:
    """A value that differs by as little as the type can hold online."""
    kind: str = column["type"]
    if "far" in column:
        return str(column["far"])
    if kind == "boolean":
        return "false" if value == "true" else "true"
    if kind in ("tinyint", "smallint", "int", "bigint"):
        return str(int(value) + (-1 if int(value) > 0 else 1))
    if kind in ("float", "double"):
        number = float(value)
        return _neighbour(number, kind) if math.isfinite(number) else "1.0"
    if kind.startswith("decimal"):
        step = Decimal(1).scaleb(-int(kind[:-1].split(",")[1]))
        return str(_EXACT.add(Decimal(value), -step if Decimal(value) > 0 else step))
    if kind == "string":
        return value + " "
    if kind == "binary":
        return value + "00"
    if kind == "date":
        return (
            date.fromisoformat(value) + timedelta(1 if value < "1582-10-04" or value == "1582-10-15" else -1)
        ).isoformat()
    if kind.startswith("timestamp"):
        step_us = 1 if column.get("exact") else 1_000
        return str(int(back(column["name"], value) or 0) + (-step_us if int(value) > 2 * 10**17 else step_us))
    return {"[3,1,2]": "[3,2,1]", "[]": "[0]", '{"a":1,"b":2}': '{"a":1,"b":3}'}.get(value) or value[:-1]


def _neighbour(number: float, kind: str) -> str:
    """The number whose bits differ in the last one."""
    float_form, whole_form = ("<f", "<I") if kind == "float" else ("<d", "<Q")
    (bits,) = struct.unpack(whole_form, struct.pack(float_form, number))
    return repr(struct.unpack(float_form, struct.pack(whole_form, bits ^ 1))[0])


def meaning(name: str, text: str | None) -> Any:
    """The value that a text of the vectors writes, to be held against `told`."""
    kind = COLUMNS[name]["type"] if name != KEY else "string"
    if text is None:
        return None
    if kind in ("float", "double"):
        return struct.pack("<f" if kind == "float" else "<d", float(text))
    if kind.startswith("decimal"):
        return Decimal(text)
    if kind.startswith("timestamp"):
        return int(text)
    return text


def told(name: str, text: str | None) -> Any:
    """The value that a text of a report writes."""
    if text is None or name == KEY or not COLUMNS[name]["type"].startswith("timestamp"):
        return meaning(name, text)
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return (moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)


def _cql(name: str, value: str | None, versions: Mapping[str, int]) -> str:
    """The value as CQL writes it."""
    if value is None:
        return "null"
    if name == COMMIT:
        return str(versions[value])
    column = COLUMNS[name]
    kind = column["type"]
    if kind in ("string", "date") or column.get("online_as") == "json":
        return "'" + value.replace("'", "''") + "'"
    if kind == "binary":
        return f"0x{value}"
    if kind == "timestamp" and not column.get("exact"):
        return str(int(value) // 1_000)
    return value.replace('"', "'")


def population(control: int, damaged: int, by_writes: int, now_us: int) -> list[Entity]:
    """Entities that nobody touches, that CQL damages (every kind of damage × every type, in turn), and whose state
    comes of writes."""
    roll = random.Random(4)
    damages = [
        (kind, column) for kind, (applies, _) in DAMAGES.items() for column in COLUMNS.values() if applies(column)
    ]
    found = [Entity(f"c{n}", "control", EVENT, _row(roll, now_us)) for n in range(control)]
    for n in range(damaged):
        kind, column = damages[n % len(damages)]
        entity = Entity(f"d{n}", kind, column["name"], _row(roll, now_us))
        _set_value(entity, column, n // len(damages))
        DAMAGES[kind][1](entity, column, n // len(damages))
        found.append(entity)
    for n in range(by_writes):
        kind = list(BY_WRITES)[n % len(BY_WRITES)]
        entity = Entity(f"w{n}", kind, EVENT, _row(roll, now_us), state="in_flight")
        BY_WRITES[kind](entity, _row(roll, now_us))
        found.append(entity)
    return found


def _row(roll: random.Random, now_us: int) -> Row:
    """A row of an event of yesterday, with any values."""
    at_us = now_us - _DAY_US - roll.randrange(10**9) * 1_000
    row: Row = {EVENT: str(at_us // 1_000 * 1_000 + 901)}
    for column in FEATURES:
        n = roll.randrange(len(column["values"]) + 1)
        row[column["name"]] = column["values"][n]["value"] if n < len(column["values"]) else None
    return row


def _set_value(entity: Entity, column: Vector, n: int) -> None:
    """Gives the column its n-th value that is not null, so that every one has its turn."""
    if column["values"] and entity.first:
        entity.first[column["name"]] = column["values"][n % len(column["values"])]["value"]


def _value(entity: Entity, column: Vector) -> str:
    value = (entity.first or {})[column["name"]]
    assert value is not None
    return value


def _changed(entity: Entity, column: Vector, n: int) -> None:
    _differs(entity, column, another(column, _value(entity, column), n))


def _nudged(entity: Entity, column: Vector, n: int) -> None:
    _differs(entity, column, nearest(column, _value(entity, column)))


def _differs(entity: Entity, column: Vector, value: str) -> None:
    entity.sets = {column["name"]: back(column["name"], value)}
    entity.state, entity.agreements = "mismatch", {column["name"]: "value_mismatch"}
    entity.reason = "changed outside twinstore at {when}"


def _nulled(entity: Entity, column: Vector, n: int) -> None:
    entity.sets = {column["name"]: None}
    entity.state, entity.agreements = "mismatch", {column["name"]: "online_only_null"}
    entity.reason = "a value was deleted online outside twinstore"


def _valued(entity: Entity, column: Vector, n: int) -> None:
    assert entity.first is not None
    _differs(entity, column, str(back(column["name"], _value(entity, column))))
    entity.first[column["name"]] = None
    entity.agreements = {column["name"]: "offline_only_null"}


def _within_tolerance(entity: Entity, column: Vector, n: int) -> None:
    entity.sets, entity.agreements = {column["name"]: column["near"]}, {column["name"]: "precision_only"}


def _equal_in_other_form(entity: Entity, column: Vector, n: int) -> None:
    assert entity.first is not None
    kind = column["type"]
    if kind.startswith("decimal"):
        entity.sets = {column["name"]: _value(entity, column) + ("0" if "E" not in _value(entity, column) else "")}
    else:
        entity.first[column["name"]] = "-0.0"
        entity.sets = {column["name"]: "0.0"}


def _other_commit(entity: Entity, column: Vector, n: int) -> None:
    entity.sets = {COMMIT: (None, "before", "beyond")[n % 3]}


def _row_deleted(entity: Entity, column: Vector, n: int) -> None:
    entity.deletes, entity.state = True, "missing_online"
    entity.reason = "its row of commit {first} is not online: deleted outside twinstore, or lost"


def _row_invented(entity: Entity, column: Vector, n: int) -> None:
    name = column["name"]
    value = (entity.first or {})[name]
    entity.sets = {name: back(name, value), **({COMMIT: "first"} if n % 2 else {})}
    entity.first, entity.state, entity.reason = None, "extra_online", "written outside twinstore at {when}"


def _expired_row_put_back(entity: Entity, column: Vector, n: int) -> None:
    _expired(entity)
    assert entity.first is not None
    name = column["name"]
    entity.sets = {each: back(each, entity.first[each]) for each in (EVENT, name)}
    entity.agreements = {
        each: "online_only_null"
        for each, value in entity.first.items()
        if value is not None and each not in (EVENT, name)
    }
    entity.state, entity.reason = "extra_online", "it expired at "


def _older_event_put_back(entity: Entity, column: Vector, n: int) -> None:
    _corrected(entity, column, n, earlier_us=1_000)
    entity.agreements[EVENT] = "value_mismatch"


def _older_record_put_back(entity: Entity, column: Vector, n: int) -> None:
    _corrected(entity, column, n, earlier_us=0)


def _corrected(entity: Entity, column: Vector, n: int, earlier_us: int) -> None:
    """The second write brings another row, and the first one's is online again."""
    assert entity.first is not None
    value, name = _value(entity, column), column["name"]
    at_us = int(entity.first[EVENT] or 0)
    entity.second = {**entity.first, name: another(column, value, n), EVENT: str(at_us + earlier_us)}
    entity.sets = {EVENT: back(EVENT, entity.first[EVENT]), name: back(name, value), COMMIT: "first"}
    entity.state, entity.agreements = "stale_online", {name: "value_mismatch"}
    entity.reason = "an older row was written outside twinstore at {when}"


def _newer_event_put(entity: Entity, column: Vector, n: int) -> None:
    _changed(entity, column, n)
    entity.sets[EVENT] = str(int((entity.first or {})[EVENT] or 0) // 1_000 * 1_000 + 1_000)
    entity.agreements[EVENT] = "value_mismatch"
    entity.state, entity.reason = "ahead_online", "a newer row was written outside twinstore at {when}"


def _newer_commit_put(entity: Entity, column: Vector, n: int) -> None:
    _changed(entity, column, n)
    entity.sets[COMMIT] = "beyond"
    entity.state, entity.reason = "ahead_online", "the row online is newer than v{second}, though no later version"


def _changed_in_flight(entity: Entity, column: Vector, n: int) -> None:
    _changed(entity, column, n)
    assert entity.first is not None
    entity.third = {**entity.first, EVENT: str(int(entity.first[EVENT] or 0) + 1_000_000)}


def _is_feature(column: Vector) -> bool:
    return bool(column["values"])


def _any(column: Vector) -> bool:
    return True


def _has_tolerance(column: Vector) -> bool:
    return "near" in column


def _has_other_forms(column: Vector) -> bool:
    return column["type"] in ("float", "double") or column["type"].startswith("decimal")


#: What CQL can do to a row: the columns that it is done to, each in rows of its own, and how.
DAMAGES: dict[str, tuple[Callable[[Vector], bool], Callable[[Entity, Vector, int], None]]] = {
    "a value changed": (_is_feature, _changed),
    "a value changed by the least step": (_is_feature, _nudged),
    "a value nulled": (_any, _nulled),
    "a value where history has null": (_is_feature, _valued),
    "a value within its tolerance": (_has_tolerance, _within_tolerance),
    "a value in another form": (_has_other_forms, _equal_in_other_form),
    "another commit of the same row": (_any, _other_commit),
    "the row deleted": (_any, _row_deleted),
    "a row that history lacks": (_any, _row_invented),
    "an expired row put back": (_is_feature, _expired_row_put_back),
    "the row of an older event": (_is_feature, _older_event_put_back),
    "the older record of an event": (_is_feature, _older_record_put_back),
    "the row of a newer event": (_is_feature, _newer_event_put),
    "the row of a commit to come": (_is_feature, _newer_commit_put),
    "a value changed in flight": (_is_feature, _changed_in_flight),
}


def _expired(entity: Entity, later: Row | None = None) -> None:
    assert entity.first is not None
    entity.first[EVENT] = str(int(entity.first[EVENT] or 0) - (TTL_DAYS + 1) * _DAY_US)
    entity.has_expired, entity.state = True, "expired"


def _later(entity: Entity, later: Row) -> None:
    assert entity.first is not None
    entity.third = {**later, EVENT: str(int(entity.first[EVENT] or 0) + 1_000_000)}


def _gone(entity: Entity, later: Row) -> None:
    """Deleted online too, as by a writer that stopped before its receipt."""
    entity.deletes = True


#: What a write leaves that stopped at a step, or a row that it found expired.
BY_WRITES: dict[str, Callable[[Entity, Row], None]] = {
    "expired": _expired,
    "online before its receipt": _later,
    "not yet online": _later,
    "deleted, and still online": lambda entity, later: None,
    "deleted, and gone online": _gone,
}
