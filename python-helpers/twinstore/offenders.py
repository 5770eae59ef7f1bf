"""The keys whose rows differ, with both rows as text."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Row, types
from pyspark.sql import functions as sf

from .comparison import OFFENCES, comparable, key_alias, offline_alias, online_alias
from .feature_group import Definition
from .types import GroupColumn, canonical, contract, quoted

_DIFFERING = "1256"

#: Characters of a value that are shown of an offender: thousands of them are held in memory.
_SHOWN = 1_000


def first_offenders(judged: DataFrame, definition: Definition, limit: int) -> list[Row]:
    """The first `limit` rows whose state is an offence, worst states first, in the order of their keys.

    Fields: `state`, `pattern`, the canonical texts `key`, `offline` and `online` (dicts by column; None for no row; a
    value of more than 1,000 characters is cut and followed by its length),
    `offline_commit`, `online_commit`, `lacking` (as in pairs), `expires_us`, and the key columns.
    """
    key = {name: key_alias(i) for i, name in enumerate(definition.keys)}
    ranks = [each for n, state in enumerate(OFFENCES) for each in (sf.lit(state), sf.lit(n))]
    columns = list(enumerate(definition.columns))
    schema = judged.schema
    key_text = _texts({c.name: _online_text(c, key_alias(i), schema) for i, c in enumerate(definition.key_columns)})
    offline_text = _texts(
        {c.name: _shown(canonical_text(sf.col(offline_alias(i)), contract(c).spark)) for i, c in columns}
    )
    online_text = _texts(
        {
            c.name: _shown(_online_text(c, online_alias(i), schema))
            for i, c in columns
            if online_alias(i) in schema.names
        }
    )
    rows = (
        judged.where(sf.col("state").isin(*OFFENCES))
        .orderBy(sf.create_map(*ranks)[sf.col("state")], *[sf.col(name) for name in key.values()])
        .limit(limit)
        .select(
            "state",
            "pattern",
            key_text.alias("key"),
            sf.when(sf.col("has_offline"), offline_text).alias("offline"),
            sf.when(sf.col("has_online"), online_text).alias("online"),
            "offline_commit",
            "online_commit",
            "lacking",
            "expires_us",
            *key.values(),
        )
    )
    return rows.collect()


def differing_columns(pattern: str, definition: Definition) -> list[str]:
    """The columns that a row's pattern says are not the same."""
    return [column.name for column, digit in zip(definition.columns, pattern) if digit in _DIFFERING]


def files_of_offenders(judged: DataFrame) -> set[str]:
    """The data files in which the winners of offending keys lie."""
    known = judged.where(sf.col("state").isin(*OFFENCES) & sf.col("file").isNotNull())
    return {row.file for row in known.select("file").distinct().collect()}


def canonical_text(value: Column, spark: types.DataType) -> Column:
    """A value as text for people and for comparing by eye; null stays null.

    Instants are ISO 8601 with six decimals in UTC, binary is hexadecimal, decimals carry no trailing zeros, nested
    values are JSON with ordered keys.
    """
    if isinstance(spark, types.BinaryType):
        return sf.lower(sf.hex(value))
    if isinstance(spark, types.TimestampType):
        return sf.date_format(value, "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'")
    if isinstance(spark, types.DecimalType):
        # A cast to string would give small ones an exponent; none has more than 38 decimals.
        return sf.regexp_replace(sf.format_number(value, 38), r",|\.?0+$", "")
    if isinstance(spark, (types.ArrayType, types.MapType, types.StructType)):
        return canonical(value, spark)
    return value.cast("string")


def key_text(column: GroupColumn) -> Column:
    """The canonical text of a key column of the offline store, as offenders have it."""
    return canonical_text(sf.col(quoted(column.name)), contract(column).spark)


def from_canonical(text: Column, spark: types.DataType) -> Column:
    """The value of a key from its canonical text."""
    return sf.unhex(text) if isinstance(spark, types.BinaryType) else text.cast(spark)


def _online_text(column: GroupColumn, alias: str, schema: types.StructType) -> Column:
    """The canonical text of a value as the online store keeps it, in the terms of the offline type where it has one."""
    kept, read = contract(column), schema[alias].dataType
    value = sf.col(alias)
    as_agreed = comparable(read, kept.online_type)
    # A damaged JSON text would become null if it were parsed: it is shown as it is.
    if as_agreed and column.online_as is None:
        return canonical_text(kept.from_online(value), kept.spark)
    return canonical_text(value, read)


def _shown(text: Column) -> Column:
    length = sf.length(text)
    cut = sf.concat(text.substr(1, _SHOWN), sf.lit("… ("), length.cast("string"), sf.lit(" characters)"))
    return sf.when(length > _SHOWN, cut).otherwise(text)


def _texts(by_name: Mapping[str, Column]) -> Column:
    return sf.create_map(*[each for name, text in by_name.items() for each in (sf.lit(name), text)])
