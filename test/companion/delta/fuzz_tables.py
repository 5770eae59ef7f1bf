"""Writes random Delta tables with `deltalake`, and their rows as its own query engine reads them.

python fuzz_tables.py FOLDER COUNT SEED makes FOLDER/<n>/table and FOLDER/<n>/<version>.arrow (an IPC stream). Its other
ways of reading (pyarrow datasets, polars) are no oracle: they are wrong on column mapping.
"""

from __future__ import annotations

import random
import string
import sys
from decimal import Decimal, getcontext
from pathlib import Path
from typing import Any, Callable

import pyarrow as pa
from deltalake import ColumnProperties, DeltaTable, QueryBuilder, WriterProperties, write_deltalake

DAYS = (-719_162, 2_932_896)
MICROS = (-62_135_596_800_000_000, 253_402_300_799_999_999)
ALPHABET = string.ascii_letters + "ß💡\0\"'\\/%=,. \n"
Values = Callable[[random.Random], Any]


def whole(bits: int) -> Values:
    least, greatest = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return lambda r: r.choice((least, greatest, 0, -1, r.randint(least, greatest)))


def floating(r: random.Random) -> float:
    special = (float("nan"), float("inf"), float("-inf"), -0.0, 0.0)
    return r.choice((*special, r.uniform(-1e3, 1e3), 2.0 ** r.randint(-140, 120)))


def text(r: random.Random) -> str:
    return "".join(r.choices(ALPHABET, k=r.choice((0, 1, 7, 40))))


def words(r: random.Random) -> str:
    """Few different ones, so that dictionaries are used."""
    return f"word {r.randint(0, 5)}"


def instant(r: random.Random) -> int:
    return r.choice((*MICROS, -1, r.randint(*MICROS)))


def decimal_type(r: random.Random) -> tuple[pa.DataType, Values]:
    precision = r.randint(1, 38)
    scale = r.randint(0, precision)
    most = 10**precision - 1

    def values(v: random.Random) -> Decimal:
        return Decimal(v.choice((most, -most, 0, v.randint(-most, most)))).scaleb(-scale)

    return pa.decimal128(precision, scale), values


def atom(r: random.Random) -> tuple[pa.DataType, Values]:
    return r.choice(
        (
            (pa.bool_(), lambda v: v.random() < 0.5),
            (pa.int8(), whole(8)),
            (pa.int16(), whole(16)),
            (pa.int32(), whole(32)),
            (pa.int64(), whole(64)),
            (pa.float32(), floating),
            (pa.float64(), floating),
            (pa.string(), text),
            (pa.string(), words),
            (pa.binary(), lambda v: v.randbytes(v.choice((0, 1, 9)))),
            (pa.date32(), lambda v: v.choice((*DAYS, v.randint(*DAYS)))),
            (pa.timestamp("us", "UTC"), instant),
            decimal_type(r),
        )
    )


def any_type(r: random.Random, depth: int = 0) -> tuple[pa.DataType, Values]:
    kind = r.choice(("atom", "atom", "list", "map", "struct")) if depth < 2 else "atom"
    if kind == "list":
        item, values = any_type(r, depth + 1)
        return pa.list_(pa.field("element", item)), lambda v: [maybe(v, values) for _ in range(v.randint(0, 3))]
    if kind == "map":
        item, values = any_type(r, depth + 1)
        return pa.map_(pa.string(), item), lambda v: [(f"k{i}", maybe(v, values)) for i in range(v.randint(0, 3))]
    if kind == "struct":
        fields = [(f"f{i}", *any_type(r, depth + 1)) for i in range(r.randint(1, 3))]
        struct = pa.struct([pa.field(name, each) for name, each, _ in fields])
        return struct, lambda v: {name: maybe(v, values) for name, _, values in fields}
    return atom(r)


def maybe(r: random.Random, values: Values) -> Any:
    return None if r.random() < 0.2 else values(r)


def partition_type(r: random.Random) -> tuple[pa.DataType, Values]:
    # The empty text is null in the protocol; deltalake gives it back as text.
    return r.choice(
        (
            (pa.string(), lambda v: v.choice(("a b", "x/y=z%", "ü💡", "plain", "__"))),
            (pa.int32(), lambda v: v.randint(-2, 2)),
            (pa.date32(), lambda v: v.choice((0, -1, 20_000))),
            (pa.bool_(), lambda v: v.random() < 0.5),
        )
    )


def properties(r: random.Random) -> WriterProperties:
    return WriterProperties(
        data_page_size_limit=r.choice((64, 1024, None)),
        dictionary_page_size_limit=r.choice((64, None)),
        data_page_row_count_limit=r.choice((3, 20, None)),
        write_batch_size=r.choice((2, 10, None)),
        max_row_group_size=r.choice((7, 50, None)),
        compression=r.choice(("SNAPPY", "ZSTD", "UNCOMPRESSED", "GZIP")),
        default_column_properties=ColumnProperties(dictionary_enabled=r.random() < 0.5),
    )


def make(folder: Path, r: random.Random) -> None:
    table = str(folder / "table")
    columns = {f"c {i}": any_type(r) for i in range(r.randint(1, 5))}
    if r.random() < 0.3:
        # deltalake adds the table feature only for columns that are there from the start and not nested.
        columns["local"] = (pa.timestamp("us"), instant)
    partitions = {f"p{i}": partition_type(r) for i in range(r.choice((0, 0, 1, 2)))}
    for version in range(r.randint(1, 4)):
        if version > 0 and r.random() < 0.4:
            columns[f"later {version}"] = any_type(r)
        count = r.choice((0, 1, 5, 60))
        rows = pa.table(
            {
                name: pa.array([maybe(r, values) for _ in range(count)], each)
                for name, (each, values) in {**columns, **partitions}.items()
            }
        )
        mode = "overwrite" if version > 0 and r.random() < 0.15 else "append"
        write_deltalake(
            table,
            rows,
            mode=mode,
            schema_mode="merge" if mode == "append" and version > 0 else None if version == 0 else "overwrite",
            partition_by=list(partitions) or None,
            writer_properties=properties(r),
            target_file_size=r.choice((None, 2000)),
        )
        if r.random() < 0.2:
            DeltaTable(table).create_checkpoint()
    if r.random() < 0.2:
        DeltaTable(table).optimize.compact()
    newest = DeltaTable(table).version()
    for version in {newest, r.randint(0, newest)}:
        expect(DeltaTable(table, version=version), folder / f"{version}.arrow")


def expect(table: DeltaTable, path: Path) -> None:
    read = QueryBuilder().register("t", table).execute("SELECT * FROM t")
    rows = pa.table(read).cast(pa.schema(table.schema().to_arrow()))
    with pa.ipc.new_stream(path, rows.schema) as stream:
        stream.write_table(rows)


def main() -> None:
    getcontext().prec = 38
    folder, count, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for n in range(count):
        place = folder / str(n)
        place.mkdir(parents=True)
        make(place, random.Random(seed * 1_000_003 + n))


if __name__ == "__main__":
    main()
