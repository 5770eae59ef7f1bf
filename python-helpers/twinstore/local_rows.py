"""DataFrames of rows that are here, in Python."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf
from pyspark.sql.types import ArrayType, StringType, StructField, StructType

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: A value that is no value of its column is an error; text may be as long as Spark holds it.
_EXACT = {"mode": "FAILFAST", "maxStringLen": str(2**31 - 1)}


def texts_of(names: Iterable[str]) -> StructType:
    """The schema of columns that are all text."""
    return StructType([StructField(name, StringType()) for name in names])


def local_rows(spark: SparkSession, rows: Iterable[Sequence[Any]], schema: StructType) -> DataFrame:
    """A DataFrame of these rows, of text, whole numbers, booleans and lists of them, in one partition.

    `spark.createDataFrame` sends rows through a Python process of Spark's, which takes longer than to write a few of
    them to a table.
    """
    text = json.dumps([dict(zip(schema.names, row)) for row in rows])
    parsed = sf.from_json(sf.lit(text), ArrayType(schema), _EXACT)
    return spark.range(0, 1, 1, 1).select(sf.inline(parsed))
