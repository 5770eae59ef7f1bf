"""Values in vectors that both languages read: always text, so that no JSON parser rounds them; None for null."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

if TYPE_CHECKING:
    from pyspark.sql import Column


def literal(text: str | None, spark_type: str) -> Column:
    """The value that `text` writes: see `read`."""
    return read(sf.lit(text).cast("string"), spark_type)


def read(value: Column, spark_type: str) -> Column:
    """The values that a column of texts writes: hexadecimal for binary, µs since the epoch for timestamps, JSON for
    nested types, Spark's own text for all others."""
    if spark_type == "binary":
        return sf.unhex(value)
    if spark_type == "timestamp":
        return sf.timestamp_micros(value.cast("bigint"))
    if spark_type == "timestamp_ntz":
        return sf.timestamp_micros(value.cast("bigint")).cast("timestamp_ntz")
    if spark_type.startswith(("array<", "map<", "struct<")):
        return sf.from_json(value, spark_type)
    return value.cast(spark_type)
