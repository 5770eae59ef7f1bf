"""Which keys versions of the offline table touched: for what is in flight, and for proofs that build on another."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from .comparison import REMOVED, key_aliases, key_columns_of
from .delta_log import Snapshot
from .gap import Changes, changes_of, fed_keys
from .preflight import kept_definition
from .receipts import Gap
from .twins import Twins


@dataclass(frozen=True)
class Touched:
    """What versions after an anchor did. `keys` are as `judge` takes them, None for none.

    `removals_known`: whether it could be told which of them lost rows. Where it could not, each counts as one that did,
    and a row that is absent online proves nothing.
    """

    keys: DataFrame | None
    removals_known: bool = True


def touched_keys(twins: Twins, changes: Changes, cached: ExitStack) -> DataFrame | None:
    """The distinct keys whose rows the gap added, removed or replaced, kept until `cached` closes; None when that
    cannot be told: every key was touched, or the log or the change feed no longer reaches back."""
    return None if changes.every_key else fed_keys(twins, changes.gap, cached)


def touched_since(twins: Twins, version: int, pairs: DataFrame, cached: ExitStack) -> Touched:
    """The keys that were touched after `version` up to the head as it is now.

    To be called after the online store was read: whatever was online then is in the log by now. A key counts as one
    that lost rows when a commit took rows away and the change feed names the key; none does when no commit took any.
    """
    head = twins.offline.snapshot()
    if head is None or head.version <= version:
        return Touched(None)
    changes = changes_of(twins, Gap(version, head.version))
    if changes.none:
        return Touched(None)
    every_key = pairs.select(*key_aliases(twins.definition))
    if not changes.commits:
        return Touched(every_key.withColumn(REMOVED, sf.lit(True)), removals_known=False)
    if changes.every_key and _may_take_any(twins, changes, head):
        return Touched(every_key.withColumn(REMOVED, sf.lit(True)))
    if changes.every_key and not changes.removes:
        return Touched(every_key.withColumn(REMOVED, sf.lit(False)))
    fed = fed_keys(twins, changes.gap, cached)
    if fed is None:
        return Touched(every_key.withColumn(REMOVED, sf.lit(changes.removes)), removals_known=not changes.removes)
    keys = key_columns_of(fed, twins.definition).withColumn(REMOVED, sf.lit(changes.removes))
    if changes.every_key:
        names = key_aliases(twins.definition)
        keys = keys.unionByName(every_key.join(keys, names, "left_anti").withColumn(REMOVED, sf.lit(False)))
    return Touched(keys)


def _may_take_any(twins: Twins, changes: Changes, head: Snapshot) -> bool:
    """Whether rows of any key may leave the online store: by another time to live, or at an older version."""
    definition = kept_definition(head, twins.offline.location)
    ttl_changed = definition is not None and definition.ttl_seconds != twins.definition.ttl_seconds
    return ttl_changed or any(commit.set_to is not None for commit in changes.commits)
