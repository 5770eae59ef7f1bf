"""What becomes of each winner: written, deleted because it expired, or set aside because it can never be written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf
from pyspark.sql.types import ArrayType, BinaryType, MapType, StringType, StructType

from .config import Settings
from .expiry import expires_us, remaining_s
from .feature_group import MAX_TTL_S, Definition
from .online import EXPIRES_US
from .reasons import utc
from .row_size import STAMP_BYTES, row_bytes
from .twins import Twins
from .types import GroupColumn, is_readable, parse_type, quoted
from .winners import TIED

#: Column that says it: `ALIVE`, `EXPIRED`, or the reason why the row can never be written.
FATE = "_fate"
ALIVE, EXPIRED = "alive", "expired"

#: What CQL adds to each part of a partition key of several columns, in bytes.
_PART_OVERHEAD = 3


@dataclass(frozen=True)
class Limits:
    """What the online store takes: the longest partition key and the largest row in bytes, and until when a row may
    live, in µs since the epoch; None for any time."""

    key_bytes: int
    row_bytes: int
    last_expiry_us: int | None

    @classmethod
    def of(cls, twins: Twins, settings: Settings) -> Limits:
        """Those of a group's store. Asks it only where rows expire."""
        row_bytes = (settings.max_row_bytes, twins.dialect.max_row_bytes)
        return cls(
            twins.dialect.max_key_bytes,
            min(each for each in row_bytes if each is not None),
            None if twins.definition.ttl_seconds is None else twins.cql.last_expiry_us,
        )


@dataclass(frozen=True)
class Tally:
    """Winners by fate, the alive ones of each partition, that is of each task that writes, and how many are `TIED`."""

    alive: int
    expired: int
    failed: int
    alive_by_partition: tuple[int, ...]
    tied: int


def with_fate(winners: DataFrame, definition: Definition, limits: Limits, now_us: int) -> DataFrame:
    """Adds `FATE` as it is at `now_us`, and where rows expire `EXPIRES_US`."""
    expires, remaining = expires_us(definition), remaining_s(definition, now_us)
    fate = sf.when(illegal_key(definition, limits.key_bytes), "the key is empty or too long")
    fate = fate.when(_null_element(definition), "a frozen collection has a null element")
    fate = fate.when(_too_large(definition, limits.row_bytes), f"the row is larger than {limits.row_bytes} bytes")
    fate = fate.when(_unreadable(definition), "a date or time from before the Gregorian calendar cannot be read back")
    if expires is None or remaining is None:
        return winners.withColumn(FATE, fate.otherwise(ALIVE))
    fate = fate.when(remaining > MAX_TTL_S, "the time to live is above 20 years")
    if limits.last_expiry_us is not None:
        last = f"{utc(limits.last_expiry_us)}, the last that the online store takes"
        fate = fate.when(expires > limits.last_expiry_us, f"the row would expire after {last}")
    fate = fate.when(remaining <= 0, EXPIRED).otherwise(ALIVE)
    return winners.withColumn(FATE, fate).withColumn(EXPIRES_US, expires)


def tally(fated: DataFrame) -> Tally:
    """Counts the fates of cached winners."""
    partition = sf.spark_partition_id().alias("partition")
    by_fate: Counter[str] = Counter()
    alive: list[int] = []
    tied = 0
    counts = sf.count(sf.lit(1)), sf.count(sf.when(sf.col(TIED), True))
    for _, fate, count, tied_here in fated.groupBy(partition, FATE).agg(*counts).collect():
        by_fate[fate] += count
        tied += tied_here
        if fate == ALIVE:
            alive.append(count)
    failed = sum(count for fate, count in by_fate.items() if fate not in (ALIVE, EXPIRED))
    return Tally(by_fate[ALIVE], by_fate[EXPIRED], failed, tuple(sorted(alive)), tied)


def illegal_key(definition: Definition, most: int) -> Column:
    """Whether the server would refuse the partition key: empty where it is one column, or longer than `most` bytes."""
    sizes = [sf.octet_length(sf.col(quoted(column.name))) for column in definition.key_columns if _has_length(column)]
    if not sizes:
        return sf.lit(False)
    if len(definition.keys) == 1:
        return (sizes[0] == 0) | (sizes[0] > most)
    # Fixed-size parts have at most 16 bytes.
    fixed = 16 * (len(definition.keys) - len(sizes)) + _PART_OVERHEAD * len(definition.keys)
    return sum(sizes[1:], sizes[0]) > most - fixed


def _too_large(definition: Definition, most: int) -> Column:
    """Whether the row of one of the group's tables is larger than `most` bytes, which takes a value of any length."""
    parts = [part for part in definition.parts if any(map(_has_length, part.features))]
    return reduce(or_, (row_bytes(part, STAMP_BYTES) > most for part in parts), sf.lit(False))


def _unreadable(definition: Definition) -> Column:
    """Whether the row holds a value that no proof could compare."""
    found = sf.lit(False)
    for readable in map(is_readable, definition.columns):
        if readable is not None:
            found = found | ~sf.coalesce(readable, sf.lit(True))
    return found


def _null_element(definition: Definition) -> Column:
    """Whether a frozen collection holds a null, which CQL refuses."""
    found = sf.lit(False)
    for column in definition.features:
        if column.online_as == "frozen":
            value = sf.col(quoted(column.name))
            items = sf.map_values(value) if isinstance(parse_type(column.type), MapType) else value
            found = found | sf.coalesce(sf.exists(items, lambda item: item.isNull()), sf.lit(False))
    return found


def _has_length(column: GroupColumn) -> bool:
    return isinstance(parse_type(column.type), (StringType, BinaryType, ArrayType, MapType, StructType))
