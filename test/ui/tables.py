"""Writes the Delta tables that the browser tests look at: `python tables.py SETTINGS LOCATION`.

`events` (a million rows, four versions), `empty`, `vacuumed` (version 0 has lost its files), `later` (asks readers for a
feature that nobody knows), and `no_table`, a folder with a file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.fs as fs
from deltalake import DeltaTable, write_deltalake

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROWS = 1_000_000


def events(rows: int, seed: int) -> pa.Table:
    """Events with the types that are easily told wrong: µs, decimals, long integers, bytes, nulls."""
    random = np.random.default_rng(seed)
    day = np.datetime64("2014-02-01") + random.integers(0, 4, rows)
    return pa.table(
        {
            "id": pa.array(9_007_199_254_740_993 + np.arange(rows)),
            "at": pa.array(1_391_212_800_000_001 + random.integers(0, 345_600_000_000, rows), pa.timestamp("us", "UTC")),
            "price": pa.array(random.normal(40, 9, rows).round(2)).cast(pa.decimal128(12, 2)),
            "weight": pa.array(random.normal(70, 12, rows), mask=random.random(rows) < 0.05),
            "name": pa.array(np.char.add("household ", random.integers(0, 5000, rows).astype(str))),
            "kind": pa.array(np.array(["gas", "power", "water"])[random.integers(0, 3, rows)]),
            "token": pa.array([bytes([n % 256, 255]) for n in range(rows)], pa.binary()),
            "day": pa.array(day),
        }
    )


def main(settings: str, location: str) -> None:
    offline = tomllib.loads(Path(settings).read_text())["stores"]["offline"]
    keys = json.loads(Path(offline["credentials"]["file"]).read_text())
    key, secret = keys["access_key_id"], keys["secret_access_key"]
    options = {
        "AWS_ENDPOINT_URL": offline["endpoint"],
        "AWS_REGION": offline["region"],
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_ALLOW_HTTP": "true",
        "AWS_S3_ALLOW_UNSAFE_RENAME": "true",
    }
    root = location.replace("s3a://", "s3://").rstrip("/")
    store = fs.S3FileSystem(
        access_key=key, secret_key=secret, endpoint_override=offline["endpoint"], region=offline["region"]
    )
    path = root.removeprefix("s3://")
    store.delete_dir_contents(path, missing_dir_ok=True)

    def write(folder: str, table: pa.Table, mode: str = "append", **more: object) -> None:
        write_deltalake(f"{root}/{folder}", table, mode=mode, storage_options=options, **more)

    write("events", events(ROWS, 1), partition_by=["day"], name="events", description="Meter readings, made up.")
    write("events", events(2000, 2))
    DeltaTable(f"{root}/events", storage_options=options).delete("kind = 'gas' and day = '2014-02-01'")
    write("events", events(3000, 3))
    write("empty", events(0, 1))
    write("vacuumed", events(10, 1))
    write("vacuumed", events(10, 2), mode="overwrite")
    for data in DeltaTable(f"{root}/vacuumed", version=0, storage_options=options).file_uris():
        store.delete_file(data.removeprefix("s3://"))
    write("later", events(10, 1))
    log = f"{path}/later/_delta_log/00000000000000000001.json"
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["timeMachine"]}
    with store.open_output_stream(log) as out:
        out.write(json.dumps({"protocol": {**protocol, "writerFeatures": ["timeMachine"]}}).encode())
    with store.open_output_stream(f"{path}/no_table/notes.txt") as out:
        out.write(b"nothing")


if __name__ == "__main__":
    main(*sys.argv[1:])
