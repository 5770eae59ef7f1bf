"""Training sets: for each labelled moment of an entity, the features as they were then."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Union

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as sf
from pyspark.sql import types as t

from .errors import TwinstoreError
from .expiry import remaining_s
from .feature_group import CREATED_US, ROW_HASH, Definition, FeatureGroup
from .problem import Problem, refuse
from .row_hash import row_hash
from .types import instant_us, parse_type, quoted
from .winners import ORDER, key_names, order_column, order_rows

if TYPE_CHECKING:
    from .store import GroupLike, Store

#: A moment: aware, or a text in ISO 8601 with its offset.
Moment = Union[datetime.datetime, str]

_AT_US, _IS_ENTITY = "_at_us", "_is_entity"
_ORDER_TYPE = "struct<event_us:bigint,created_us:bigint,row_hash:bigint>"
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def training_set(
    store: Store,
    entities: DataFrame,
    groups: GroupLike | Sequence[GroupLike],
    timestamp: str | None,
    as_known_at: Moment | None,
    prefix: bool,
) -> DataFrame:
    """See `Store.training_set`."""
    several = [groups] if isinstance(groups, (FeatureGroup, str)) else groups
    definitions = [store.definition(group) for group in several]
    at = _timestamp(definitions, timestamp)
    refuse("The training set cannot be made", list(_problems(entities, definitions, at, prefix)))
    known_us = None if as_known_at is None else _moment_us(as_known_at)
    found = entities.withColumn(_AT_US, instant_us(sf.col(quoted(at)), entities.schema[at].dataType))
    for definition in definitions:
        history = store.spark.read.format("delta").load(definition.offline)
        if known_us is not None:
            # A row of another writer, which has no time of its own, counts as known from the start.
            history = history.where(sf.coalesce(sf.col(CREATED_US), sf.lit(0)) <= known_us)
        features = _as_of(found, history, definition, prefix)
        found = found.join(features, [*definition.keys, _AT_US], "left")
    order = [*entities.columns, *(name for each in definitions for name in _names(each, prefix))]
    return found.select(*(quoted(name) for name in order))


def _as_of(entities: DataFrame, history: DataFrame, definition: Definition, prefix: bool) -> DataFrame:
    """For each distinct key and moment of `entities` the features of the latest row that is not younger and had not
    expired: keys, `_AT_US`, features. What has none is absent."""
    keys = key_names(definition)
    asked = entities.select(*keys, _AT_US).dropna().distinct()
    order = order_rows(history, definition)
    # On keys and order alone, sorted once: an entity's moment sees the last row before it. Rows of the same time come
    # first, for what is true at a moment is known at it.
    moments = asked.select(*keys, _AT_US, sf.lit(True).alias(_IS_ENTITY), sf.lit(None).cast(_ORDER_TYPE).alias(ORDER))
    rows = order.select(*keys, sf.col(f"{ORDER}.event_us").alias(_AT_US), sf.lit(False).alias(_IS_ENTITY), ORDER)
    so_far = Window.partitionBy(*keys).orderBy(_AT_US, _IS_ENTITY, ORDER)
    so_far = so_far.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    latest = moments.unionByName(rows).withColumn(ORDER, sf.last(ORDER, ignorenulls=True).over(so_far))
    latest = latest.where(sf.col(_IS_ENTITY) & sf.col(ORDER).isNotNull()).drop(_IS_ENTITY)

    known = sf.coalesce(sf.col(ROW_HASH), row_hash(definition.features))
    whole = history.withColumn(ORDER, order_column(definition, known))
    found = whole.join(latest, [*definition.keys, ORDER]).dropDuplicates([*definition.keys, _AT_US])
    left_s = remaining_s(definition, sf.col(_AT_US))
    if left_s is not None:
        found = found.where(left_s > 0)
    features = [
        sf.col(quoted(column.name)).alias(name) for column, name in zip(definition.features, _names(definition, prefix))
    ]
    return found.select(*keys, _AT_US, *features)


def _timestamp(definitions: Sequence[Definition], timestamp: str | None) -> str:
    if timestamp is not None:
        return timestamp
    named = {definition.event_timestamp for definition in definitions}
    if len(named) != 1:
        raise TwinstoreError(
            "bad_request",
            f"The groups name their event time differently ({', '.join(sorted(named)) or 'there is no group'}).",
            "Give at least one group, and timestamp=, the column of `entities` with each row's moment.",
        )
    return named.pop()


def _problems(
    entities: DataFrame, definitions: Sequence[Definition], timestamp: str, prefix: bool
) -> Iterator[Problem]:
    kinds = {each.name: each.dataType for each in entities.schema.fields}
    if timestamp not in kinds:
        yield Problem(f"`entities` has no column {timestamp}.", "Name the column with each row's moment: timestamp=…")
    elif not isinstance(kinds[timestamp], (t.DateType, t.TimestampType, t.TimestampNTZType)):
        yield Problem(
            f"Column {timestamp} of `entities` is {kinds[timestamp].simpleString()}, which is no moment.",
            f"Make it a date or a timestamp: to_timestamp({timestamp}).",
        )
    for definition in definitions:
        for column in definition.key_columns:
            if column.name not in kinds:
                yield Problem(f"`entities` lacks {column.name}, a key of {definition.name}.", f"Add {column.name}.")
            elif kinds[column.name] != parse_type(column.type):
                yield Problem(
                    f"Column {column.name} of `entities` is {kinds[column.name].simpleString()}, and {column.type} in "
                    f"{definition.name}.",
                    f"Cast it: cast({column.name} as {column.type}).",
                )
    taken = {name.lower() for name in entities.columns}
    for definition in definitions:
        for name in _names(definition, prefix):
            if name.lower() in taken:
                yield Problem(
                    f"The feature {name} of {definition.name} has the name of another column.",
                    "Rename the column of `entities`, or take prefix=True, which puts the group's name before.",
                )
            taken.add(name.lower())


def _names(definition: Definition, prefix: bool) -> list[str]:
    before = f"{definition.name}__" if prefix else ""
    return [f"{before}{column.name}" for column in definition.features]


def _moment_us(moment: Moment) -> int:
    try:
        at = datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")) if isinstance(moment, str) else moment
    except ValueError:
        at = None
    if not isinstance(at, datetime.datetime) or at.tzinfo is None:
        raise TwinstoreError(
            "bad_request",
            f"as_known_at={moment!r} is not a moment.",
            "Give a datetime with a time zone, or a text such as 2026-03-01T00:00:00Z.",
        )
    return (at - _EPOCH) // datetime.timedelta(microseconds=1)
