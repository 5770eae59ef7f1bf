"""How large a row is online, as Amazon Keyspaces counts: by which it bills writes, and refuses rows.

The guide ("Calculating row size") counts the values, each with the number of its column, the key twice, and 100 bytes
of the row. What a client's write timestamp adds to each value it gives as a few bytes in one place and as 20 to 40 in
another.
"""

from __future__ import annotations

from functools import reduce
from operator import add

from pyspark.sql import Column
from pyspark.sql import functions as sf
from pyspark.sql import types as t

from .feature_group import Definition
from .types import contract, quoted

_ROW_BYTES = 100
_COLUMN_BYTES = 1
#: Of each column, at most.
STAMP_BYTES = 40
_LENGTH_BYTES = 4
_SIZES: dict[type[t.DataType], int] = {
    t.BooleanType: 1,
    t.ByteType: 1,
    t.ShortType: 2,
    t.IntegerType: 4,
    t.FloatType: 4,
    t.DateType: 4,
    t.DecimalType: 20,
}
_OTHER_BYTES = 8


def row_bytes(definition: Definition, stamp_bytes: int) -> Column:
    """Bytes of a row of the group's table or of one of its `parts` (bigint), where each value's write timestamp takes
    `stamp_bytes`."""
    columns = {column.name: contract(column) for column in definition.columns}
    sizes = [
        _bytes(kept.to_online(sf.col(quoted(name))), t.StringType() if kept.cql == "text" else kept.spark)
        * (2 if name in definition.keys else 1)
        for name, kept in columns.items()
    ]
    # The commit version is one more.
    fixed = _ROW_BYTES + _OTHER_BYTES + (len(columns) + 1) * (_COLUMN_BYTES + stamp_bytes)
    return reduce(add, sizes, sf.lit(fixed).cast("bigint"))


def _bytes(value: Column, kind: t.DataType) -> Column:
    """Bytes of a value as CQL keeps it; 0 where it is null."""
    if isinstance(kind, (t.StringType, t.BinaryType)):
        size = sf.octet_length(value)
    elif isinstance(kind, t.ArrayType):
        size = _items(value, kind.elementType)
    elif isinstance(kind, t.MapType):
        size = _items(sf.map_keys(value), kind.keyType) + _items(sf.map_values(value), kind.valueType)
    else:
        size = sf.when(value.isNotNull(), sf.lit(_SIZES.get(type(kind), _OTHER_BYTES)))
    return sf.coalesce(size, sf.lit(0)).cast("bigint")


def _items(value: Column, kind: t.DataType) -> Column:
    sizes = sf.transform(value, lambda item: _bytes(item, kind) + _LENGTH_BYTES)
    return sf.aggregate(sizes, sf.lit(_LENGTH_BYTES).cast("bigint"), lambda total, size: total + size)
