"""A program that materializes files into Cassandra by Feast: what the benchmark runs beside itself.

Its arguments are the folder of Feast's packages, and JSON: {folder, project, rows, hosts, datacenter, login, key,
time, features, start, end}, where `login` is the address of a file, or null. It makes the feature view's table and
prints a line. For each line with the address of a Parquet file it materializes that file, and prints another.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any


def main(order: dict[str, Any]) -> None:
    from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
    from feast.types import Float64

    folder = Path(order["folder"])
    source = folder / "source.parquet"
    shutil.copy(order["rows"], source)
    host, port = order["hosts"][0].split(":")
    login = json.loads(Path(order["login"]).read_text(encoding="utf-8")) if order["login"] else {}
    online = {
        **login,
        "type": "cassandra",
        "hosts": [host],
        "port": int(port),
        "keyspace": "feature_store",
        "protocol_version": 5,
        "load_balancing": {"local_dc": order["datacenter"], "load_balancing_policy": "DCAwareRoundRobinPolicy"},
    }
    config = RepoConfig(
        project=order["project"],
        registry=str(folder / "registry.db"),
        provider="local",
        online_store=online,
        offline_store={"type": "file"},
        entity_key_serialization_version=3,
    )
    store = FeatureStore(config=config)
    entity = Entity(name=order["key"], join_keys=[order["key"]], value_type=ValueType.STRING)
    view = FeatureView(
        name="readings",
        entities=[entity],
        schema=[Field(name=name, dtype=Float64) for name in order["features"]],
        source=FileSource(path=str(source), timestamp_field=order["time"]),
        ttl=None,
    )
    store.apply([entity, view])
    answers = os.fdopen(os.dup(1), "w")
    # What Feast prints is not an answer.
    os.dup2(2, 1)
    print("ready", file=answers, flush=True)
    start, end = (datetime.fromisoformat(order[name]).replace(tzinfo=timezone.utc) for name in ("start", "end"))
    for line in sys.stdin:
        shutil.copy(json.loads(line), source)
        store.materialize(start, end)
        print("done", file=answers, flush=True)


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    main(json.loads(sys.argv[2]))
