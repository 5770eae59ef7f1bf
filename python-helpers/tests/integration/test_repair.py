"""Rows that are mended, and entities that are deleted, in both stores."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from twinstore.config import Settings
from twinstore.errors import TwinstoreError
from twinstore.feature_group import FeatureGroup
from twinstore.ledger import Ledger
from twinstore.progress import silent
from twinstore.schemas import problems
from twinstore.store import Store

from .conftest import MakeGroup
from .readings import agree, day, history, online, readings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_a_repair_writes_what_differs_and_nothing_else(spark: SparkSession, store: Store, group: FeatureGroup) -> None:
    store.write(readings(spark, [(f"h{n}", 0, float(n), n) for n in range(6)]), group)
    # Of another writer, and not online yet: it goes online with the repair.
    readings(spark, [("h0", 1, 9.0, 9)]).write.format("delta").mode("append").save(group.offline)
    store.cql.execute(f"UPDATE {group.online} SET mean = 99.5 WHERE house = 'h1'")
    store.cql.execute(f"UPDATE {group.online} SET mean = null WHERE house = 'h2'")
    store.cql.execute(f"DELETE FROM {group.online} WHERE house = 'h3'")
    store.cql.execute(f"INSERT INTO {group.online} (house, day, mean) VALUES ('it''s \"new\"', '{day(0)}', 1)")
    stamp = f"SELECT JSON writetime(mean) AS at FROM {group.online} WHERE house = 'h4'"
    untouched = store.cql.rows(stamp)
    report = store.parity(group)
    assert report.offenders_total == 4

    plan = store.repair(report, dry_run=True)
    assert (plan.receipt.written, plan.receipt.deleted, plan.report) == (3, 1, None)
    assert problems(plan.receipt.to_dict(), "receipt") == []
    assert store.parity(group).offenders_total == 4

    repair = store.repair(report)
    assert (repair.receipt.operation, repair.receipt.written, repair.receipt.deleted) == ("repair", 4, 1)
    assert repair.report is not None and repair.report.verdict == "in_parity"
    assert online(store, group)["h0"] == (1, 9.0, 9)
    assert (agree(store, group), store.cql.rows(stamp)) == (True, untouched)
    assert store.retry(group).gap.empty
    with pytest.raises(TwinstoreError, match="nothing to repair"):
        store.repair(repair.report)


def test_keys_of_every_kind_are_found_again_by_their_text_and_deleted(
    spark: SparkSession, store: Store, make_group: MakeGroup
) -> None:
    kinds = ["string", "tinyint", "smallint", "int", "bigint", "date", "binary", "boolean", "timestamp"]
    kinds += ["decimal(10,2)", "decimal(38,18)"]
    values = (
        ("it's \"ä\"", -128, -32768, -1, -9007199254740993, "0001-01-01", b"\x00\xff", True,
         "1899-12-31 23:59:59.000001", "1.10", "12345678901234567890.123456789012345678"),
        ("\n", 127, 32767, 2**31 - 1, 2**63 - 1, "1969-12-31", b"", False,
         "2014-01-01 00:00:00.123456", "-0.10", "0.00000001"),
        ("", 0, 0, 0, 0, "9999-12-31", b"'", True, "1970-01-01 00:00:00", "0", "0"),
    )  # fmt: skip
    names = [f"k{n}" for n in range(len(kinds))]
    given = spark.createDataFrame(values, names)
    keys = given.selectExpr(*(f"CAST({name} AS {kind}) AS {name}" for name, kind in zip(names, kinds)))
    group = make_group(keys=names, exact=["k8"])
    store.write(keys.selectExpr("*", "date'2014-01-01' AS day", "1 AS value"), group)
    store.cql.define(f"TRUNCATE {group.online}")
    repair = store.repair(store.parity(group))
    assert repair.receipt.written == 3
    assert repair.report is not None and repair.report.verdict == "in_parity"
    assert store.delete(group, keys.limit(2)).deleted == 2
    assert store.online(group).count() == 1
    assert store.delete(group, keys).deleted == 3
    assert store.online(group).count() == 0


def test_what_is_no_key_is_refused_and_nothing_deleted(spark: SparkSession, store: Store, group: FeatureGroup) -> None:
    store.write(readings(spark, [("7", 0, 1.0, 1), ("007", 0, 1.0, 1)]), group)
    head = store.versions(group)
    for keys, why in (
        (spark.sql("SELECT 7 AS house"), "house is int, not string"),
        (spark.sql("SELECT CAST(NULL AS STRING) AS house"), "one is null"),
        ([None], "is null"),
        ([{"house": None}], "is null"),
    ):
        with pytest.raises(TwinstoreError, match=why):
            store.delete(group, keys)
    assert store.versions(group) == head


def test_what_is_kept_of_deleted_entities_beside_history_goes_too(
    spark: SparkSession, store: Store, make_group: MakeGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = make_group(keys=["house", "meter"])
    rows = spark.sql(
        "SELECT house, house AS meter, date'2014-01-01' AS day, concat('secret of ', house) AS told "
        "FROM VALUES ('a \"1\"'), ('b'), (repeat('long', 20000)) AS t(house)"
    )
    assert store.write(rows, group).failed == 1
    store.cql.execute(f"UPDATE {group.online} SET told = 'known of a' WHERE house = 'a \"1\"' AND meter = 'a \"1\"'")
    store.cql.execute(f"UPDATE {group.online} SET told = 'known of b' WHERE house = 'b' AND meter = 'b'")
    report = store.parity(group)
    assert report.offenders_total == 3

    def kept() -> str:
        names = ("proofs", "offenders", "failed_rows")
        tables = [spark.read.format("delta").load(f"{group.offline}/_twinstore/{name}") for name in names]
        return "\n".join(str(row) for table in tables for row in table.collect())

    def fail(*_: object) -> int:
        raise ZeroDivisionError

    keys = rows.where("house <> 'b'")
    assert "of a" in kept() and "longlong" in kept()
    # Broken off between the reports and the offenders, it is done again.
    with monkeypatch.context() as broken, pytest.raises(ZeroDivisionError):
        broken.setattr(Ledger, "delete", fail)
        store.delete(group, keys)
    assert "of a" in kept()
    # What is read online does not wait for it.
    assert [row.house for row in store.online(group).collect()] == ["b"]
    receipt = store.delete(group, keys)
    assert any(note.startswith("3 rows of them left the tables of proofs and failed rows.") for note in receipt.notes)
    assert "of a" not in kept() and "longlong" not in kept()
    assert kept().count("known of b") == 2, "an offender, and the report that shows it"
    assert store.parity(group).offenders_total == 1
    versions = [store.twins(store.definition(group)).ledger.version(name) for name in ("proofs", "failed_rows")]
    nothing = store.delete(group, keys)
    assert not any("left the tables" in note for note in nothing.notes)
    ledger = store.twins(store.definition(group)).ledger
    assert [ledger.version(name) for name in ("proofs", "failed_rows")] == versions


def test_what_is_kept_of_deleted_entities_goes_whatever_the_types_of_their_keys(
    spark: SparkSession, store: Store, make_group: MakeGroup
) -> None:
    keys = {
        "flag": "true",
        "number": "9007199254740993L",
        "price": "cast(1.50 AS decimal(5,2))",
        "since": "date'1969-12-31'",
        "at": "timestamp'2026-11-25 10:00:00.123'",
        "bytes": "X'00ff'",
        "name": "'a \"ü'",
    }
    rows = spark.sql(
        f"SELECT {', '.join(f'{value} AS {name}' for name, value in keys.items())}, "
        "date'2014-01-01' AS day, 1.5D AS mean"
    )
    group = make_group(keys=list(keys), exact=["at"])
    store.write(rows, group)
    store.cql.execute(f"TRUNCATE {group.online}")
    assert store.parity(group).offenders_total == 1
    store.delete(group, rows.select(*keys))
    ledger = store.twins(store.definition(group)).ledger
    offenders, proofs = ledger.read("offenders"), ledger.read("proofs")
    assert offenders is not None and proofs is not None
    assert offenders.count() == 0
    (report,) = [json.loads(row.report) for row in proofs.collect()]
    assert report["offenders"]["shown"] == []


def test_a_key_that_the_online_store_refuses_is_deleted_from_history(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    assert store.write(readings(spark, [("", 0, 1.0, 1), ("a", 0, 2.0, 2)]), group).failed == 1
    receipt = store.delete(group, ["", "a"])
    assert (receipt.deleted, history(store, group), online(store, group)) == (1, 0, {})


def test_entities_are_deleted_with_their_history(
    spark: SparkSession, settings: Settings, store: Store, group: FeatureGroup
) -> None:
    rows = [("a", 0, 1.0, 1), ("a", 1, 2.0, 2), ("b", 0, 3.0, 3), ("c", 0, 4.0, 4)]
    store.write(readings(spark, rows), group)
    store.cql.execute(f"INSERT INTO {group.online} (house, day, mean) VALUES ('online only', '{day(0)}', 1)")
    receipt = store.delete(group, ["a", "online only", "nobody"])
    assert (receipt.operation, receipt.deleted, receipt.written) == ("delete", 3, 0)
    assert any(note.startswith("2 rows of 3 keys left history.") for note in receipt.notes)
    assert not any("another writer" in note for note in receipt.notes)
    assert (history(store, group), online(store, group)) == (2, {"b": (0, 3.0, 3), "c": (0, 4.0, 4)})
    # Keys that history lacks leave the online store all the same.
    store.cql.execute(f"INSERT INTO {group.online} (house, day, mean) VALUES ('online only', '{day(0)}', 1)")
    unknown = store.delete(group, [{"house": "online only"}])
    assert unknown.deleted == 1
    assert "History had no row of 1 key: see that they are right." in unknown.notes
    assert store.parity(group).verdict == "in_parity"

    def die(step: str) -> None:
        if step == "propagate":
            raise ZeroDivisionError

    # Broken off between the stores, it is finished by whoever comes next.
    with pytest.raises(ZeroDivisionError):
        Store(spark, settings, silent, die).delete(group, readings(spark, [("b", 0, 0.0, 0)]))
    store.retry(group)
    assert online(store, group) == {"c": (0, 4.0, 4)}
    # It may come back, as a new one.
    store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    assert (online(store, group)["a"], store.parity(group).verdict) == ((0, 1.0, 1), "in_parity")
    for wrong in ("a", [("a", "b")], [{"house": "a", "day": 1}], spark.range(1)):
        with pytest.raises(TwinstoreError, match="These are not keys"):
            store.delete(group, wrong)
