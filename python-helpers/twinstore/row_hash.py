"""The hash of a row's features: what makes two records of one event the same."""

from __future__ import annotations

from collections.abc import Iterable

from pyspark.sql import Column
from pyspark.sql import functions as sf

from .types import GroupColumn, canonical, parse_type, quoted

# What Spark's xxhash64 gives when it is fed nothing but nulls: its seed.
_SEED = 42


def row_hash(features: Iterable[GroupColumn]) -> Column:
    """`xxhash64` over name tag and value of each feature, in the order of the names; bigint.

    A null adds nothing, so that a new feature that is null changes no hash; the tag keeps (null, 1) apart from
    (1, null). Nested values enter as canonical JSON. `test/vectors/row_hash.json` binds it to TypeScript.
    """
    parts: list[Column] = []
    for feature in sorted(features, key=lambda each: each.name):
        value = sf.col(quoted(feature.name))
        parts += [sf.when(value.isNotNull(), sf.lit(feature.name)), _hashed(value, feature)]
    return sf.xxhash64(*parts) if parts else sf.lit(_SEED).cast("bigint")


def _hashed(value: Column, feature: GroupColumn) -> Column:
    spark = parse_type(feature.type)
    return canonical(value, spark) if feature.type.startswith(("array<", "map<", "struct<")) else value
