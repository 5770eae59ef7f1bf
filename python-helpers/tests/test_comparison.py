"""Every row state and every way in which a column can agree, seeded one by one."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession, types
from pyspark.sql import functions as sf

from twinstore.comparison import (
    AGREEMENTS,
    FILE,
    REMOVED,
    Anchor,
    ColumnTally,
    Tally,
    judge,
    key_columns_of,
    pair,
    tally,
)
from twinstore.feature_group import COMMIT_VERSION, LACKING, NEWEST_COMMIT, Definition
from twinstore.offenders import canonical_text, differing_columns, files_of_offenders, first_offenders
from twinstore.types import GroupColumn, contract

ANCHOR = 41
NOW_US = 1_764_000_000_000_000
DAY = date(2014, 2, 27)

GROUP = Definition(
    name="energy",
    keys=("id",),
    event_timestamp="day",
    columns=(
        GroupColumn("id", "string"),
        GroupColumn("day", "date"),
        GroupColumn("sum", "double"),
        GroupColumn("count", "int"),
    ),
    ttl_seconds=None,
    offline="/energy",
    online="feature_store.energy",
)


def schema_of(definition: Definition, online: bool) -> types.StructType:
    fields = [
        types.StructField(c.name, contract(c).online_type if online else contract(c).spark) for c in definition.columns
    ]
    beside = (
        types.StructField(COMMIT_VERSION, types.LongType()) if online else types.StructField(FILE, types.StringType())
    )
    return types.StructType([*fields, beside])


class Twins:
    """Two DataFrames that begin as twins of the same rows, to be damaged."""

    def __init__(self, spark: SparkSession, definition: Definition = GROUP) -> None:
        self.spark = spark
        self.definition = definition
        self.offline: dict[Any, dict[str, Any]] = {}
        self.online: dict[Any, dict[str, Any]] = {}

    def both(self, *key: Any, online: dict[str, Any] | None = None, commit: int | None = ANCHOR, **row: Any) -> None:
        self.put_offline(*key, **row)
        self.put_online(*key, commit=commit, **{**row, **(online or {})})

    def put_offline(self, *key: Any, file: str = "part-0.parquet", **row: Any) -> None:
        self.offline[key] = {**self._keys(key), **row, FILE: file}

    def put_online(self, *key: Any, commit: int | None = ANCHOR, **row: Any) -> None:
        self.online[key] = {**self._keys(key), **row, COMMIT_VERSION: commit}

    def _keys(self, key: tuple[Any, ...]) -> dict[str, Any]:
        return dict(zip(self.definition.keys, key))

    def frames(self) -> tuple[DataFrame, DataFrame]:
        return self._frame(self.offline, online=False), self._frame(self.online, online=True)

    def _frame(self, rows: dict[Any, dict[str, Any]], online: bool) -> DataFrame:
        schema = schema_of(self.definition, online)
        return self.spark.createDataFrame([tuple(row.get(n) for n in schema.names) for row in rows.values()], schema)

    def judged(
        self, touched: DataFrame | None = None, commits: dict[str, int] | None = None, now_us: int = NOW_US
    ) -> DataFrame:
        offline, online = self.frames()
        pairs = pair(offline, online, self.definition)
        return judge(pairs, self.definition, Anchor(ANCHOR, now_us, now_us), touched, commits)

    def rows(self, **options: Any) -> dict[str, Row]:
        """What each key was found to be, by the text of its first key column."""
        found = self.judged(**options).select("key_0", "state", "pattern", "signed_zeros").collect()
        return {str(row.key_0): row for row in found}

    def states(self, **options: Any) -> dict[str, str]:
        return {key: row.state for key, row in self.rows(**options).items()}

    def tally(self, **options: Any) -> Tally:
        return tally(self.judged(**options), self.definition)

    def touched(self, *rows: tuple[Any, bool]) -> DataFrame:
        keys = [types.StructField(c.name, contract(c).spark) for c in self.definition.key_columns]
        schema = types.StructType([*keys, types.StructField(REMOVED, types.BooleanType())])
        return key_columns_of(self.spark.createDataFrame(list(rows), schema), self.definition)


@pytest.fixture
def twins(spark: SparkSession) -> Twins:
    return Twins(spark)


@pytest.fixture(scope="module")
def seeded(spark: SparkSession) -> dict[str, Row]:
    """Every case that needs no options, judged in one go: rows by key."""
    twins = Twins(spark)
    row: dict[str, Any] = {"day": DAY, "sum": 1.5, "count": 3}
    twins.both("same", **row)
    twins.put_offline("missing", **row)
    twins.put_online("extra", **row)
    twins.both("older", online={"day": DAY - timedelta(1), "sum": 1.0}, commit=40, **row)
    twins.both("newer", online={"day": DAY + timedelta(1)}, **row)
    twins.both("changed", online={"sum": 2.5}, **row)
    twins.both("no event time", online={"day": None}, **row)
    twins.both("long past", day=date(1990, 1, 1), sum=1.0)
    twins.put_offline("long past, absent", day=date(1990, 1, 1), sum=1.0)

    twins.both("equal, of an old commit", commit=3, **row)
    twins.both("equal, without a commit", commit=None, **row)
    twins.both("equal, of a later commit", commit=99, **row)
    twins.both("differs, of a later commit", online={"sum": 2.0}, commit=99, **row)
    twins.both("differs, without a commit", online={"sum": 2.0}, commit=None, **row)

    twins.both("nulls", day=DAY, sum=None, count=None)
    twins.both("null online", online={"sum": None}, day=DAY, sum=1.0)
    twins.both("null offline", online={"sum": 0.0}, day=DAY, sum=None)
    twins.put_offline("nulls, absent", day=DAY, sum=None, count=None)

    twins.both("nan", day=DAY, sum=float("nan"))
    twins.both("infinite", day=DAY, sum=float("inf"))
    twins.both("zero of another sign", online={"sum": 0.0}, day=DAY, sum=-0.0)
    twins.both("zero of the same sign", day=DAY, sum=-0.0)
    twins.both("nan and a number", online={"sum": 1.0}, day=DAY, sum=float("nan"))
    return twins.rows()


def agreement(row: Row, name: str, definition: Definition = GROUP) -> str:
    """How a column of a row compares."""
    return AGREEMENTS[int(row.pattern[[column.name for column in definition.columns].index(name)])]


def column(found: Tally, name: str) -> ColumnTally:
    return next(each for each in found.columns if each.name == name)


def counts(found: Tally, name: str) -> dict[str, int]:
    return {agreement: n for agreement, n in column(found, name).counts.items() if n}


@pytest.mark.parametrize(
    ("key", "state"),
    [
        ("same", "match"),
        ("missing", "missing_online"),
        ("extra", "extra_online"),
        ("older", "stale_online"),
        ("newer", "ahead_online"),
        ("changed", "mismatch"),
        ("no event time", "mismatch"),
        ("long past", "match"),
        ("long past, absent", "missing_online"),
    ],
)
def test_names_a_difference_by_what_is_online(seeded: dict[str, Row], key: str, state: str) -> None:
    assert seeded[key].state == state


@pytest.mark.parametrize(
    ("key", "state"),
    [
        ("equal, of an old commit", "match"),
        ("equal, without a commit", "match"),
        ("equal, of a later commit", "match"),
        ("differs, of a later commit", "ahead_online"),
        ("differs, without a commit", "mismatch"),
    ],
)
def test_values_decide_and_the_commit_only_tells_old_from_new(seeded: dict[str, Row], key: str, state: str) -> None:
    assert seeded[key].state == state


@pytest.mark.parametrize(
    ("key", "state", "compares"),
    [
        ("nulls", "match", "both_null"),
        ("null online", "mismatch", "online_only_null"),
        ("null offline", "mismatch", "offline_only_null"),
    ],
)
def test_a_null_is_a_value_and_named_by_its_side(seeded: dict[str, Row], key: str, state: str, compares: str) -> None:
    assert seeded[key].state == state
    assert agreement(seeded[key], "sum") == compares


def test_a_missing_row_is_not_a_row_of_nulls(seeded: dict[str, Row]) -> None:
    assert seeded["nulls, absent"].state == "missing_online"
    assert seeded["nulls, absent"].pattern == ""


@pytest.mark.parametrize("key", ["nan", "infinite", "zero of another sign", "zero of the same sign"])
def test_special_numbers_equal_themselves(seeded: dict[str, Row], key: str) -> None:
    assert seeded[key].state == "match"
    assert agreement(seeded[key], "sum") == "equal"


def test_zeros_of_another_sign_are_counted(seeded: dict[str, Row]) -> None:
    assert seeded["zero of another sign"].signed_zeros == 1
    assert seeded["zero of the same sign"].signed_zeros == 0
    assert seeded["same"].signed_zeros == 0


def test_nan_is_no_number(seeded: dict[str, Row]) -> None:
    assert seeded["nan and a number"].state == "mismatch"


def test_names_the_columns_that_differ(seeded: dict[str, Row]) -> None:
    assert differing_columns(seeded["older"].pattern, GROUP) == ["day", "sum"]
    assert differing_columns(seeded["null online"].pattern, GROUP) == ["sum"]
    assert differing_columns(seeded["same"].pattern, GROUP) == []


def test_counts_states_columns_and_how_far_numbers_differ(twins: Twins) -> None:
    for n in range(30):
        twins.both(f"k{n}", day=DAY, sum=3.0, count=n)
    twins.both("a", online={"sum": 470.6}, day=DAY, sum=512.3, count=2)
    twins.both("b", online={"sum": 11.0}, day=DAY, sum=10.0, count=2)
    twins.both("zero", online={"sum": 0.0}, day=DAY, sum=-0.0, count=2)
    twins.both("null", day=DAY, sum=None, count=2)
    twins.put_online("extra", day=DAY)
    found = twins.tally()
    assert {state: n for state, n in found.states.items() if n} == {"match": 32, "mismatch": 2, "extra_online": 1}
    assert (found.keys, found.offences, found.signed_zeros) == (35, 3, 1)
    assert counts(found, "sum") == {"equal": 31, "value_mismatch": 2, "both_null": 1}
    assert column(found, "sum").differing == 2
    sums = column(found, "sum").to_dict()
    assert sums["max_abs"] == pytest.approx(41.7)
    assert sums["max_rel"] == pytest.approx(1 / 11)
    assert sums["smape"] == pytest.approx((2 * 41.7 / 982.9 + 2 * 1 / 21) / 33)
    assert column(found, "count").to_dict()["max_abs"] == 0.0
    assert "max_abs" not in column(found, "id").to_dict()


def test_a_difference_from_nan_has_no_size(twins: Twins) -> None:
    twins.both("nan", online={"sum": 1.0}, day=DAY, sum=float("nan"))
    twins.both("finite", online={"sum": 1.0}, day=DAY, sum=3.0)
    sums = column(twins.tally(), "sum")
    assert (sums.max_abs, sums.max_rel, sums.smape) == (None, None, None)
    assert sums.counts["value_mismatch"] == 2


def test_a_number_column_that_was_never_compared_has_no_largest_difference(twins: Twins) -> None:
    twins.both("null", day=DAY, sum=None, count=1)
    assert column(twins.tally(), "sum").max_abs is None


def test_nothing_in_both_stores_is_a_tally_of_nothing(twins: Twins) -> None:
    found = twins.tally()
    assert (found.keys, found.offences) == (0, 0)


def test_an_older_record_of_the_same_event_is_stale(twins: Twins) -> None:
    twins.put_offline("corrected", file="part-1.parquet", day=DAY, sum=1.5)
    twins.put_offline("damaged", file="part-0.parquet", day=DAY, sum=1.5)
    for key in ("corrected", "damaged"):
        twins.put_online(key, commit=40, day=DAY, sum=1.0)
    commits = {"part-1.parquet": 41, "part-0.parquet": 40}
    assert twins.states(commits=commits) == {"corrected": "stale_online", "damaged": "mismatch"}


def test_a_key_touched_after_the_anchor_is_in_flight_with_either_row(twins: Twins) -> None:
    row: dict[str, Any] = {"day": DAY, "sum": 1.5, "count": 3}
    twins.both("settled", **row)
    twins.both("old row online", **row)
    twins.both("new row online", online={"sum": 9.0}, commit=ANCHOR + 1, **row)
    twins.put_online("new key online", commit=ANCHOR + 2, **row)
    twins.put_offline("deleted after the anchor", **row)
    touched = twins.touched(
        ("old row online", False),
        ("new row online", False),
        ("new key online", False),
        ("deleted after the anchor", True),
        ("not online yet", False),
    )
    found = twins.tally(touched=touched)
    assert {state: n for state, n in found.states.items() if n} == {"match": 1, "in_flight": 4}
    # What is in flight says nothing about a column.
    assert counts(found, "sum") == {"equal": 1}
    assert column(found, "sum").max_abs == 0.0


def test_a_touched_key_with_neither_row_online_is_an_offence(twins: Twins) -> None:
    row: dict[str, Any] = {"day": DAY, "sum": 1.5, "count": 3}
    twins.both("damaged", online={"sum": 9.0}, **row)
    twins.put_offline("lost", **row)
    twins.put_online("extra", **row)
    touched = twins.touched(("damaged", False), ("lost", False), ("extra", False))
    assert twins.states(touched=touched) == {
        "damaged": "mismatch",
        "lost": "missing_online",
        "extra": "extra_online",
    }


def test_expiry_follows_event_time_with_five_seconds_of_slack(spark: SparkSession) -> None:
    columns = (GroupColumn("id", "string"), GroupColumn("day", "timestamp"), GroupColumn("sum", "double"))
    twins = Twins(spark, dataclasses.replace(GROUP, columns=columns, ttl_seconds=3_600))
    now = datetime.fromtimestamp(NOW_US / 1e6, timezone.utc)
    for name, seconds in {"past": -60, "just past": -4, "about now": 4, "future": 60}.items():
        row: dict[str, Any] = {"day": now + timedelta(seconds=seconds - 3_600), "sum": 1.0}
        twins.put_offline(f"{name}, absent", **row)
        twins.both(f"{name}, online", **row)
    assert twins.states() == {
        "past, absent": "expired",
        "just past, absent": "expired",
        "about now, absent": "expired",
        "future, absent": "missing_online",
        "past, online": "extra_online",
        "just past, online": "match",
        "about now, online": "match",
        "future, online": "match",
    }


def test_a_declared_tolerance_accepts_and_shows(spark: SparkSession) -> None:
    columns = tuple(dataclasses.replace(c, tolerance=0.5) if c.name == "sum" else c for c in GROUP.columns)
    twins = Twins(spark, dataclasses.replace(GROUP, columns=columns))
    twins.both("within", online={"sum": 1.5}, day=DAY, sum=1.0)
    twins.both("beyond", online={"sum": 1.75}, day=DAY, sum=1.0)
    twins.both("nan", online={"sum": float("nan")}, day=DAY, sum=1.0)
    rows = twins.rows()
    assert {key: row.state for key, row in rows.items()} == {"within": "match", "beyond": "mismatch", "nan": "mismatch"}
    assert agreement(rows["within"], "sum") == "precision_only"
    assert agreement(rows["beyond"], "sum") == "value_mismatch"


@pytest.mark.parametrize(
    ("kind", "tolerance", "value", "near", "far"),
    [
        ("decimal(10,2)", 0.01, Decimal("1.10"), Decimal("1.11"), Decimal("1.12")),
        ("decimal(38,18)", 0.5, Decimal("12345678901234567890.1"), Decimal("12345678901234567890.6"),
         Decimal("12345678901234567890.601")),
        ("bigint", 1.0, 9_007_199_254_740_993, 9_007_199_254_740_992, 9_007_199_254_740_991),
    ],
)  # fmt: skip
def test_a_tolerance_of_exact_numbers_is_exact(
    spark: SparkSession, kind: str, tolerance: float, value: Any, near: Any, far: Any
) -> None:
    columns = (*GROUP.columns[:2], GroupColumn("sum", kind, tolerance=tolerance))
    twins = Twins(spark, dataclasses.replace(GROUP, columns=columns))
    twins.both("within", online={"sum": near}, day=DAY, sum=value)
    twins.both("beyond", online={"sum": far}, day=DAY, sum=value)
    assert twins.states() == {"within": "match", "beyond": "mismatch"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.000000000123", "0.000000000123"),
        ("-0.0000000010", "-0.000000001"),
        ("12345678901234567890.10", "12345678901234567890.1"),
        ("100", "100"),
        ("0", "0"),
    ],
)
def test_decimals_are_told_without_exponent_and_trailing_zeros(spark: SparkSession, text: str, said: str) -> None:
    number = sf.lit(text).cast("decimal(38,18)")
    assert spark.range(1).select(canonical_text(number, types.DecimalType(38, 18))).collect()[0][0] == said


WIDE = Definition(
    name="wide",
    keys=("id", "at"),
    event_timestamp="seen",
    columns=(
        GroupColumn("id", "bigint"),
        GroupColumn("at", "timestamp", exact=True),
        GroupColumn("seen", "timestamp"),
        GroupColumn("amount", "decimal(10,2)"),
        GroupColumn("blob", "binary"),
        GroupColumn("tags", "map<string,int>", online_as="frozen"),
        GroupColumn("steps", "array<int>", online_as="frozen"),
        GroupColumn("json", "struct<a:int,b:string>", online_as="json"),
        GroupColumn("flag", "boolean"),
        GroupColumn("text", "string"),
    ),
    ttl_seconds=None,
    offline="/wide",
    online="feature_store.wide",
)


AT = datetime(2025, 1, 2, 3, 4, 5, 678_901, timezone.utc)
at_us = 1_735_787_045_678_901
SEEN_MS = datetime(2025, 1, 2, 3, 4, 5, 678_000, timezone.utc)

DAMAGE: dict[str, Any] = {
    "seen": SEEN_MS + timedelta(milliseconds=1),
    "amount": Decimal("1.11"),
    "blob": bytearray(b""),
    "tags": {"a": 1, "b": 3},
    "steps": [2, 1],
    "json": '{"a":1}',
    "flag": True,
    "text": "\u0000",
}


def put_wide(twins: Twins, id_: int, **online: Any) -> None:
    offline: dict[str, Any] = {
        "seen": AT,
        "amount": Decimal("1.10"),
        "blob": bytearray(b"\x00\xff"),
        "tags": {"b": 2, "a": 1},
        "steps": [1, 2],
        "json": (1, None),
        "flag": False,
        "text": "",
    }
    kept = {**offline, "seen": SEEN_MS, "tags": {"a": 1, "b": 2}, "json": '{"a":1,"b":null}'}
    twins.put_offline(id_, AT, **offline)
    twins.put_online(id_, at_us, **{**kept, **online})


@pytest.fixture(scope="module")
def wide(spark: SparkSession) -> Twins:
    """Key 0 as it should be, one key for each damage, and a last one to look at."""
    twins = Twins(spark, WIDE)
    put_wide(twins, 0)
    for id_, (name, value) in enumerate(DAMAGE.items(), 1):
        put_wide(twins, id_, **{name: value})
    put_wide(twins, 99, json="{broken", text="x")
    return twins


@pytest.fixture(scope="module")
def wide_rows(wide: Twins) -> dict[str, Row]:
    return wide.rows()


def test_types_that_the_online_store_keeps_otherwise_are_still_the_same(wide_rows: dict[str, Row]) -> None:
    row = wide_rows["0"]
    assert row.state == "match"
    assert agreement(row, "seen", WIDE) == "precision_only"
    for name in ("at", "amount", "blob", "tags", "steps", "json", "flag", "text"):
        assert agreement(row, name, WIDE) == "equal", name


@pytest.mark.parametrize("name", DAMAGE)
def test_a_difference_of_any_type_is_seen(wide_rows: dict[str, Row], name: str) -> None:
    row = wide_rows[str(1 + list(DAMAGE).index(name))]
    assert row.state in ("mismatch", "ahead_online")
    assert differing_columns(row.pattern, WIDE) == [name]
    assert agreement(row, name, WIDE) == "value_mismatch"


def test_text_of_offenders_is_in_the_terms_of_the_offline_type(wide: Twins) -> None:
    row = next(each for each in first_offenders(wide.judged(), WIDE, 10) if each.key["id"] == "99")
    assert row.key == {"id": "99", "at": "2025-01-02T03:04:05.678901Z"}
    assert row.offline["seen"] == "2025-01-02T03:04:05.678901Z"
    assert row.online["seen"] == "2025-01-02T03:04:05.678000Z"
    assert row.online["at"] == "2025-01-02T03:04:05.678901Z"
    assert row.offline["amount"] == row.online["amount"] == "1.1"
    assert row.offline["blob"] == "00ff"
    assert row.offline["tags"] == '{"a":1,"b":2}'
    assert row.offline["json"] == '{"a":1,"b":null}'
    assert row.online["json"] == "{broken"
    assert row.offline["text"] == ""


def test_an_online_column_of_another_type_is_a_type_mismatch(twins: Twins) -> None:
    twins.both("k", day=DAY, sum=1.0, count=3)
    offline, online = twins.frames()
    changed = online.withColumn("sum", sf.col("sum").cast("string"))
    found = tally(judge(pair(offline, changed, GROUP), GROUP, Anchor(ANCHOR, NOW_US, NOW_US)), GROUP)
    assert counts(found, "sum") == {"type_mismatch": 1}
    assert found.states["mismatch"] == 1


def test_a_column_that_the_online_table_lacks_is_a_type_mismatch(twins: Twins) -> None:
    twins.both("k", day=DAY, sum=None, count=3)
    offline, online = twins.frames()
    judged = judge(pair(offline, online.drop("sum"), GROUP), GROUP, Anchor(ANCHOR, NOW_US, NOW_US))
    assert counts(tally(judged, GROUP), "sum") == {"type_mismatch": 1}
    assert first_offenders(judged, GROUP, 10)[0].online == {"id": "k", "day": "2014-02-27", "count": "3"}


def test_offenders_show_both_rows_as_text_worst_states_first(twins: Twins) -> None:
    row: dict[str, Any] = {"day": DAY, "sum": 1.5, "count": 3}
    twins.both("same", **row)
    twins.both("b", online={"sum": None}, commit=40, **row)
    twins.both("a", online={"sum": 2.5}, **row)
    twins.put_offline("missing", **row)
    twins.put_online("extra", **row)
    judged = twins.judged()
    rows = first_offenders(judged, GROUP, 10)
    assert [(each.state, each.key["id"]) for each in rows] == [
        ("missing_online", "missing"),
        ("extra_online", "extra"),
        ("mismatch", "a"),
        ("mismatch", "b"),
    ]
    missing, extra, _, changed = rows
    assert missing.online is None
    assert missing.offline == {"id": "missing", "day": "2014-02-27", "sum": "1.5", "count": "3"}
    assert extra.offline is None
    assert changed.online == {"id": "b", "day": "2014-02-27", "sum": None, "count": "3"}
    assert changed.online_commit == 40
    assert differing_columns(changed.pattern, GROUP) == ["sum"]
    assert [each.key["id"] for each in first_offenders(judged, GROUP, 2)] == ["missing", "extra"]


def test_long_values_of_offenders_are_cut(spark: SparkSession) -> None:
    text = GroupColumn("text", "string")
    twins = Twins(spark, dataclasses.replace(GROUP, columns=(*GROUP.columns, text)))
    twins.put_offline("k", day=DAY, text="é" * 1_001)
    twins.put_online("l", day=DAY, text="é" * 1_000)
    missing, extra = first_offenders(twins.judged(), twins.definition, 10)
    assert missing.offline["text"] == "é" * 1_000 + "… (1001 characters)"
    assert extra.online["text"] == "é" * 1_000


def test_knows_the_files_of_offenders_only(twins: Twins) -> None:
    twins.put_offline("missing", file="part-1.parquet", day=DAY, sum=1.0)
    twins.both("same", day=DAY, sum=1.0)
    twins.put_online("extra", day=DAY)
    assert files_of_offenders(twins.judged()) == {"part-1.parquet"}


def test_a_row_that_some_of_its_tables_lack_differs_unless_it_expires_or_is_in_flight(
    spark: SparkSession,
) -> None:
    life = timedelta(days=30)
    at_us = int(datetime(DAY.year, DAY.month, DAY.day, tzinfo=timezone.utc).timestamp()) * 1_000_000
    twins = Twins(spark, dataclasses.replace(GROUP, ttl_seconds=life.days * 86_400))
    row: dict[str, Any] = {"day": DAY, "sum": None, "count": 3}
    for key in ("whole", "lacking", "leaving", "coming"):
        twins.both(key, **row)
    twins.both("expiring", **{**row, "day": DAY - life})
    offline, online = twins.frames()
    whole = sf.col("id") == "whole"
    newest = sf.when(sf.col("id") == "coming", ANCHOR + 1).otherwise(ANCHOR).cast("bigint")
    online = online.withColumns({NEWEST_COMMIT: newest, LACKING: sf.when(whole, "").otherwise("features.more")})
    touched = twins.touched(("leaving", True), ("coming", False))
    judged = judge(pair(offline, online, twins.definition), twins.definition, Anchor(ANCHOR, at_us, at_us), touched)
    assert {each.key_0: each.state for each in judged.select("key_0", "state").collect()} == {
        "whole": "match",
        "lacking": "mismatch",
        "leaving": "in_flight",
        "coming": "in_flight",
        "expiring": "expired",
    }
    (offender,) = first_offenders(judged, twins.definition, 10)
    assert (offender.key["id"], offender.lacking) == ("lacking", "features.more")
