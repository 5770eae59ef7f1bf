"""Which keys versions of the offline table touched: for what is in flight, and for proofs that build on another."""

from __future__ import annotations

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from .comparison import REMOVED, key_aliases, key_columns_of
from .gap import changes_of
from .receipts import Gap
from .twins import Twins


def touched_keys(twins: Twins, gap: Gap) -> DataFrame | None:
    """The distinct keys whose rows the gap added, removed or replaced, cached; None when that cannot be told: every
    key was touched, or the log or the change feed no longer reaches back."""
    if gap.empty:
        return twins.offline.read(gap.to_version).select(*twins.definition.keys).limit(0)
    if changes_of(twins, gap).every_key:
        return None
    keys = twins.offline.changed_keys(gap.from_version, gap.to_version, list(twins.definition.keys)).persist()
    try:
        keys.count()
    except (Py4JError, PySparkException):
        # VACUUM took files of the gap, or the change feed was off for a while.
        keys.unpersist()
        return None
    return keys


def touched_since(twins: Twins, version: int, pairs: DataFrame) -> DataFrame | None:
    """The keys that were touched after `version` up to the head as it is now, as `judge` takes them; None for none.

    To be called after the online store was read: whatever was online then is in the log by now. A key counts as one
    that lost rows when any commit since took rows away. Where the keys cannot be told, all keys of `pairs` count.
    """
    head = twins.offline.snapshot()
    if head is None or head.version <= version:
        return None
    gap = Gap(version, head.version)
    changes = changes_of(twins, gap)
    if changes.none:
        return None
    keys = touched_keys(twins, gap)
    if keys is None:
        return pairs.select(*key_aliases(twins.definition)).withColumn(REMOVED, sf.lit(True))
    return key_columns_of(keys, twins.definition).withColumn(REMOVED, sf.lit(changes.removes))
