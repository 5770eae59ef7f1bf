"""Writes a feature group by Spark alone, step by step, so that the companion reads what Spark wrote and not itself.

Reads one JSON object a line on stdin ({"step": …}) and answers each with one line on stdout.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pyspark.sql import SparkSession

from twinstore.session import spark_session

GROUP = "companion_energy"
TABLE = f"s3a://features/{GROUP}"
DEFINITION = {
    "name": GROUP,
    "keys": ["household_id"],
    "event_timestamp": "day",
    "columns": [
        {"name": "household_id", "type": "string"},
        {"name": "day", "type": "date"},
        {"name": "energy_sum", "type": "double"},
    ],
    "ttl_seconds": None,
    "offline": TABLE,
    "online": f"feature_store.{GROUP}",
}
RECEIPTS = """run_id string, operation string, `group` string, table_id string, repeatable boolean, version bigint,
gap struct<`from`: bigint, `to`: bigint>, write_timestamp_us bigint, max_event_us bigint, rows_in bigint,
appended bigint, unchanged bigint, written bigint, deleted bigint, late bigint, corrected bigint, superseded bigint,
expired bigint, failed bigint, unconfirmed bigint, resumed array<string>, `by` string, at_us bigint,
durations_s string, notes array<string>"""
PROOFS = """id string, `group` string, table_id string, version bigint, verdict string, coverage string,
report string, engine string, `by` string, at_us bigint"""
FAILED = "run_id string, key string, reason string, payload string, at_us bigint, table_id string, version bigint"
STATES = ("match", "missing_online", "extra_online", "stale_online", "ahead_online", "mismatch", "expired", "in_flight")


def create(spark: SparkSession, step: dict[str, Any]) -> str:
    """Makes the table; answers its id."""
    definition = json.dumps(DEFINITION)
    spark.sql(
        f"CREATE TABLE delta.`{TABLE}` (household_id string, day date, energy_sum double) USING delta TBLPROPERTIES "
        f"('twinstore.definition' = '{definition}', 'twinstore.format' = '1', 'delta.checkpointInterval' = '5', "
        f"'delta.enableInCommitTimestamps' = 'true')"
    )
    return str(spark.sql(f"DESCRIBE DETAIL delta.`{TABLE}`").first()["id"])


def append(spark: SparkSession, step: dict[str, Any]) -> None:
    """Appends one row for a day."""
    spark.sql(f"INSERT INTO delta.`{TABLE}` VALUES ('MAC000001', DATE '{step['day']}', 1.5)")


def receipt(spark: SparkSession, step: dict[str, Any]) -> None:
    """Keeps a receipt of a gap."""
    names = "rows_in appended unchanged written deleted late corrected superseded expired failed unconfirmed"
    counts = dict.fromkeys(names.split(), 0)
    row = {
        "run_id": f"run-{step['to']}", "operation": "write", "group": GROUP, "table_id": step["table_id"],
        "repeatable": True, "version": step["to"], "gap": {"from": step["from"], "to": step["to"]},
        "write_timestamp_us": 1, "max_event_us": step["max_event_us"], **counts, "resumed": [],
        "by": "spark", "at_us": step["at_us"], "durations_s": json.dumps({"append": 0.5}), "notes": ["kept by Spark"],
    }  # fmt: skip
    keep(spark, "receipts", row, RECEIPTS)


def proof(spark: SparkSession, step: dict[str, Any]) -> None:
    """Keeps a proof."""
    coverage = {"how": "full", "keys_compared": 1, "keys_total": 1, "extra_checked": True, "base_proof": None}
    states = {**dict.fromkeys(STATES, 0), "match": 1, "mismatch": step["mismatch"]}
    head = {
        "id": f"proof-{step['at_us']}", "group": GROUP, "table_id": step["table_id"], "version": step["version"],
        "verdict": "out_of_parity" if step["mismatch"] else "in_parity", "engine": "spark 3.5", "by": "spark",
        "at_us": step["at_us"],
    }  # fmt: skip
    report = {
        **head, "coverage": coverage, "receipt_run_id": None, "states": states, "columns": [], "tolerances": {},
        "offenders": {"total": 0, "shown": []}, "duration_s": 1.25, "kept": True, "notes": [],
    }  # fmt: skip
    keep(spark, "proofs", {**head, "coverage": json.dumps(coverage), "report": json.dumps(report)}, PROOFS)


def failed(spark: SparkSession, step: dict[str, Any]) -> None:
    """Sets a row aside."""
    row = {
        "run_id": "run", "key": '{"household_id": ""}', "reason": "empty key", "payload": "{}",
        "at_us": step["at_us"], "table_id": step["table_id"], "version": step["version"],
    }  # fmt: skip
    keep(spark, "failed_rows", row, FAILED)


def keep(spark: SparkSession, name: str, row: dict[str, Any], schema: str) -> None:
    frame = spark.createDataFrame([row], schema)
    frame.write.format("delta").mode("append").save(f"{TABLE}/_twinstore/{name}")


STEPS = {step.__name__: step for step in (create, append, receipt, proof, failed)}


def main() -> None:
    spark = spark_session(app_name="companion tables")
    # The tables have a few rows: one partition each is many times faster.
    for conf in ("spark.sql.shuffle.partitions", "spark.databricks.delta.snapshotPartitions"):
        spark.conf.set(conf, "1")
    for line in sys.stdin:
        step = json.loads(line)
        print(json.dumps({"answer": STEPS[step["step"]](spark, step)}), flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
