"""Every type of the contract, every special value: through Delta and back, online and back, and to the Node driver."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf

from twinstore.config import Settings
from twinstore.store import Store
from twinstore.types import as_json, instant_us, parse_type

from ..vector_values import literal
from .conftest import MakeGroup

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

TEST = Path(__file__).parents[3] / "test"
COLUMNS = json.loads((TEST / "vectors" / "types.json").read_text())["columns"]
ROWS = max(len(column["values"]) for column in COLUMNS) + 1


def value_of(column: dict[str, Any], n: int) -> dict[str, Any]:
    """The n-th value of a column; beyond its last one null."""
    values = column["values"]
    return dict(values[n]) if n < len(values) else {"title": "null", "value": None, "online": None}


def as_text(column: dict[str, Any]) -> Column:
    """The inverse of `literal`."""
    kind, value = column["type"], sf.col(column["name"])
    if kind == "binary":
        return sf.lower(sf.hex(value))
    if kind.startswith("timestamp"):
        return instant_us(value, parse_type(kind)).cast("string")
    if kind.startswith(("array<", "map<", "struct<")):
        return as_json(value)
    return value.cast("string")


def texts(rows: DataFrame) -> dict[int, dict[str, str | None]]:
    named = [as_text(column).alias(column["name"]) for column in COLUMNS]
    return {row.n: row.asDict() for row in rows.select("n", *named).collect()}


def driver_rows(settings: Settings, table: str) -> dict[int, dict[str, str | None]]:
    """The online rows as the Node driver reads them."""
    node = shutil.which("node")
    assert node is not None
    online = settings.online
    command = [node, str(TEST / "integration" / "read_rows.mjs"), online.hosts[0], online.datacenter, table]
    login = json.dumps(dict(online.credentials.read()))
    read = subprocess.run(command, input=login, capture_output=True, text=True, timeout=60, check=False)
    assert read.returncode == 0, read.stderr
    return {int(row["n"]): row for row in json.loads(read.stdout)}


def test_every_value_of_every_type_comes_back_as_it_went(
    spark: SparkSession, settings: Settings, store: Store, make_group: MakeGroup
) -> None:
    group = make_group(
        keys=["n"],
        event_timestamp="at",
        exact=[column["name"] for column in COLUMNS if column.get("exact")],
        nested={column["name"]: column["online_as"] for column in COLUMNS if "online_as" in column},
    )
    rows = reduce(
        lambda one, other: one.unionByName(other),
        (
            spark.range(1).select(
                sf.lit(n).alias("n"),
                sf.to_date(sf.lit("2026-01-01")).alias("at"),
                *(literal(value_of(column, n)["value"], column["type"]).alias(column["name"]) for column in COLUMNS),
            )
            for n in range(ROWS)
        ),
    )
    store.write(rows, group)
    offline, online = texts(store.offline(group)), texts(store.online(group))
    driver = driver_rows(settings, group.online)
    for n in range(ROWS):
        for column in COLUMNS:
            case, name = value_of(column, n), column["name"]
            said = f"{column['type']}, {case['title']}"
            assert offline[n][name] == case["value"], said
            assert online[n][name] == case.get("back", case["value"]), said
            assert driver[n][name] == case["online"], said
    report = store.parity(group)
    assert (report.verdict, report.states["match"]) == ("in_parity", ROWS)
    assert {column["name"] for column in report.columns if column["precision_only"]} == {"moment"}


def test_values_that_the_connector_would_not_read_back_are_set_aside(
    spark: SparkSession, store: Store, make_group: MakeGroup
) -> None:
    group = make_group(event_timestamp="at", exact=["instant"])
    dates = ["1582-10-04", "1582-10-05", "1582-10-14", "1582-10-15"]
    rows = spark.createDataFrame([(each,) for each in dates], "house string").selectExpr(
        "house", "timestamp'2026-01-01' AS at", "date(house) AS day",
        "if(house = '1582-10-15', timestamp'1582-10-15', timestamp'1582-10-15 00:00:01') AS moment",
        "timestamp(house) AS instant",
    )  # fmt: skip
    early = rows.limit(1).selectExpr("'early' AS house", "at", "CAST(NULL AS DATE) AS day",
                                     "timestamp'1582-10-14 23:59:59' AS moment", "instant")  # fmt: skip
    receipt = store.write(rows.unionByName(early), group)
    assert (receipt.written, receipt.failed) == (2, 3)
    read = {row.house: str(row.day) for row in store.online(group).collect()}
    assert read == {"1582-10-04": "1582-10-04", "1582-10-15": "1582-10-15"}
