"""Writes what `npm run bench -- delta` reads: `python tables.py FOLDER DAYS`.

`day` and `household` hold the same rows in two orders, in one file each: 24 columns, a household's values of a day.
`many` is a log of 100,000 files that are not there, in one checkpoint.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

HOUSEHOLDS = 5_560
FILES = 100_000
_DAILY = ("median", "mean", "max", "std", "sum", "min")
_WINDOWS = tuple(
    f"{what}_{window}" for window in ("3months", "6months", "1yr") for what in ("sum", "count", "max", "mean", "stddev")
)


def rows(days: int, order: str) -> pa.Table:
    """All households on so many days; few different daily values, as meters give them, and many of windows."""
    count = days * HOUSEHOLDS
    number = np.arange(count)
    day, household = (number // HOUSEHOLDS, number % HOUSEHOLDS) if order == "day" else (number % days, number // days)
    random = np.random.default_rng(1)
    names = pa.array([f"MAC{i:06d}" for i in range(HOUSEHOLDS)])
    columns: dict[str, pa.Array] = {
        "household_id": pa.DictionaryArray.from_arrays(pa.array(household, pa.int32()), names).cast(pa.string()),
        "day": pa.array(15_340 + day, pa.int32()).cast(pa.date32()),
        "energy_count": pa.array(np.full(count, 48), pa.int32()),
    }
    for name in _DAILY:
        columns[f"energy_{name}"] = pa.array(np.round(random.uniform(0, 20, count), 3))
    for name in _WINDOWS:
        columns[f"energy_{name}"] = pa.array(window(name, random, count))
    return pa.table(columns)


def window(name: str, random: np.random.Generator, count: int) -> np.ndarray:
    """Means and deviations differ from row to row, so that their dictionaries grow until the writer gives up."""
    if name.startswith("count"):
        return random.integers(0, 365, count)
    if name.startswith("max"):
        return np.round(random.uniform(0, 20, count), 3)
    values = random.uniform(0, 5_000, count)
    return np.round(values, 1) if name.startswith("sum") else values


def many(table: Path) -> None:
    log = table / "_delta_log"
    log.mkdir(parents=True)
    schema = {"type": "struct", "fields": [{"name": "v", "type": "long", "nullable": True, "metadata": {}}]}
    actions: list[object] = [
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {
            "metaData": {
                "id": "many",
                "format": {"provider": "parquet", "options": {}},
                "schemaString": json.dumps(schema),
                "partitionColumns": [],
                "configuration": {},
                "createdTime": 0,
            }
        },
    ]
    for n in range(FILES):
        stats = {"numRecords": 1_000, "minValues": {"v": n}, "maxValues": {"v": n + 1_000}, "nullCount": {"v": 0}}
        path = f"part-{n:05d}-5d2f0c1e-7a61-4a0e-9d5b-{n:012d}-c000.snappy.parquet"
        add = {"path": path, "size": 1_000 + n, "partitionValues": {}, "modificationTime": n, "dataChange": True}
        actions.append({"add": {**add, "stats": json.dumps(stats)}})
    (log / f"{0:020d}.json").write_text("".join(f"{json.dumps(action)}\n" for action in actions))
    DeltaTable(str(table)).create_checkpoint()


def main() -> None:
    folder, days = Path(sys.argv[1]), int(sys.argv[2])
    for order in ("day", "household"):
        write_deltalake(str(folder / order), rows(days, order), target_file_size=2**40)
    many(folder / "many")


if __name__ == "__main__":
    main()
