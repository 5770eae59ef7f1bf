"""The comparison of the twins: two DataFrames in, the state of every key and the agreement of every column out.

Pure Spark over what it is given: nothing here knows where rows come from or where a proof goes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import Column, DataFrame, Row, types
from pyspark.sql import functions as F

from .feature_group import COMMIT_VERSION, Definition
from .types import GroupColumn, canonical, contract, quoted
from .winners import ORDER

#: Row states, in the order in which a report lists them. A key has exactly one.
STATES = ("match", "missing_online", "extra_online", "stale_online", "ahead_online", "mismatch", "expired", "in_flight")
#: States that say that the twins differ.
OFFENCES = ("missing_online", "extra_online", "stale_online", "ahead_online", "mismatch")
#: How a column compares in one row; the index of each is its digit in a row's pattern.
AGREEMENTS = (
    "both_null",
    "offline_only_null",
    "online_only_null",
    "equal",
    "precision_only",
    "value_mismatch",
    "type_mismatch",
)

#: Time at the boundary of a row's time to live in which it may be online or not: clocks differ, CQL counts seconds.
TTL_SLACK_US = 5_000_000

#: Column of the offline rows that may name the data file a row lies in.
FILE = "_file"
#: Columns of `touched`: the keys as in `key_columns_of`, and whether the key lost a row after the anchor.
REMOVED = "_removed"

_ACCEPTED = "^[034]*$"
_DIFFERING = "[1256]"


@dataclass(frozen=True)
class Anchor:
    """What the comparison is held against.

    The online rows were read between `scan_began_us` and `scan_ended_us`; `version` is the Delta version that the
    offline rows are the winners of.
    """

    version: int
    scan_began_us: int
    scan_ended_us: int


@dataclass
class ColumnTally:
    """How a column compares over the keys with a row in both stores that are not in flight.

    `max_abs`, `max_rel` and `smape` are None for columns that hold no numbers, when nothing was compared, and when a
    difference is infinite or not a number.
    """

    name: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(AGREEMENTS, 0))
    numeric: bool = False
    max_abs: float | None = None
    max_rel: float | None = None
    smape: float | None = None

    @property
    def differing(self) -> int:
        """Rows in which the column is not accepted as the same."""
        return sum(self.counts[each] for each in AGREEMENTS if each not in ("both_null", "equal", "precision_only"))

    def to_dict(self) -> dict[str, Any]:
        """As in `parity_report.schema.json`."""
        statistics = {"max_abs": self.max_abs, "max_rel": self.max_rel, "smape": self.smape} if self.numeric else {}
        return {"name": self.name, **self.counts, **statistics}


@dataclass
class Tally:
    """The sums of a comparison. `signed_zeros` counts values that are −0.0 in one store and 0.0 in the other."""

    states: dict[str, int]
    columns: list[ColumnTally]
    signed_zeros: int

    @property
    def keys(self) -> int:
        return sum(self.states.values())

    @property
    def offences(self) -> int:
        return sum(self.states[each] for each in OFFENCES)


def pair(offline: DataFrame, online: DataFrame, definition: Definition) -> DataFrame:
    """Every key of both stores once, with its rows side by side; to be persisted before it is judged.

    `offline` has the winners as `winners()` gives them (and `FILE`, where known), `online` the online table's columns.
    Values stay as they were read. A column that the online table lacks is left out and counts as of another type.
    """
    keys = [(name, contract(definition.column(name))) for name in definition.keys]
    left = offline.select(
        *[kept.to_online(F.col(quoted(name))).alias(_key(i)) for i, (name, kept) in enumerate(keys)],
        *[F.col(quoted(column.name)).alias(_offline(i)) for i, column in enumerate(definition.columns)],
        F.col(f"{ORDER}.event_us").alias("event_us"),
        (F.col(FILE) if FILE in offline.columns else F.lit(None).cast("string")).alias("file"),
        F.lit(True).alias("has_offline"),
    )
    right = online.select(
        *[F.col(quoted(name)).cast(kept.online_type).alias(_key(i)) for i, (name, kept) in enumerate(keys)],
        *[
            F.col(quoted(column.name)).alias(_online(i))
            for i, column in enumerate(definition.columns)
            if column.name in online.columns
        ],
        F.col(COMMIT_VERSION).alias("online_commit"),
        F.lit(True).alias("has_online"),
    )
    return left.join(right, [_key(i) for i in range(len(keys))], "full_outer")


def judge(
    pairs: DataFrame,
    definition: Definition,
    anchor: Anchor,
    touched: DataFrame | None = None,
    commits: Mapping[str, int] | None = None,
) -> DataFrame:
    """`pairs` with the `state` of each key and its `pattern`: one digit per column, an index into `AGREEMENTS`.

    `touched` holds the keys that versions after the anchor changed (as `key_columns_of` names them, with `REMOVED`);
    None means that there are none. `commits` gives the version that added a data file, where that is known.
    """
    both = F.coalesce(F.col("has_offline") & F.col("has_online"), F.lit(False))
    digits = [_agreement(i, column, pairs.schema) for i, column in enumerate(definition.columns)]
    judged = (pairs if touched is None else pairs.join(touched, _keys_of(definition), "left")).select(
        *[F.col(name) for name in pairs.columns],
        (F.lit(None).cast("boolean") if touched is None else F.col(REMOVED)).alias("removed"),
        _commit_of_file(commits or {}).alias("offline_commit"),
        F.when(both, F.concat(*digits)).otherwise(F.lit("")).alias("pattern"),
    )
    return judged.withColumn("state", _state(definition, anchor))


def tally(judged: DataFrame, definition: Definition) -> Tally:
    """States and columns in one pass; a second one, over rows that differ only, where numbers differ."""
    found = _counted(judged, definition)
    numeric = [i for i, column in enumerate(found.columns) if column.numeric]
    differing = [i for i in numeric if _inexact(found.columns[i])]
    for i in numeric:
        if _both_present(found.columns[i]):
            found.columns[i].max_abs = found.columns[i].max_rel = found.columns[i].smape = 0.0
    if differing:
        _measure(judged, found, differing)
    return found


def offenders(judged: DataFrame, definition: Definition, limit: int) -> list[Row]:
    """The first `limit` rows whose state is an offence, worst states first, in the order of their keys.

    Fields: `state`, `pattern`, the canonical texts `key`, `offline` and `online` (dicts by column; None for no row),
    `offline_commit`, `online_commit`, `event_us`, and the key columns.
    """
    key = {name: _key(i) for i, name in enumerate(definition.keys)}
    rank = F.create_map(*[F.lit(each) for item in zip(OFFENCES, range(len(OFFENCES))) for each in item])[F.col("state")]
    columns = list(enumerate(definition.columns))
    schema = judged.schema
    key_text = _texts({c.name: _online_text(c, _key(i), schema) for i, c in enumerate(definition.key_columns)})
    offline_text = _texts({c.name: canonical_text(F.col(_offline(i)), contract(c).spark) for i, c in columns})
    online_text = _texts(
        {c.name: _online_text(c, _online(i), schema) for i, c in columns if _online(i) in schema.names}
    )
    rows = (
        judged.where(F.col("state").isin(*OFFENCES))
        .orderBy(rank, *[F.col(name) for name in key.values()])
        .limit(limit)
        .select(
            "state",
            "pattern",
            key_text.alias("key"),
            F.when(F.col("has_offline"), offline_text).alias("offline"),
            F.when(F.col("has_online"), online_text).alias("online"),
            "offline_commit",
            "online_commit",
            "event_us",
            *key.values(),
        )
    )
    return rows.collect()


def differing_columns(pattern: str, definition: Definition) -> list[str]:
    """The columns that a row's pattern says are not the same."""
    return [column.name for column, digit in zip(definition.columns, pattern) if digit in _DIFFERING]


def key_columns_of(rows: DataFrame, definition: Definition) -> DataFrame:
    """`rows` with the keys of the offline table, as the comparison names and types them; other columns stay."""
    keys = [
        contract(definition.column(name)).to_online(F.col(quoted(name))).alias(_key(i))
        for i, name in enumerate(definition.keys)
    ]
    return rows.select(*keys, *[name for name in rows.columns if name not in definition.keys])


def files_of_offenders(judged: DataFrame) -> set[str]:
    """The data files in which the winners of offending keys lie."""
    rows = judged.where(F.col("state").isin(*OFFENCES) & F.col("file").isNotNull()).select("file").distinct().collect()
    return {row.file for row in rows}


def canonical_text(value: Column, spark: types.DataType) -> Column:
    """A value as text for people and for comparing by eye; null stays null.

    Instants are ISO 8601 with six decimals in UTC, binary is hexadecimal, decimals carry no trailing zeros, nested
    values are JSON with ordered keys.
    """
    if isinstance(spark, types.BinaryType):
        return F.lower(F.hex(value))
    if isinstance(spark, types.TimestampType):
        return F.date_format(value, "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'")
    if isinstance(spark, types.DecimalType):
        plain = value.cast("string")
        return F.when(plain.contains("."), F.regexp_replace(plain, r"\.?0+$", "")).otherwise(plain)
    if isinstance(spark, (types.ArrayType, types.MapType, types.StructType)):
        return canonical(value, spark)
    return value.cast("string")


def _agreement(i: int, column: GroupColumn, schema: types.StructType) -> Column:
    """The digit of a column in a row that both stores have."""
    kept = contract(column)
    if _online(i) not in schema.names:
        return _digit("type_mismatch")
    offline, online = F.col(_offline(i)), F.col(_online(i))
    compared = _digit("type_mismatch")
    if schema[_online(i)].dataType.simpleString() == kept.online_type.simpleString():
        expected = kept.to_online(offline)
        compared = F.when(_same(expected, online, kept.online_type), _exactness(offline, expected, kept.online_type))
        if column.tolerance is not None:
            within = F.abs(expected.cast("double") - online.cast("double")) <= F.lit(column.tolerance)
            compared = compared.when(within, _digit("precision_only"))
        compared = compared.otherwise(_digit("value_mismatch"))
    return (
        F.when(offline.isNull() & online.isNull(), _digit("both_null"))
        .when(offline.isNull(), _digit("offline_only_null"))
        .when(online.isNull(), _digit("online_only_null"))
        .otherwise(compared)
    )


def _same(expected: Column, online: Column, spark: types.DataType) -> Column:
    # Spark holds NaN equal to NaN and −0.0 equal to 0.0. Maps have no equality of their own.
    if isinstance(spark, types.MapType):
        return F.array_sort(F.map_entries(expected)) == F.array_sort(F.map_entries(online))
    return expected == online


def _exactness(offline: Column, expected: Column, online_type: types.DataType) -> Column:
    """Whether the contract's rounding cut something off: only instants lose anything, below the millisecond."""
    if not isinstance(online_type, types.TimestampType):
        return _digit("equal")
    return F.when(offline == expected, _digit("equal")).otherwise(_digit("precision_only"))


def _state(definition: Definition, anchor: Anchor) -> Column:
    """The rule of row states, first that holds. Values decide; `_commit_version` only tells old from new."""
    has_offline, has_online = (F.coalesce(F.col(name), F.lit(False)) for name in ("has_offline", "has_online"))
    touched = F.col("removed").isNotNull()
    equal = F.col("pattern").rlike(_ACCEPTED) & has_offline & has_online
    written_after = F.coalesce(F.col("online_commit") > anchor.version, F.lit(False))
    in_flight = touched & ((has_online & (written_after | equal)) | (~has_online & F.col("removed")))
    must_be_gone = may_be_gone = F.lit(False)
    if definition.ttl_seconds is not None:
        expires_us = F.col("event_us") + F.lit(definition.ttl_seconds * 1_000_000)
        must_be_gone = F.coalesce(expires_us + TTL_SLACK_US < anchor.scan_began_us, F.lit(False))
        may_be_gone = F.coalesce(expires_us - TTL_SLACK_US <= anchor.scan_ended_us, F.lit(False))
    i = definition.columns.index(definition.event_column)
    online_event, event = F.col(_online(i)), contract(definition.event_column).to_online(F.col(_offline(i)))
    older_record = F.coalesce(F.col("online_commit") < F.col("offline_commit"), F.lit(False))
    return (
        F.when(in_flight, "in_flight")
        .when(~has_offline | (has_online & must_be_gone), "extra_online")
        .when(~has_online & may_be_gone, "expired")
        .when(~has_online, "missing_online")
        .when(equal, "match")
        .when(online_event < event, "stale_online")
        .when((online_event > event) | written_after, "ahead_online")
        .when(older_record, "stale_online")
        .otherwise("mismatch")
    )


def _counted(judged: DataFrame, definition: Definition) -> Tally:
    # Few patterns stand for many rows: sums are taken over patterns, which is as exact and many times cheaper.
    zeros = [
        F.when(_signed_zero(i, judged.schema), 1).otherwise(0)
        for i, column in enumerate(definition.columns)
        if column.type in ("float", "double") and _online(i) in judged.columns
    ]
    zero = sum(zeros, F.lit(0))
    patterns = judged.groupBy("state", "pattern").agg(F.count(F.lit(1)).alias("n"), F.sum(zero).alias("zeros"))
    counted_pattern = F.when(F.col("state") == "in_flight", F.lit("")).otherwise(F.col("pattern"))
    digits = F.filter(F.split(counted_pattern, ""), lambda digit: digit != "")
    cells = F.transform(digits, lambda digit, i: F.struct(i.alias("column"), digit.alias("digit")))
    states = F.array(F.struct(F.lit(-1).alias("column"), F.col("state").alias("digit")))
    rows = (
        patterns.select("n", "zeros", F.explode(F.concat(states, cells)).alias("cell"))
        .groupBy("cell.column", "cell.digit")
        .agg(F.sum("n").alias("n"), F.sum("zeros").alias("zeros"))
        .collect()
    )
    columns = [ColumnTally(column.name, numeric=contract(column).numeric) for column in definition.columns]
    found = Tally(dict.fromkeys(STATES, 0), columns, 0)
    for row in rows:
        if row.column == -1:
            found.states[row.digit] = row.n
            found.signed_zeros += row.zeros
        else:
            columns[row.column].counts[AGREEMENTS[int(row.digit)]] = row.n
    return found


def _signed_zero(i: int, schema: types.StructType) -> Column:
    if schema[_online(i)].dataType.simpleString() != schema[_offline(i)].dataType.simpleString():
        return F.lit(False)
    offline, online = F.col(_offline(i)), F.col(_online(i))
    return (offline == 0) & (online == 0) & (offline.cast("string") != online.cast("string"))


def _measure(judged: DataFrame, found: Tally, indices: list[int]) -> None:
    """Largest differences and symmetric mean error of number columns, from the rows in which they differ."""
    measures = []
    for i in indices:
        digit = F.substring("pattern", i + 1, 1)
        differs = digit.isin(_code("precision_only"), _code("value_mismatch"))
        a, b = F.col(_offline(i)).cast("double"), F.col(_online(i)).cast("double")
        absolute, larger = F.abs(a - b), F.greatest(F.abs(a), F.abs(b))
        measures += [
            F.max(F.when(differs, absolute)).alias(f"abs_{i}"),
            F.max(F.when(differs, absolute / larger)).alias(f"rel_{i}"),
            F.sum(F.when(differs, 2 * absolute / (F.abs(a) + F.abs(b)))).alias(f"smape_{i}"),
        ]
    some_differ = F.col("pattern").rlike(f"[{_code('precision_only')}{_code('value_mismatch')}]")
    sums = judged.where(some_differ & (F.col("state") != "in_flight")).agg(*measures).collect()[0]
    for i in indices:
        column = found.columns[i]
        column.max_abs = _finite(sums[f"abs_{i}"])
        column.max_rel = _finite(sums[f"rel_{i}"])
        total = _finite(sums[f"smape_{i}"])
        column.smape = None if total is None else total / _both_present(column)


def _both_present(column: ColumnTally) -> int:
    return sum(column.counts[each] for each in ("equal", "precision_only", "value_mismatch"))


def _inexact(column: ColumnTally) -> int:
    return column.counts["precision_only"] + column.counts["value_mismatch"]


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _commit_of_file(commits: Mapping[str, int]) -> Column:
    unknown = F.lit(None).cast("bigint")
    if not commits:
        return unknown
    entries = [F.lit(each) for item in commits.items() for each in item]
    return F.create_map(*entries)[F.col("file")].cast("bigint")


def _online_text(column: GroupColumn, alias: str, schema: types.StructType) -> Column:
    """The canonical text of a value as the online store keeps it, in the terms of the offline type where it has one."""
    kept, read = contract(column), schema[alias].dataType
    value = F.col(alias)
    as_agreed = read.simpleString() == kept.online_type.simpleString()
    # A damaged JSON text would become null if it were parsed: it is shown as it is.
    if as_agreed and column.online_as is None:
        return canonical_text(kept.from_online(value), kept.spark)
    return canonical_text(value, read)


def _texts(by_name: Mapping[str, Column]) -> Column:
    return F.create_map(*[each for name, text in by_name.items() for each in (F.lit(name), text)])


def _keys_of(definition: Definition) -> list[str]:
    return [_key(i) for i in range(len(definition.keys))]


def _code(agreement: str) -> str:
    return str(AGREEMENTS.index(agreement))


def _digit(agreement: str) -> Column:
    return F.lit(_code(agreement))


def _key(i: int) -> str:
    return f"key_{i}"


def _offline(i: int) -> str:
    return f"offline_{i}"


def _online(i: int) -> str:
    return f"online_{i}"
