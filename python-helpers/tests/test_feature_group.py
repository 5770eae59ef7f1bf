"""What a feature group may be, and that everything wrong with one is said at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import types as t

from twinstore.errors import TwinstoreError
from twinstore.feature_group import Definition, FeatureGroup, ttl_seconds
from twinstore.schemas import problems
from twinstore.types import GroupColumn, contract, parse_type

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCHEMA = t.StructType(
    [
        t.StructField("house", t.StringType()),
        t.StructField("day", t.DateType()),
        t.StructField("mean", t.DoubleType()),
        t.StructField("seen", t.TimestampType()),
    ]
)


def group(**options: Any) -> FeatureGroup:
    declared: dict[str, Any] = {
        "name": "energy",
        "keys": ["house"],
        "event_timestamp": "day",
        "offline": "s3a://features/energy",
        "online": "feature_store.energy",
    }
    return FeatureGroup(**{**declared, **options})


def refusal(declared: FeatureGroup, schema: t.StructType = SCHEMA) -> str:
    with pytest.raises(TwinstoreError) as caught:
        declared.define(schema)
    return str(caught.value)


def test_a_definition_is_legal_by_the_contract_and_survives_its_own_json() -> None:
    definition = group(ttl="400d", exact=["seen"], tolerances={"mean": 0.5}, description="Daily energy.").define(SCHEMA)
    assert problems(definition.to_dict(), "group") == []
    assert definition.ttl_seconds == 400 * 86_400
    assert Definition.from_json(definition.to_json(), "here") == definition
    assert definition.group().define(SCHEMA) == definition


def test_a_type_that_a_group_keeps_and_no_longer_may_is_refused_with_its_remedy(spark: SparkSession) -> None:
    columns = (*group().define(SCHEMA).columns, GroupColumn("m", "map<int,string>", online_as="json"))
    kept = Definition.from_json(replace(group().define(SCHEMA), columns=columns).to_json(), "here")
    with pytest.raises(TwinstoreError, match="the keys of a map are kept online as strings alone") as refused:
        contract(kept.column("m"))
    assert (refused.value.code, "transform_keys" in refused.value.remedy) == ("bad_request", True)


def test_all_that_is_wrong_is_listed_at_once_with_its_remedy(spark: SparkSession) -> None:
    schema = t.StructType(
        [
            *SCHEMA.fields,
            t.StructField("Mean", t.DoubleType()),
            t.StructField("_hidden", t.LongType()),
            t.StructField("a b", t.LongType()),
            t.StructField("nothing", t.NullType()),
            t.StructField("tags", t.ArrayType(t.StringType())),
            t.StructField("zoneless", t.TimestampNTZType()),
        ]
    )
    said = refusal(group(name="Energy", keys=["mean"], event_timestamp="gone", ttl="soon"), schema)
    for words in (
        "The name 'Energy' is not legal",
        "ttl='soon' is not a time to live",
        "Columns mean and Mean differ in nothing but case",
        "Column _hidden begins with _",
        "Column 'a b' has a character",
        "Column gone is declared and not in the DataFrame",
        "mean is double and may not be a key",
        "Column nothing has the type void",
        "cast(nothing as string)",
        "Declare nested={'tags': 'json'}",
        "Declare it exact=['zoneless']",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("kind", "legal"),
    [
        (t.StringType(), True),
        (t.ByteType(), True),
        (t.LongType(), True),
        (t.DateType(), True),
        (t.BinaryType(), True),
        (t.BooleanType(), True),
        (t.DecimalType(10, 2), True),
        (t.FloatType(), False),
        (t.DoubleType(), False),
        (t.TimestampType(), False),
    ],
    ids=lambda kind: kind.simpleString() if isinstance(kind, t.DataType) else str(kind),
)
def test_keys_are_types_with_one_form_in_both_stores(kind: t.DataType, legal: bool) -> None:
    schema = t.StructType([t.StructField("key", kind), SCHEMA["day"]])
    if legal:
        assert group(keys=["key"]).define(schema).keys == ("key",)
    else:
        assert "may not be a key" in refusal(group(keys=["key"]), schema)


def test_a_split_group_has_one_part_for_each_of_its_tables() -> None:
    definition = group(split={"energy_2": ["seen"]}, ttl="1d").define(SCHEMA)
    assert problems(definition.to_dict(), "group") == []
    assert Definition.from_json(definition.to_json(), "here") == definition
    assert definition.group().define(SCHEMA) == definition
    first, second = definition.parts
    assert (first.online, [c.name for c in first.columns]) == ("feature_store.energy", ["house", "day", "mean"])
    assert (second.online, [c.name for c in second.columns]) == ("feature_store.energy_2", ["house", "seen"])
    assert second.ttl_seconds == 86_400
    assert group().define(SCHEMA).parts == (group().define(SCHEMA),)
    (moved,) = group().define(SCHEMA).change_from(definition).illegal
    assert moved == "column seen is timestamp and was timestamp (in energy_2)"


def test_what_is_wrong_with_a_split_is_listed() -> None:
    split = {"energy": ["seen"], "Energy": ["mean"], "x": "mean", "y": [], "z": ["house", "day", "mean", "gone"]}
    said = refusal(group(split=split))
    for words in (
        "split names the table 'energy'",
        "split names the table 'Energy'",
        "split['x'] is 'mean'",
        "split['y'] is []",
        "split['z'] names house, which another table or every table has",
        "split['z'] names day,",
        "split['z'] names mean,",
        "Column gone is declared and not in the DataFrame",
    ):
        assert words in said


def test_an_exact_timestamp_may_be_a_key() -> None:
    assert group(keys=["seen"], exact=["seen"]).define(SCHEMA).key_columns == (GroupColumn("seen", "timestamp", True),)


def test_exact_tolerance_and_nested_are_refused_where_they_mean_nothing() -> None:
    said = refusal(group(exact=["mean"], tolerances={"house": 1.0}, nested={"day": "json"}))
    assert "only timestamps are declared exact" in said
    assert "a tolerance needs a number" in said
    assert "only nested types are declared json" in said


@pytest.mark.parametrize("how", ["json", "frozen"])
@pytest.mark.parametrize("kind", ["map<int,string>", "array<map<date,int>>", "struct<a:map<string,map<int,int>>>"])
def test_maps_whose_keys_are_not_strings_are_refused_with_a_cast(spark: SparkSession, kind: str, how: str) -> None:
    schema = t.StructType([*SCHEMA.fields, t.StructField("tags", parse_type(kind))])
    said = refusal(group(nested={"tags": how}), schema)
    assert kind in said and "transform_keys(" in said


@pytest.mark.parametrize(
    ("ttl", "seconds"), [(None, None), ("1s", 1), ("90m", 5_400), ("12h", 43_200), ("7300d", 630_720_000), (60, 60)]
)
def test_a_time_to_live_is_a_number_with_its_unit(ttl: Any, seconds: int | None) -> None:
    assert ttl_seconds(ttl) == seconds


@pytest.mark.parametrize("ttl", ["", "0s", "7301d", "1w", 0, -1, True, 1.5])
def test_other_times_to_live_are_refused(ttl: Any) -> None:
    with pytest.raises(TwinstoreError, match="is not a time to live"):
        ttl_seconds(ttl)


def test_what_a_definition_changes_is_named_and_the_order_of_columns_is_nothing() -> None:
    first = group().define(SCHEMA)
    assert group().define(t.StructType(SCHEMA.fields[::-1])).change_from(first).none
    widened = t.StructType([*SCHEMA.fields, t.StructField("more", t.LongType())])
    change = group(ttl="1d", tolerances={"more": 1.0}).define(widened).change_from(first)
    assert change.legal == ("ttl_seconds is 86400 and was None", "feature more is new")
    assert [column.name for column in change.features] == ["more"] and not change.illegal
    assert first.change_from(group().define(widened)).illegal == ("column more is missing",)
    retyped = t.StructType([*SCHEMA.fields, t.StructField("more", t.StringType())])
    (illegal,) = group().define(retyped).change_from(group().define(widened)).illegal
    assert illegal.startswith("column more is") and "bigint" in illegal
