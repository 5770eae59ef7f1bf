"""Keys as users give them: a DataFrame, or a list of values, tuples or mappings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation, localcontext
from typing import TYPE_CHECKING, Any

from pyspark.sql.types import DateType, DecimalType, StructField, StructType, TimestampType

from .errors import TwinstoreError
from .feature_group import Definition
from .types import GroupColumn, parse_type, quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def keys_frame(spark: SparkSession, definition: Definition, keys: Any) -> DataFrame:
    """The distinct keys, as a DataFrame with the group's key columns.

    `keys`: a DataFrame that has these columns, or a list of values (of one key column), tuples or mappings. Raises
    `TwinstoreError` when a key lacks a column, is null or has a value of another type.
    """
    from pyspark.sql import DataFrame as Frame

    names = list(definition.keys)
    if isinstance(keys, Frame):
        missing = [name for name in names if name not in keys.columns]
        if missing:
            raise _refused(definition, f"the DataFrame lacks {', '.join(missing)}")
        others = [
            f"{each.name} is {kind}, not {each.type}"
            for each in definition.key_columns
            if (kind := keys.schema[each.name].dataType.simpleString()) != each.type
        ]
        if others:
            # Spark would compare them as numbers, so that 7 meets '007'.
            raise _refused(definition, " and ".join(others))
        found = keys.select(*(quoted(name) for name in names)).distinct()
        if not found.where(" OR ".join(f"{quoted(name)} IS NULL" for name in names)).isEmpty():
            raise _refused(definition, "one is null")
        return found
    if isinstance(keys, (str, bytes, Mapping)) or not isinstance(keys, Iterable):
        raise _refused(definition, f"{keys!r} is not a list")
    schema = StructType([StructField(each.name, parse_type(each.type)) for each in definition.key_columns])
    rows = [_values(definition, names, key) for key in keys]
    try:
        return spark.createDataFrame(rows, schema).distinct()
    except (TypeError, ValueError) as error:
        raise _refused(definition, str(error)) from error


def _values(definition: Definition, names: Sequence[str], key: Any) -> tuple[Any, ...]:
    if isinstance(key, Mapping):
        if key.keys() != set(names):
            raise _refused(definition, f"{dict(key)!r} has other columns")
        key = [key[name] for name in names]
    values = tuple(key) if isinstance(key, (tuple, list)) else (key,)
    if len(values) != len(names):
        raise _refused(definition, f"{key!r} has {len(values)} of {len(names)} values")
    if None in values:
        raise _refused(definition, f"{key!r} is null")
    try:
        return tuple(_as_kept(column, value) for column, value in zip(definition.key_columns, values))
    except ValueError as error:
        raise _refused(definition, str(error)) from error


def _as_kept(column: GroupColumn, value: Any) -> Any:
    """A value that Spark will not make another one of by rounding it or by the machine's time zone. Raises `ValueError`
    where it would."""
    kind = parse_type(column.type)
    if isinstance(kind, DecimalType) and type(value) in (int, Decimal):
        return _as_decimal(Decimal(value), kind)
    if isinstance(kind, DateType) and isinstance(value, datetime):
        raise ValueError(f"{value} is a moment, and {column.name} a date")
    if isinstance(kind, TimestampType) and isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return value


def _as_decimal(value: Decimal, kind: DecimalType) -> Decimal:
    with localcontext() as context:
        context.prec = 2 * DecimalType(38).precision
        try:
            kept = value.quantize(Decimal(1).scaleb(-kind.scale))
        except InvalidOperation:
            kept = None
    if kept is None or kept != value or len(kept.as_tuple().digits) > kind.precision:
        raise ValueError(f"{value} is not a {kind.simpleString()}")
    return kept


def _refused(definition: Definition, why: str) -> TwinstoreError:
    return TwinstoreError(
        "bad_request",
        f"These are not keys of {definition.name}: {why}.",
        f"Give a DataFrame with {', '.join(definition.keys)}, or a list of values, tuples or mappings of them.",
    )
