"""The latest-row order: which of an entity's rows is the one that the online store holds."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from .feature_group import CREATED_US, ROW_HASH, Definition
from .row_hash import row_hash
from .types import US_PER_DAY, event_us, quoted

#: Column of `order_rows` and `latest`: struct(event_us, created_us, row_hash), greater is later. A total order.
ORDER = "_order"


def order_rows(rows: DataFrame, definition: Definition, all_ours: bool = False) -> DataFrame:
    """Keys and `ORDER` of every row, reading nothing else.

    Rows of other writers may lack the internal columns: a missing `_created_us` counts as 0, and a missing `_row_hash`
    is computed. These rows are a branch of their own, so that the features are read only from files that have any;
    `all_ours` says that there are none.
    """
    if all_ours:
        return _ordered(rows, definition, sf.col(ROW_HASH))
    hashed, bare = sf.col(ROW_HASH).isNotNull(), sf.col(ROW_HASH).isNull()
    return _ordered(rows.where(hashed), definition, sf.col(ROW_HASH)).unionByName(
        _ordered(rows.where(bare), definition, row_hash(definition.features))
    )


def latest(order: DataFrame, definition: Definition) -> DataFrame:
    """The greatest `ORDER` of each key: one row per key of `order` (as `order_rows` gives it)."""
    return order.groupBy(*key_names(definition)).agg(sf.max(ORDER).alias(ORDER))


def least_us(order: str = ORDER) -> Column:
    """The least event time of a column of orders, before which no row is wanted; null where some have none."""
    # An order without an event time comes before all that have one.
    return sf.min(order).getField("event_us")


def oldest_us(latest_order: DataFrame) -> int | None:
    """The least event time of `latest_order`, before which no row is wanted; None where some have none."""
    oldest: int | None = latest_order.agg(least_us()).collect()[0][0]
    return oldest


def rows_of(
    latest_order: DataFrame, rows: DataFrame, definition: Definition, partitions: int, from_us: int | None = None
) -> DataFrame:
    """The whole rows that `latest_order` names, with `ORDER`, in `partitions`; one per key even where a row is double.

    `rows` is the snapshot (or the part of it) that the order was taken from; `from_us` is the least event time of the
    order, where it is known, so that files with older rows alone are not read again. Only winners are shuffled: the
    rows are filtered where they lie. Of rows of one order with different values, such as after an UPDATE that left
    their internal columns alone, all who ask get the same one.
    """
    if from_us is not None:
        rows = rows.where(from_event_us(definition, from_us))
    known = sf.coalesce(sf.col(ROW_HASH), row_hash(definition.features))
    marked = rows.withColumn(ORDER, order_column(definition, known))
    found = marked.join(latest_order, [*definition.keys, ORDER], "left_semi")
    shuffled = found.repartition(partitions, *key_names(definition))
    whole = sf.max_by(sf.struct("*"), row_hash(definition.features)).alias("_row")
    return shuffled.groupBy(*key_names(definition)).agg(whole).select("_row.*")


def winners(rows: DataFrame, definition: Definition) -> DataFrame:
    """The latest row of each key of `rows`, with all their columns and `ORDER`."""
    partitions = rows.sparkSession.sparkContext.defaultParallelism
    return rows_of(latest(order_rows(rows, definition), definition), rows, definition, partitions)


def order_column(definition: Definition, hash_of_row: Column) -> Column:
    """The total order of rows: event time, then when it was written, then the hash of the row."""
    return sf.struct(
        event_us(definition.event_column).alias("event_us"),
        sf.coalesce(sf.col(CREATED_US), sf.lit(0).cast("bigint")).alias("created_us"),
        hash_of_row.alias("row_hash"),
    )


def from_event_us(definition: Definition, bound_us: int) -> Column:
    """The condition that a row is not older than `bound_us`, in the column's own type, so that files are skipped."""
    column = definition.event_column
    value, bound = sf.col(quoted(column.name)), sf.lit(bound_us)
    if column.type == "date":
        return value >= sf.date_from_unix_date(sf.lit(bound_us // US_PER_DAY))
    instant = sf.timestamp_micros(bound)
    return value >= (instant.cast("timestamp_ntz") if column.type == "timestamp_ntz" else instant)


def key_names(definition: Definition) -> Sequence[Column]:
    """The key columns, quoted."""
    return [sf.col(quoted(name)) for name in definition.keys]


def _ordered(rows: DataFrame, definition: Definition, hash_of_row: Column) -> DataFrame:
    return rows.select(*key_names(definition), order_column(definition, hash_of_row).alias(ORDER))
