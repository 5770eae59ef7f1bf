"""What is said of online tables and columns that are not there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from pyspark.sql import types as t

from twinstore.feature_group import Definition, FeatureGroup
from twinstore.online import OnlineTable
from twinstore.online_preflight import Lack


def definition(*features: str, table: str = "energy") -> Definition:
    fields = [t.StructField("house", t.StringType()), t.StructField("day", t.DateType())]
    schema = t.StructType([*fields, *(t.StructField(name, t.LongType()) for name in features)])
    return FeatureGroup("energy", ["house"], "day", "/data/energy", f"store.{table}").define(schema)


def lack(*columns: str) -> Lack:
    return Lack(cast(OnlineTable, SimpleNamespace(name="store.energy")), columns or None)


def test_of_lacking_columns_those_that_are_new_were_not_lost() -> None:
    assert lack("mean", "low").lost(definition("mean")) == "In the online table store.energy the columns mean were"
    assert lack("low").lost(definition("mean")) is None
    assert lack("mean", "low").lost(None) == "In the online table store.energy the columns mean, low were"


def test_a_lacking_table_was_lost_when_the_group_had_it() -> None:
    assert lack().lost(definition("mean")) == lack().lost(None) == "The online table store.energy was"
    assert lack().lost(definition("mean", table="another")) is None
