"""Which keys versions of the offline table touched: for what is in flight, and for proofs that build on another."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from .comparison import REMOVED, Anchor, key_aliases, key_columns_of, offline_alias
from .expiry import SLACK_US, expires_us
from .feature_group import Definition
from .foreign import FOREIGN, feed_is_gone
from .gap import FIRST, Changes, changes_of, decides_alone, fed_keys, rows_by_key
from .preflight import kept_definition
from .receipts import Gap
from .twins import Twins
from .types import quoted
from .winners import EVENT_US, key_names, least_us


@dataclass(frozen=True)
class TouchedKeys:
    """The distinct keys that a gap touched. The winner of each at its end is no older than `from_us`; None: it may be
    any row. `among`: rows that have the winners of all, and the newest `EVENT_US` of each key; None: all of history."""

    keys: DataFrame
    count: int
    from_us: int | None = None
    among: tuple[DataFrame, DataFrame] | None = None


@dataclass(frozen=True)
class Touched:
    """What versions after an anchor did. `keys` are as `judge` takes them, None for none.

    `removals_known`: whether it could be told which of them lost rows. Where it could not, each counts as one that did,
    and a row that is absent online proves nothing.
    """

    keys: DataFrame | None
    removals_known: bool = True


def touched_keys(twins: Twins, changes: Changes, known_us: int | None, cached: ExitStack) -> TouchedKeys | None:
    """The keys whose rows the gap added, removed or replaced, kept until `cached` closes; None when that cannot be
    told: every key was touched, or the log or the change feed no longer reaches back.

    `known_us` is the newest event time before the gap, None without rows.
    """
    if changes.every_key:
        return None
    if changes.inserts and not changes.removes:
        return _inserted_keys(twins, changes, known_us, cached)
    keys = fed_keys(twins, changes.gap, cached)
    return None if keys is None else TouchedKeys(keys, keys.count())


def _inserted_keys(twins: Twins, changes: Changes, known_us: int | None, cached: ExitStack) -> TouchedKeys | None:
    """Of a gap that only brought rows, so that each key has one that is as new as the oldest of them."""
    rows = twins.offline.added_rows(changes.inserts)
    summary = rows_by_key(rows, twins.definition).persist()
    cached.callback(summary.unpersist)
    try:
        count, from_us = summary.agg(sf.count(sf.lit(1)), least_us(FIRST)).collect()[0]
    except FOREIGN as error:
        if not feed_is_gone(error):
            raise
        return None
    names = key_names(twins.definition)
    among = (rows, summary.select(*names, EVENT_US)) if decides_alone(from_us, known_us) else None
    return TouchedKeys(summary.select(*names), count, from_us, among)


def touched_since(twins: Twins, anchor: Anchor, pairs: DataFrame, cached: ExitStack) -> Touched:
    """The keys that were touched after the anchor's version up to the head as it is now.

    To be called after the online store was read: whatever was online then is in the log by now. A key counts as one
    that lost rows when a commit took rows away and the change feed names the key, or when a commit after which every
    key is written again may have left it out.
    """
    head = twins.offline.snapshot()
    if head is None or head.version <= anchor.version:
        return Touched(None)
    changes = changes_of(twins, Gap(anchor.version, head.version))
    if changes.none:
        return Touched(None)
    names = key_aliases(twins.definition)
    every_key = pairs.select(*names)
    unknown = Touched(every_key.withColumn(REMOVED, sf.lit(True)), removals_known=False)
    if not changes.commits:
        return unknown
    fed = None
    if changes.removes or not changes.every_key:
        fed = fed_keys(twins, changes.gap, cached)
        if fed is None and changes.removes:
            return unknown
    if not changes.every_key:
        known = every_key if fed is None else key_columns_of(fed, twins.definition)
        return Touched(known.withColumn(REMOVED, sf.lit(changes.removes)))
    left_out = _left_out(twins, changes, anchor, pairs, cached)
    if left_out is None:
        return unknown
    if fed is None:
        return Touched(left_out)
    lost = key_columns_of(fed, twins.definition).withColumn("_lost", sf.lit(True))
    return Touched(_either(left_out, lost, names, where_absent=False))


def _left_out(twins: Twins, changes: Changes, anchor: Anchor, pairs: DataFrame, cached: ExitStack) -> DataFrame | None:
    """Every key of `pairs`, and in `REMOVED` whether commits that touch all may have left its row out: because it had
    expired by a time to live of then, or because the older version that they name lacks it. None where no longer known.
    """
    definition, names = twins.definition, key_aliases(twins.definition)
    event = definition.event_column
    ended = _may_have_expired(replace(definition, ttl_seconds=_shortest_ttl_s(twins, changes)), anchor.scan_ended_us)
    event_of_pair = sf.col(offline_alias(definition.columns.index(event))).alias(event.name)
    keys = pairs.select(*names, event_of_pair).select(*names, ended.alias(REMOVED))
    for version in {commit.set_to for commit in changes.commits if commit.set_to is not None}:
        rows = key_columns_of(twins.offline.read(version).select(*definition.keys, event.name), definition)
        latest = rows.groupBy(*names).agg(sf.max(quoted(event.name)).alias(event.name))
        then = latest.select(*names, ended.alias("_lost")).persist()
        cached.callback(then.unpersist)
        try:
            then.count()
        except FOREIGN as error:
            if not feed_is_gone(error):
                raise
            return None
        keys = _either(keys, then, names, where_absent=True)
    return keys


def _either(keys: DataFrame, others: DataFrame, names: list[str], where_absent: bool) -> DataFrame:
    """`keys` with `REMOVED` where it was set or `_lost` of `others` is; `where_absent` is that of keys they lack."""
    lost = sf.coalesce(sf.col("_lost"), sf.lit(where_absent))
    return keys.join(others, names, "left").select(*names, (sf.col(REMOVED) | lost).alias(REMOVED))


def _may_have_expired(definition: Definition, at_us: int) -> Column:
    expires = expires_us(definition)
    return sf.lit(False) if expires is None else sf.coalesce(expires - SLACK_US <= at_us, sf.lit(False))


def _shortest_ttl_s(twins: Twins, changes: Changes) -> int | None:
    """The shortest time to live that the group had in the gap; None where its rows never expired."""
    snapshots = (twins.offline.snapshot(commit.version) for commit in changes.commits if commit.touches_all)
    definitions = (snapshot and kept_definition(snapshot, twins.offline.location) for snapshot in snapshots)
    ttls_s = (each.ttl_seconds for each in (twins.definition, *definitions) if each)
    return min((ttl_s for ttl_s in ttls_s if ttl_s is not None), default=None)
