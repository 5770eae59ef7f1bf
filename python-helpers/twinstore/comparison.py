"""The comparison of the twins: two DataFrames in, the state of every key and the agreement of every column out.

Pure Spark over what it is given: nothing here knows where rows come from or where a proof goes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import Column, DataFrame, types
from pyspark.sql import functions as sf

from .expiry import SLACK_US, expires_us
from .feature_group import COMMIT_VERSION, LACKING, NEWEST_COMMIT, Definition
from .local_rows import local_rows
from .types import GroupColumn, contract, quoted
from .varying import varying

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

#: Column of the offline rows that may name the data file a row lies in.
FILE = "_file"
#: Columns of `touched`: the keys as in `key_columns_of`, and whether the key lost a row after the anchor.
REMOVED = "_removed"

_COMMIT_OF_FILE = "_commit_of_file"
_ADDED = types.StructType().add("file", "string").add(_COMMIT_OF_FILE, "long")

_ACCEPTED = "^[034]*$"


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
    """Every key of both stores once, with its rows side by side and how their columns agree; to be persisted.

    `offline` has the winners (and `FILE`, where known), `online` the online table's columns. Values stay as they were
    read; a column that the online table lacks is left out and counts as of another type. `lacking` names the online
    tables that lack a row which another one has. `pattern` has one digit per
    column, an index into `AGREEMENTS`, and is empty where a store has no row; `signed_zeros` counts values that are
    −0.0 in one store and 0.0 in the other.
    """
    keys = [(name, contract(definition.column(name))) for name in definition.keys]
    left = offline.select(
        *[kept.to_online(sf.col(quoted(name))).alias(key_alias(i)) for i, (name, kept) in enumerate(keys)],
        *[sf.col(quoted(column.name)).alias(offline_alias(i)) for i, column in enumerate(definition.columns)],
        _or_null(expires_us(definition)).alias("expires_us"),
        (sf.col(FILE) if FILE in offline.columns else sf.lit(None).cast("string")).alias("file"),
        sf.lit(True).alias("has_offline"),
    )
    right = online.select(
        *[sf.col(quoted(name)).cast(kept.online_type).alias(key_alias(i)) for i, (name, kept) in enumerate(keys)],
        *[
            sf.col(quoted(column.name)).alias(online_alias(i))
            for i, column in enumerate(definition.columns)
            if column.name in online.columns
        ],
        sf.col(COMMIT_VERSION).alias("online_commit"),
        sf.col(NEWEST_COMMIT if NEWEST_COMMIT in online.columns else COMMIT_VERSION).alias("newest_online_commit"),
        (sf.col(LACKING) if LACKING in online.columns else sf.lit("")).alias("lacking"),
        sf.lit(True).alias("has_online"),
    )
    joined = left.join(right, key_aliases(definition), "full_outer")
    schema = joined.schema
    digits = [_agreement(i, column, schema) for i, column in enumerate(definition.columns)]
    zeros = [_signed_zero(i, schema) for i, c in enumerate(definition.columns) if c.type in ("float", "double")]
    return joined.select(
        "*",
        sf.when(sf.col("has_offline") & sf.col("has_online"), sf.concat(*digits)).otherwise("").alias("pattern"),
        sum((sf.when(zero, 1).otherwise(0) for zero in zeros), sf.lit(0)).alias("signed_zeros"),
    )


def judge(
    pairs: DataFrame,
    definition: Definition,
    anchor: Anchor,
    touched: DataFrame | None = None,
    commits: Mapping[str, int] | None = None,
) -> DataFrame:
    """`pairs` with the `state` of each key.

    `touched` holds the keys that versions after the anchor changed (as `key_columns_of` names them, with `REMOVED`);
    None means that there are none. `commits` gives the version that added a data file, where that is known.
    """
    judged = pairs if touched is None else pairs.join(touched, key_aliases(definition), "left")
    if commits:
        added = local_rows(pairs.sparkSession, commits.items(), _ADDED)
        judged = judged.join(sf.broadcast(added), "file", "left")
    judged = judged.select(
        *pairs.columns,
        (sf.lit(None).cast("boolean") if touched is None else sf.col(REMOVED)).alias("removed"),
        (sf.col(_COMMIT_OF_FILE) if commits else sf.lit(None).cast("bigint")).alias("offline_commit"),
    )
    return judged.withColumn("state", _state(definition, anchor))


def absent_in_flight(judged: DataFrame) -> DataFrame:
    """The keys that count as in flight because what is not online, a row or its part in one of the tables, may have
    been taken away on purpose."""
    lacks = sf.col("has_online").isNull() | (sf.coalesce(sf.col("lacking"), sf.lit("")) != "")
    return judged.where((sf.col("state") == "in_flight") & lacks)


def tally(judged: DataFrame, definition: Definition) -> Tally:
    """States and columns, with how far numbers differ."""
    return measured(judged, tally_states(judged, definition))


def measured(judged: DataFrame, found: Tally) -> Tally:
    """`found` with how far numbers differ: one more pass, over rows that differ only, where some do."""
    numeric = [i for i, column in enumerate(found.columns) if column.numeric]
    differing = [i for i in numeric if _inexact(found.columns[i])]
    for i in numeric:
        if _both_present(found.columns[i]):
            found.columns[i].max_abs = found.columns[i].max_rel = found.columns[i].smape = 0.0
    if differing:
        _measure(judged, found, differing)
    return found


def key_aliases(definition: Definition) -> list[str]:
    """The names of the key columns in pairs, in key order."""
    return [key_alias(i) for i in range(len(definition.keys))]


def key_columns_of(rows: DataFrame, definition: Definition) -> DataFrame:
    """`rows` with the keys of the offline table, as the comparison names and types them; other columns stay."""
    keys = [
        contract(definition.column(name)).to_online(sf.col(quoted(name))).alias(key_alias(i))
        for i, name in enumerate(definition.keys)
    ]
    return rows.select(*keys, *[name for name in rows.columns if name not in definition.keys])


def _agreement(i: int, column: GroupColumn, schema: types.StructType) -> Column:
    """The digit of a column in a row that both stores have."""
    kept = contract(column)
    if online_alias(i) not in schema.names:
        return _digit("type_mismatch")
    offline, online = sf.col(offline_alias(i)), sf.col(online_alias(i))
    compared = _digit("type_mismatch")
    if comparable(schema[online_alias(i)].dataType, kept.online_type):
        expected = kept.to_online(offline)
        compared = sf.when(_same(expected, online, kept.online_type), _exactness(offline, expected, kept.online_type))
        if column.tolerance is not None:
            # Of long integers and decimals, doubles would round away the difference.
            exact = "double" if column.type in ("float", "double") else "decimal(38,18)"
            within = sf.abs(expected.cast(exact) - online.cast(exact)) <= sf.lit(column.tolerance)
            compared = compared.when(within, _digit("precision_only"))
        compared = compared.otherwise(_digit("value_mismatch"))
    return (
        sf.when(offline.isNull() & online.isNull(), _digit("both_null"))
        .when(offline.isNull(), _digit("offline_only_null"))
        .when(online.isNull(), _digit("online_only_null"))
        .otherwise(compared)
    )


def comparable(read: types.DataType, agreed: types.DataType) -> bool:
    """Whether values of an online column, of the type that it was read as, can be compared by the contract."""
    # The connector reads every decimal with 18 decimals; what it cannot hold so, a group cannot declare.
    if isinstance(agreed, types.DecimalType):
        return isinstance(read, types.DecimalType)
    return read.simpleString() == agreed.simpleString()


def _same(expected: Column, online: Column, spark: types.DataType) -> Column:
    # Spark holds NaN equal to NaN and −0.0 equal to 0.0. Maps have no equality of their own.
    if isinstance(spark, types.DecimalType):
        return expected.cast("decimal(38,18)") == online.cast("decimal(38,18)")
    if isinstance(spark, types.MapType):
        return sf.array_sort(sf.map_entries(expected)) == sf.array_sort(sf.map_entries(online))
    return expected == online


def _exactness(offline: Column, expected: Column, online_type: types.DataType) -> Column:
    """Whether the contract's rounding cut something off: only instants lose anything, below the millisecond."""
    if not isinstance(online_type, types.TimestampType):
        return _digit("equal")
    return sf.when(offline == expected, _digit("equal")).otherwise(_digit("precision_only"))


def _state(definition: Definition, anchor: Anchor) -> Column:
    """The rule of row states, first that holds. Values decide; `_commit_version` only tells old from new."""
    has_offline, has_online = (sf.coalesce(sf.col(name), sf.lit(False)) for name in ("has_offline", "has_online"))
    touched = sf.col("removed").isNotNull()
    partial = sf.coalesce(sf.col("lacking"), sf.lit("")) != ""
    equal = sf.col("pattern").rlike(_ACCEPTED) & has_offline & has_online & ~partial
    written_after = sf.coalesce(sf.col("newest_online_commit") > varying(anchor.version), sf.lit(False))
    leaves = (~has_online | partial) & sf.col("removed")
    in_flight = touched & ((has_online & (written_after | equal)) | leaves)
    must_be_gone = sf.coalesce(sf.col("expires_us") + SLACK_US < varying(anchor.scan_began_us), sf.lit(False))
    may_be_gone = sf.coalesce(sf.col("expires_us") - SLACK_US <= varying(anchor.scan_ended_us), sf.lit(False))
    i = definition.columns.index(definition.event_column)
    online_event, event = sf.col(online_alias(i)), contract(definition.event_column).to_online(sf.col(offline_alias(i)))
    older_record = sf.coalesce(sf.col("online_commit") < sf.col("offline_commit"), sf.lit(False))
    return (
        sf.when(in_flight, "in_flight")
        .when(~has_offline | (has_online & must_be_gone), "extra_online")
        .when((~has_online | partial) & may_be_gone, "expired")
        .when(~has_online, "missing_online")
        .when(partial, "mismatch")
        .when(equal, "match")
        .when(online_event < event, "stale_online")
        .when((online_event > event) | written_after, "ahead_online")
        .when(older_record, "stale_online")
        .otherwise("mismatch")
    )


def tally_states(judged: DataFrame, definition: Definition) -> Tally:
    """States and columns in one pass; how far numbers differ is not measured."""
    # Few patterns stand for many rows: sums are taken over patterns, which is as exact and many times cheaper.
    patterns = judged.groupBy("state", "pattern").agg(
        sf.count(sf.lit(1)).alias("n"), sf.sum("signed_zeros").alias("zeros")
    )
    counted_pattern = sf.when(sf.col("state") == "in_flight", sf.lit("")).otherwise(sf.col("pattern"))
    digits = sf.filter(sf.split(counted_pattern, ""), lambda digit: digit != "")
    cells = sf.transform(digits, lambda digit, i: sf.struct(i.alias("column"), digit.alias("digit")))
    states = sf.array(sf.struct(sf.lit(-1).alias("column"), sf.col("state").alias("digit")))
    rows = (
        patterns.select("n", "zeros", sf.explode(sf.concat(states, cells)).alias("cell"))
        .groupBy("cell.column", "cell.digit")
        .agg(sf.sum("n").alias("n"), sf.sum("zeros").alias("zeros"))
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
    if online_alias(i) not in schema.names:
        return sf.lit(False)
    if schema[online_alias(i)].dataType.simpleString() != schema[offline_alias(i)].dataType.simpleString():
        return sf.lit(False)
    offline, online = sf.col(offline_alias(i)), sf.col(online_alias(i))
    return (offline == 0) & (online == 0) & (offline.cast("string") != online.cast("string"))


def _measure(judged: DataFrame, found: Tally, indices: list[int]) -> None:
    """Largest differences and symmetric mean error of number columns, from the rows in which they differ."""
    measures = []
    for i in indices:
        digit = sf.substring("pattern", i + 1, 1)
        differs = digit.isin(_code("precision_only"), _code("value_mismatch"))
        a, b = sf.col(offline_alias(i)).cast("double"), sf.col(online_alias(i)).cast("double")
        absolute, larger = sf.abs(a - b), sf.greatest(sf.abs(a), sf.abs(b))
        measures += [
            sf.max(sf.when(differs, absolute)).alias(f"abs_{i}"),
            sf.max(sf.when(differs, absolute / larger)).alias(f"rel_{i}"),
            sf.sum(sf.when(differs, 2 * absolute / (sf.abs(a) + sf.abs(b)))).alias(f"smape_{i}"),
        ]
    some_differ = sf.col("pattern").rlike(f"[{_code('precision_only')}{_code('value_mismatch')}]")
    sums = judged.where(some_differ & (sf.col("state") != "in_flight")).agg(*measures).collect()[0]
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


def _or_null(value: Column | None) -> Column:
    return sf.lit(None).cast("bigint") if value is None else value


def _code(agreement: str) -> str:
    return str(AGREEMENTS.index(agreement))


def _digit(agreement: str) -> Column:
    return sf.lit(_code(agreement))


def key_alias(i: int) -> str:
    """The name in pairs of the key column of this index."""
    return f"key_{i}"


def offline_alias(i: int) -> str:
    """The name in pairs of the offline value of the column of this index."""
    return f"offline_{i}"


def online_alias(i: int) -> str:
    """The name in pairs of the online value of the column of this index."""
    return f"online_{i}"
