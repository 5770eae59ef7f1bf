"""One peer of `npm run bench -- delta`: answers each line {task, args} of its input with what doing the task took.

python peer.py PEER FOLDER
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import DeltaTable, QueryBuilder

FOLDER = Path(sys.argv[2])
LATEST = "row_number() OVER (PARTITION BY household_id ORDER BY day DESC) = 1"


def table(name: str) -> str:
    return str(FOLDER / name)


def file(name: str) -> str:
    [path] = (FOLDER / name).glob("*.parquet")
    return str(path)


def condition(keys: list[str] | None) -> str:
    return "" if keys is None else f"WHERE household_id IN ({', '.join(repr(key) for key in keys)})"


def deltalake_query(name: str, sql: str) -> int:
    query = QueryBuilder().register("t", DeltaTable(table(name)))
    return sum(batch.num_rows for batch in query.execute(sql))


def deltalake_latest(name: str, keys: list[str] | None) -> int:
    inner = f"SELECT *, {LATEST.removesuffix(' = 1')} AS n FROM t {condition(keys)}"
    return deltalake_query(name, f"SELECT * FROM ({inner}) WHERE n = 1")


def duck(name: str, sql: str) -> int:
    with duckdb.connect() as connection:
        connection.sql(f"CREATE VIEW t AS FROM read_parquet('{file(name)}')")
        return int(connection.sql(sql).to_arrow_table().num_rows)


PEERS: dict[str, dict[str, Callable[..., int]]] = {
    "deltalake": {
        "preview": lambda name, limit: deltalake_query(name, f"SELECT * FROM t LIMIT {limit}"),
        "scan": lambda name, columns: DeltaTable(table(name)).to_pyarrow_table(columns=columns).num_rows,
        "snapshot": lambda name: DeltaTable(table(name)).get_add_actions(flatten=True).num_rows,
        "latest": deltalake_latest,
    },
    "pyarrow": {
        "preview": lambda name, limit: ds.dataset(file(name)).head(limit).num_rows,
        "scan": lambda name, columns: pq.read_table(file(name), columns=columns).num_rows,
    },
    "duckdb": {
        "preview": lambda name, limit: duck(name, f"FROM t LIMIT {limit}"),
        "scan": lambda name, columns: duck(name, f"SELECT {', '.join(columns)} FROM t"),
        "latest": lambda name, keys: duck(name, f"SELECT * FROM t {condition(keys)} QUALIFY {LATEST}"),
    },
}


def io() -> dict[str, int]:
    return {
        name: int(value)
        for name, value in (line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    }


def main() -> None:
    tasks = PEERS[sys.argv[1]]
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        before, begun = io(), time.perf_counter()
        rows = tasks[request["task"]](**request["args"])
        took, after = time.perf_counter() - begun, io()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        read, calls = after["rchar"] - before["rchar"], after["syscr"] - before["syscr"]
        print(
            json.dumps({"ms": took * 1000, "rows": rows, "bytes": read, "requests": calls, "peak_mib": peak}),
            flush=True,
        )


if __name__ == "__main__":
    main()
