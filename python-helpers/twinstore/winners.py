"""The latest-row order: which of an entity's rows is the one that the online store holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from .counted import counted
from .feature_group import CREATED_US, ROW_HASH, Definition
from .row_hash import row_hash
from .types import US_PER_DAY, event_us, quoted

#: Event time in µs, of a row or the newest of a key.
EVENT_US = "_event_us"
#: Column of `order_rows`: struct(event_us, created_us, row_hash), greater is later. A total order.
ORDER = "_order"
#: Column of `rows_of`: whether only its hash tells a row from another of its event time that was written at once.
TIED = "_tied"


def event_times(rows: DataFrame, definition: Definition) -> DataFrame:
    """Keys, `EVENT_US` and `_created_us` of every row, reading nothing else. Rows of other writers may lack
    `_created_us`, which then counts as 0."""
    return rows.select(*key_names(definition), event_us(definition.event_column).alias(EVENT_US), _created_us())


def newest(times: DataFrame, definition: Definition) -> DataFrame:
    """The newest `EVENT_US` of each key: one row per key of `times` (as `event_times` gives it).

    The winner is one of the rows of that time. Which one, `rows_of` finds among these few: Spark takes the maximum of a
    number by hashing, that of a whole `ORDER` only by sorting all rows.
    """
    return times.groupBy(*key_names(definition)).agg(sf.max(EVENT_US).alias(EVENT_US))


def order_rows(rows: DataFrame, definition: Definition) -> DataFrame:
    """Keys and `ORDER` of every row, reading nothing else.

    Rows of other writers may lack the internal columns: a missing `_created_us` counts as 0, and a missing `_row_hash`
    is computed. These rows are a branch of their own, so that the features are read only from files that have any.
    """
    hashed, bare = sf.col(ROW_HASH).isNotNull(), sf.col(ROW_HASH).isNull()
    return _ordered(rows.where(hashed), definition, sf.col(ROW_HASH)).unionByName(
        _ordered(rows.where(bare), definition, row_hash(definition.features))
    )


def least_us(times: str = EVENT_US) -> Column:
    """The least of a column of event times, before which no row is wanted; null where some have none."""
    return sf.when(sf.count(times) == sf.count(sf.lit(1)), sf.min(times))


def oldest_us(newest_times: DataFrame) -> int | None:
    """The least event time of `newest_times`, before which no row is wanted; None where some have none."""
    oldest: int | None = newest_times.agg(least_us()).collect()[0][0]
    return oldest


def rows_of(
    newest_times: DataFrame, rows: DataFrame, definition: Definition, partitions: int, from_us: int | None = None
) -> DataFrame:
    """The latest row of each key of `newest_times`, with `ORDER` and `TIED`, in `partitions`.

    `rows` is the snapshot (or the part of it) that the times were taken from; `from_us` is the least of them, where it
    is known, so that files with older rows alone are not read again. Times that Spark broadcasts (up to 10 MB, unless
    set otherwise) filter the rows where they lie, so that only those of the newest time of their key are shuffled; more
    times meet the rows of these files in a shuffle. Of rows of one order with different values, such as after an UPDATE
    that left their internal columns alone, all who ask get the same one.
    """
    if from_us is not None:
        rows = rows.where(from_event_us(definition, from_us))
    wanted = newest_times.select(
        *[sf.col(quoted(name)).alias(f"_key_{n}") for n, name in enumerate(definition.keys)],
        sf.col(EVENT_US).alias("_newest_us"),
    )
    is_newest = event_us(definition.event_column).eqNullSafe(sf.col("_newest_us"))
    for n, name in enumerate(definition.keys):
        is_newest = is_newest & (sf.col(quoted(name)) == sf.col(f"_key_{n}"))
    found = rows.join(wanted, is_newest, "left_semi").repartition(partitions, *key_names(definition))
    hash_of_values = row_hash(definition.features)
    order = order_column(definition, sf.coalesce(sf.col(ROW_HASH), hash_of_values))
    marked = found.withColumn(ORDER, order)
    whole = sf.max_by(sf.struct("*"), sf.struct(sf.col(ORDER), hash_of_values)).alias("_row")
    return marked.groupBy(*key_names(definition)).agg(whole, is_tied().alias(TIED)).select("_row.*", TIED)


def is_tied() -> Column:
    """An aggregate of `ORDER`: whether only the hash tells the latest row from another, of other values."""
    hash_of_row = sf.bitwise_not(sf.col(f"{ORDER}.row_hash")).alias("inverse")
    least_hash_first = sf.struct(sf.col(f"{ORDER}.event_us"), sf.col(f"{ORDER}.created_us"), hash_of_row)
    least = sf.bitwise_not(sf.max(least_hash_first).getField("inverse"))
    return sf.max(ORDER).getField("row_hash") != least


def tied_note(keys: int) -> Iterable[str]:
    """What a receipt says where that is so of some keys."""
    if keys:
        yield (
            f"{counted(keys, 'entity has', 'entities have')} several newest rows of one event time and written at once "
            "with other values: the one with the greatest row hash counts."
        )


def winners(rows: DataFrame, definition: Definition) -> DataFrame:
    """The latest row of each key of `rows`, with all their columns and `ORDER`."""
    partitions = rows.sparkSession.sparkContext.defaultParallelism
    return rows_of(newest(event_times(rows, definition), definition), rows, definition, partitions)


def order_column(definition: Definition, hash_of_row: Column) -> Column:
    """The total order of rows: event time, then when it was written, then the hash of the row."""
    return sf.struct(
        event_us(definition.event_column).alias("event_us"),
        _created_us().alias("created_us"),
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


def _created_us() -> Column:
    return sf.coalesce(sf.col(CREATED_US), sf.lit(0).cast("bigint")).alias(CREATED_US)


def _ordered(rows: DataFrame, definition: Definition, hash_of_row: Column) -> DataFrame:
    return rows.select(*key_names(definition), order_column(definition, hash_of_row).alias(ORDER))
