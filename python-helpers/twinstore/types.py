"""The type contract: how each Spark type is kept online, and what may be a key or an event time.

One line of the table is one `TypeContract`. A type outside the table is refused when the group is defined, with the
cast that would make it legal. `test/vectors/types.json` binds the table to its twin in TypeScript.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable

from pyspark.sql import Column, types
from pyspark.sql import functions as sf

from .errors import TwinstoreError

US_PER_DAY = 86_400_000_000

_ATOMS: dict[str, types.DataType] = {
    each.simpleString(): each
    for each in (
        types.BooleanType(),
        types.ByteType(),
        types.ShortType(),
        types.IntegerType(),
        types.LongType(),
        types.FloatType(),
        types.DoubleType(),
        types.StringType(),
        types.BinaryType(),
        types.DateType(),
        types.TimestampType(),
        types.TimestampNTZType(),
    )
}

_CQL = {
    "boolean": "boolean",
    "tinyint": "tinyint",
    "smallint": "smallint",
    "int": "int",
    "bigint": "bigint",
    "float": "float",
    "double": "double",
    "string": "text",
    "binary": "blob",
    "date": "date",
}

#: 15 October 1582, the first day of the Gregorian calendar, in µs since the epoch.
_GREGORIAN_US = -12_219_292_800_000_000

_KEYS = {"string", "tinyint", "smallint", "int", "bigint", "date", "binary", "boolean"}

#: The connector reads every CQL decimal as decimal(38,18): what does not fit would come back as null or rounded.
_READ_SCALE = 18

_NUMBERS = {"tinyint", "smallint", "int", "bigint", "float", "double"}

_JSON = {
    "ignoreNullFields": "false",
    "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
    "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS",
}


class IllegalType(TwinstoreError):  # noqa: N818 - the name says what is wrong
    """A column whose type the contract refuses; `remedy` is the cast or declaration that makes it legal."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__("bad_request", message, remedy)


@dataclass(frozen=True)
class GroupColumn:
    """A column of a feature group.

    `type` is Spark's simple string. `exact` keeps the microseconds of a timestamp online (as bigint), `online_as` says
    how a nested value is kept (`frozen` or `json`), `tolerance` is the largest absolute difference that parity accepts,
    `online_table` the table that keeps a feature where it is not the one that `online` names.
    """

    name: str
    type: str
    exact: bool = False
    online_as: str | None = None
    tolerance: float | None = None
    online_table: str | None = None

    def to_dict(self) -> dict[str, str | bool | float]:
        """As in `group.schema.json`."""
        optional = {
            "exact": self.exact or None,
            "online_as": self.online_as,
            "tolerance": self.tolerance,
            "online_table": self.online_table,
        }
        return {"name": self.name, "type": self.type, **{k: v for k, v in optional.items() if v is not None}}

    def in_words(self) -> str:
        """Its type and how it is kept online, such as `timestamp (exact)`."""
        table = f"in {self.online_table}" if self.online_table else None
        declared = ", ".join(each for each in ("exact" if self.exact else self.online_as, table) if each)
        return f"{self.type} ({declared})" if declared else self.type


@dataclass(frozen=True)
class TypeContract:
    """How values of one column cross to the online store and come back.

    `to_online` gives the value as it is kept there, still in the offline column's own terms where it can be: what it
    cuts off (sub-millisecond parts) is what parity calls `precision_only`. `from_online` turns what the connector reads
    into the offline type again. `online_type` is the Spark type to read the CQL column as.
    """

    spark: types.DataType
    cql: str
    online_type: types.DataType
    to_online: Callable[[Column], Column]
    from_online: Callable[[Column], Column]

    def written(self, value: Column) -> Column:
        """What `to_online` gave, as the connector is handed it. It would take dates and timestamps through a calendar
        that was Julian before 15 October 1582, but takes numbers of days and milliseconds as they are."""
        if isinstance(self.online_type, types.DateType):
            return sf.unix_date(value)
        return sf.unix_millis(value) if isinstance(self.online_type, types.TimestampType) else value

    @property
    def numeric(self) -> bool:
        """Whether differences of values are numbers."""
        return self.spark.simpleString() in _NUMBERS or isinstance(self.spark, types.DecimalType)


def parse_type(text: str) -> types.DataType:
    """The Spark type of a simple string; nested types need a running Spark."""
    if text in _ATOMS:
        return _ATOMS[text]
    match = re.fullmatch(r"decimal\((\d+),\s*(-?\d+)\)", text)
    if match:
        return types.DecimalType(int(match[1]), int(match[2]))
    return types._parse_datatype_string(text)


def contract(column: GroupColumn) -> TypeContract:
    """The contract of a column. Raises `IllegalType`."""
    spark = parse_type(column.type)
    name = spark.simpleString()
    if column.exact and name not in ("timestamp", "timestamp_ntz"):
        raise IllegalType(f"Column {column.name} is {name}, and only timestamps are declared exact.", "Drop `exact`.")
    if column.online_as and not _is_nested(spark):
        raise IllegalType(
            f"Column {column.name} is {name}, and only nested types are declared {column.online_as}.",
            "Drop it from `nested`.",
        )
    if name in _CQL:
        return TypeContract(spark, _CQL[name], spark, _same, _same)
    if isinstance(spark, types.DecimalType):
        if spark.scale > _READ_SCALE or spark.precision - spark.scale > 38 - _READ_SCALE:
            raise IllegalType(
                f"Column {column.name} is {name}, and the Spark connector reads back no decimal with more than "
                f"{38 - _READ_SCALE} digits before the point or {_READ_SCALE} after it.",
                f"Cast it to decimal(38,{_READ_SCALE}) or a smaller one, or to string.",
            )
        return TypeContract(spark, "decimal", spark, _same, _same)
    if isinstance(spark, types.TimestampType) and not column.exact:
        return TypeContract(spark, "timestamp", spark, _to_millis, _same)
    if isinstance(spark, types.TimestampType):
        return TypeContract(spark, "bigint", types.LongType(), sf.unix_micros, sf.timestamp_micros)
    if isinstance(spark, types.TimestampNTZType):
        if column.exact:
            return TypeContract(spark, "bigint", types.LongType(), _ntz_micros, _micros_ntz)
        raise IllegalType(
            f"Column {column.name} is a timestamp without time zone, which the online store would give one.",
            f"Declare it exact=['{column.name}'], or cast it: cast({column.name} as timestamp).",
        )
    if _is_nested(spark):
        return _nested(column, spark)
    raise IllegalType(
        f"Column {column.name} has the type {name}, which the type contract does not know.",
        f"Cast it to a type that it knows, such as cast({column.name} as string).",
    )


def check_key(column: GroupColumn) -> None:
    """Raises `IllegalType` when the column may not be an entity key: a key must be one value in both stores."""
    name = parse_type(column.type).simpleString()
    if name in _KEYS or name.startswith("decimal("):
        return
    if name == "timestamp" and column.exact:
        return
    reason = {
        "float": "0.0 and -0.0 are one key in Spark and two rows in Cassandra",
        "double": "0.0 and -0.0 are one key in Spark and two rows in Cassandra",
        "timestamp": "two values within one millisecond would fall into one row",
    }.get(name, "its values have no single form in both stores")
    remedy = f"Declare it exact=['{column.name}']." if name == "timestamp" else f"Cast {column.name} to string or long."
    raise IllegalType(f"Column {column.name} is {name} and may not be a key: {reason}.", remedy)


def check_event_time(column: GroupColumn) -> None:
    """Raises `IllegalType` when the column may not say when a row was true."""
    name = parse_type(column.type).simpleString()
    if name not in ("date", "timestamp", "timestamp_ntz"):
        raise IllegalType(
            f"Column {column.name} is {name}, and an event time is a date or a timestamp.",
            f"Cast it: cast({column.name} as timestamp).",
        )


def event_us(column: GroupColumn) -> Column:
    """Event time in µs since the epoch (bigint); a date counts from its midnight UTC."""
    return instant_us(sf.col(quoted(column.name)), parse_type(column.type))


def instant_us(value: Column, spark: types.DataType) -> Column:
    """A date, timestamp or timestamp without zone in µs since the epoch (bigint), the first from its midnight UTC."""
    if isinstance(spark, types.DateType):
        return sf.unix_date(value).cast("bigint") * sf.lit(US_PER_DAY)
    return _ntz_micros(value) if isinstance(spark, types.TimestampNTZType) else sf.unix_micros(value)


def cql_json(column: GroupColumn) -> Column:
    """The value of a key column as the JSON text that CQL's `fromJson` reads."""
    value = sf.col(quoted(column.name))
    name = parse_type(column.type).simpleString()
    if name == "binary":
        return sf.concat(sf.lit('"0x'), sf.lower(sf.hex(value)), sf.lit('"'))
    if name in ("string", "date") or name.startswith("decimal("):
        # Spark quotes a string only inside a list: the brackets are taken off again. A decimal that is not quoted goes
        # through a double, and 1.10 is another key than 1.1.
        listed = sf.to_json(sf.array(value.cast("string")))
        return listed.substr(sf.lit(2), sf.length(listed) - 2)
    return contract(column).to_online(value).cast("string")


def canonical(value: Column, spark: types.DataType) -> Column:
    """A nested value as JSON text that is the same for equal values: maps in the order of their keys, nulls kept."""
    return as_json(_ordered(value, spark))


def as_json(value: Column) -> Column:
    """A nested value as JSON text that keeps nulls, and the microseconds that Spark cuts off by default."""
    return sf.to_json(value, _JSON)


def quoted(name: str) -> str:
    """A column name as Spark SQL takes it, whatever characters it has."""
    return "`" + name.replace("`", "``") + "`"


def is_readable(column: GroupColumn) -> Column | None:
    """Whether the connector reads a value back as it is kept: not a date that the change of calendars left out, nor an
    instant before it. Null where the value is; None for types of which it reads all."""
    kept, value = contract(column), sf.col(quoted(column.name))
    if isinstance(kept.online_type, types.DateType):
        return ~value.between(sf.lit("1582-10-05").cast("date"), sf.lit("1582-10-14").cast("date"))
    if isinstance(kept.online_type, types.TimestampType):
        return value >= sf.timestamp_micros(sf.lit(_GREGORIAN_US))
    return None


def _same(value: Column) -> Column:
    return value


def _to_millis(value: Column) -> Column:
    return sf.date_trunc("millisecond", value)


def _ntz_micros(value: Column) -> Column:
    return sf.unix_micros(value.cast("timestamp"))


def _micros_ntz(value: Column) -> Column:
    return sf.timestamp_micros(value).cast("timestamp_ntz")


def _is_nested(spark: types.DataType) -> bool:
    return isinstance(spark, (types.ArrayType, types.MapType, types.StructType))


def _nested(column: GroupColumn, spark: types.DataType) -> TypeContract:
    if any(not isinstance(each.keyType, types.StringType) for each in _maps(spark)):
        raise IllegalType(
            f"Column {column.name} is {spark.simpleString()}, and the keys of a map are kept online as strings alone.",
            "Cast them: transform_keys(m, (k, v) -> cast(k as string)), where m is the map.",
        )
    if column.online_as == "json":
        return TypeContract(
            spark,
            "text",
            types.StringType(),
            lambda value: canonical(value, spark),
            lambda value: sf.from_json(value, spark.simpleString()),
        )
    if column.online_as == "frozen":
        cql = _frozen(column, spark)
        return TypeContract(spark, cql, spark, _same, _same)
    raise IllegalType(
        f"Column {column.name} is nested ({spark.simpleString()}), and how to keep it online is not declared.",
        f"Declare nested={{'{column.name}': 'json'}}, or 'frozen' for a list or map of simple values.",
    )


def _frozen(column: GroupColumn, spark: types.DataType) -> str:
    if isinstance(spark, types.ArrayType):
        return f"frozen<list<{_element(column, spark.elementType)}>>"
    if isinstance(spark, types.MapType):
        return f"frozen<map<text, {_element(column, spark.valueType)}>>"
    raise IllegalType(
        f"Column {column.name} is {spark.simpleString()}, which twinstore does not keep as a frozen value.",
        f"Declare nested={{'{column.name}': 'json'}}.",
    )


def _element(column: GroupColumn, spark: types.DataType) -> str:
    name = spark.simpleString()
    if name in _CQL:
        return _CQL[name]
    raise IllegalType(
        f"Column {column.name} holds elements of {name}, which twinstore does not keep in a frozen collection.",
        f"Declare nested={{'{column.name}': 'json'}}.",
    )


def _ordered(value: Column, spark: types.DataType) -> Column:
    if isinstance(spark, types.ArrayType) and _maps(spark):
        return sf.transform(value, lambda item: _ordered(item, spark.elementType))
    if isinstance(spark, types.MapType):
        return sf.map_from_entries(
            sf.transform(
                sf.array_sort(sf.map_keys(value)), lambda key: sf.struct(key, _ordered(value[key], spark.valueType))
            )
        )
    if isinstance(spark, types.StructType) and _maps(spark):
        fields = [_ordered(value.getField(f.name), f.dataType).alias(f.name) for f in spark.fields]
        return sf.when(value.isNotNull(), sf.struct(*fields))
    return value


def _maps(spark: types.DataType) -> list[types.MapType]:
    """The types of all maps in a value of this type."""
    if isinstance(spark, types.MapType):
        return [spark, *_maps(spark.valueType)]
    if isinstance(spark, types.ArrayType):
        return _maps(spark.elementType)
    fields = spark.fields if isinstance(spark, types.StructType) else []
    return [each for field in fields for each in _maps(field.dataType)]
