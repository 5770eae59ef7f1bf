"""Parity of real stores: damage done by hand is found and named, and a proof says no more than it checked."""

from __future__ import annotations

import datetime
import json
import time
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from delta.tables import DeltaTable

from twinstore import parity
from twinstore.config import Settings
from twinstore.errors import TwinstoreError
from twinstore.feature_group import FeatureGroup
from twinstore.parity_report import ParityReport
from twinstore.schemas import problems
from twinstore.store import Store

from .conftest import MakeGroup
from .readings import readings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def houses(spark: SparkSession, count: int, days: tuple[int, ...] = (0, 1)) -> DataFrame:
    return readings(spark, [(f"h{n}", day, float(n), n) for n in range(count) for day in days])


def states(report: ParityReport) -> dict[str, int]:
    return {state: n for state, n in report.states.items() if n}


def by_key(report: ParityReport) -> dict[str, Any]:
    return {offender.key["house"]: offender for offender in report.found}


def damage(store: Store, group: FeatureGroup, statement: str) -> None:
    store.cql.execute(statement.replace("TABLE", group.online))


def kept(spark: SparkSession, group: FeatureGroup, name: str) -> DataFrame:
    return spark.read.format("delta").load(f"{group.offline}/_twinstore/{name}")


def test_twins_that_were_just_written_are_in_parity(spark: SparkSession, store: Store, group: FeatureGroup) -> None:
    receipt = store.write(houses(spark, 20), group)
    report = store.parity(group)
    assert report.verdict == "in_parity"
    assert states(report) == {"match": 20}
    assert (report.coverage.how, report.coverage.keys_compared, report.coverage.keys_total) == ("full", 20, 20)
    assert report.coverage.extra_checked
    assert (report.version, report.receipt_run_id) == (receipt.gap.to_version, receipt.run_id)
    assert report.kept
    assert problems(report.to_dict(), "parity_report") == []

    # OPTIMIZE is a later version that touches no key; and a small table is proved in full though there is a chain.
    DeltaTable.forPath(spark, group.offline).optimize().executeCompaction()
    again = store.parity(group)
    assert (again.verdict, states(again), again.coverage.how) == ("in_parity", {"match": 20}, "full")


def test_five_rows_damaged_by_hand_are_found_named_and_kept(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    store.write(houses(spark, 20), group)
    damage(store, group, "UPDATE TABLE SET mean = 99.5 WHERE house = 'h1'")
    damage(store, group, "DELETE FROM TABLE WHERE house = 'h2'")
    damage(store, group, "INSERT INTO TABLE (house, day, mean, \"_commit_version\") VALUES ('new', '2014-01-01', 1, 1)")
    damage(store, group, "UPDATE TABLE SET peak = null WHERE house = 'h4'")
    damage(store, group, "UPDATE TABLE SET day = '2014-01-01' WHERE house = 'h5'")

    report = store.parity(group)

    assert report.verdict == "out_of_parity"
    assert states(report) == {"match": 16, "missing_online": 1, "extra_online": 1, "stale_online": 1, "mismatch": 2}
    found = by_key(report)
    assert {key: offender.state for key, offender in found.items()} == {
        "h1": "mismatch", "h2": "missing_online", "new": "extra_online", "h4": "mismatch", "h5": "stale_online",
    }  # fmt: skip
    changed = found["h1"]
    assert (changed.columns, changed.offline["mean"], changed.online["mean"]) == (["mean"], "1.0", "99.5")
    assert changed.reason.startswith("changed outside twinstore at 20")
    assert changed.offline_commit == changed.online_commit == report.version
    assert abs(changed.online_write_us - report.at_us) < 600_000_000
    assert found["h2"].online is None
    assert found["new"].offline is None
    assert found["new"].reason.startswith("written outside twinstore at 20")
    assert found["h4"].online["peak"] is None
    assert found["h4"].reason.startswith("a value was deleted online outside twinstore")
    assert (found["h5"].offline["day"], found["h5"].online["day"]) == ("2014-01-02", "2014-01-01")
    peak = next(column for column in report.columns if column["name"] == "peak")
    assert (peak["online_only_null"], peak["equal"]) == (1, 18)
    assert problems(report.to_dict(), "parity_report") == []

    (proof,) = kept(spark, group, "proofs").collect()
    assert (proof.id, proof.verdict, proof.version, proof["group"]) == (report.id, "out_of_parity", 1, group.name)
    assert json.loads(proof.report) == report.to_dict()
    assert json.loads(proof.coverage)["keys_total"] == 21
    rows = kept(spark, group, "offenders")
    assert rows.drop("proof_id").exceptAll(report.offenders).count() == 0
    assert {row.proof_id for row in rows.collect()} == {report.id}
    assert report.offenders.count() == 5


def test_special_numbers_agree_and_zeros_of_another_sign_are_told(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    rows = [("nan", 0, float("nan"), 1), ("zero", 0, -0.0, 1), ("inf", 0, float("-inf"), 1), ("null", 0, None, None)]
    store.write(readings(spark, rows), group)
    assert store.parity(group).notes == ()
    damage(store, group, "UPDATE TABLE SET mean = 0.0 WHERE house = 'zero'")
    report = store.parity(group)
    assert (report.verdict, states(report)) == ("in_parity", {"match": 4})
    assert any("1 value is −0.0 in one store" in note for note in report.notes)


def test_what_comes_after_the_anchor_is_in_flight_whichever_row_is_online(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    store.write(houses(spark, 6), group)
    anchor = store.parity(group).version
    # Another writer appends, changes and deletes; nothing of it is online yet.
    assert anchor is not None
    day = datetime.date(2014, 2, 1)
    later = [(house, day, 7.0, 7, None, None) for house in ("h0", "new")]
    schema = spark.read.format("delta").load(group.offline).schema
    spark.createDataFrame(later, schema).write.format("delta").mode("append").save(group.offline)
    DeltaTable.forPath(spark, group.offline).delete("house = 'h1'")
    # One of the rows that are on their way arrives.
    arrived = f"day = '2014-02-01', mean = 7, peak = 7, \"_commit_version\" = {anchor + 1}"
    damage(store, group, f"UPDATE TABLE SET {arrived} WHERE house = 'h0'")
    damage(store, group, "DELETE FROM TABLE WHERE house = 'h1'")

    report = store.parity(group)

    assert report.version == anchor
    assert (report.verdict, states(report)) == ("in_parity", {"match": 4, "in_flight": 2})
    assert any("2 versions were not yet online" in note for note in report.notes)

    # What is neither the old nor the new row is an error all the same.
    damage(store, group, f"UPDATE TABLE SET mean = 99.5, \"_commit_version\" = {anchor} WHERE house = 'h0'")
    assert by_key(store.parity(group))["h0"].state in ("mismatch", "ahead_online")

    # The damage is younger than the commits, so that it takes a fresh stamp to write over it.
    store.materialize(group)
    assert store.parity(group).verdict == "in_parity"


def test_rows_deleted_by_hand_are_missing_though_a_later_version_touches_every_key(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    store.write(houses(spark, 6), group)
    spark.sql(f"ALTER TABLE delta.`{group.offline}` SET TBLPROPERTIES ('team' = 'demand')")
    damage(store, group, "DELETE FROM TABLE WHERE house IN ('h0', 'h1', 'h2')")
    report = store.parity(group)
    assert (report.verdict, report.states["missing_online"]) == ("out_of_parity", 3)
    assert any("1 version was not yet online" in note for note in report.notes)

    # A row that the table lost may be gone; that tells nothing of the others.
    DeltaTable.forPath(spark, group.offline).delete("house = 'h0'")
    assert set(by_key(store.parity(group))) == {"h1", "h2"}


def test_rows_that_may_have_been_deleted_by_a_version_that_is_gone_leave_the_verdict_unknown(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    anchor = store.write(houses(spark, 6), group).gap.to_version
    for team in ("demand", "supply"):
        spark.sql(f"ALTER TABLE delta.`{group.offline}` SET TBLPROPERTIES ('team' = '{team}')")
    log: Any = spark._jvm.org.apache.spark.sql.delta.DeltaLog  # type: ignore[union-attr]
    log.forTable(spark._jsparkSession, group.offline).checkpoint()
    (Path(group.offline) / "_delta_log" / f"{anchor + 1:020d}.json").unlink()
    assert store.parity(group).verdict == "in_parity"
    damage(store, group, "DELETE FROM TABLE WHERE house = 'h0'")
    report = store.parity(group)
    assert (report.verdict, states(report)) == ("unknown", {"in_flight": 6})
    assert any("1 row is absent online" in note for note in report.notes)


def test_rows_past_their_time_to_live_are_rightly_absent(
    spark: SparkSession, store: Store, make_group: MakeGroup
) -> None:
    group = make_group(event_timestamp="at", ttl="1h")
    now = datetime.datetime.now(datetime.timezone.utc)
    rows = [("past", now - datetime.timedelta(hours=2), 1.0), ("fresh", now, 2.0), ("lost", now, 3.0)]
    store.write(spark.createDataFrame(rows, "house string, at timestamp, mean double"), group)
    assert states(store.parity(group)) == {"expired": 1, "match": 2}
    damage(store, group, "DELETE FROM TABLE WHERE house = 'lost'")
    damage(store, group, "INSERT INTO TABLE (house, at, mean) VALUES ('past', toTimestamp(now()), 1)")
    report = store.parity(group)
    assert {key: offender.state for key, offender in by_key(report).items()} == {
        "lost": "missing_online",
        "past": "extra_online",
    }
    assert by_key(report)["past"].reason.startswith("it expired at ")


def test_a_row_that_expires_while_the_stores_are_read_is_not_missing(
    spark: SparkSession, store: Store, make_group: MakeGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = make_group(event_timestamp="at", ttl="1h")
    now = datetime.datetime.now(datetime.timezone.utc)
    store.write(
        spark.createDataFrame([("h0", now, 1.0), ("h1", now, 2.0)], "house string, at timestamp, mean double"), group
    )
    damage(store, group, "DELETE FROM TABLE WHERE house = 'h1'")
    assert states(store.parity(group)) == {"match": 1, "missing_online": 1}
    began_us = time.time_ns() // 1_000
    clock = chain([began_us], repeat(began_us + 3_600_000_000))
    monkeypatch.setattr(parity, "_now_us", lambda: next(clock))
    report = store.parity(group)
    assert (report.verdict, states(report)) == ("in_parity", {"match": 1, "expired": 1})


def test_a_changed_proof_compares_what_was_touched_and_builds_on_the_last_one(
    spark: SparkSession, store: Store, group: FeatureGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(houses(spark, 6, days=(0,)), group)
    store.parity(group, how="full")
    nothing = store.parity(group, how="changed")
    assert (nothing.verdict, nothing.coverage.keys_compared) == ("unknown", 0)
    # Left to itself, a proof of a large group looks at all of it rather than at nothing.
    monkeypatch.setattr(parity, "FULL_UP_TO", 0)
    monkeypatch.setattr(parity, "FULL_UP_TO_BYTES", 0)
    base = store.parity(group)
    assert (base.verdict, base.coverage.how) == ("in_parity", "full")

    # The row of h1 is late: its winner is older than what the other key brought.
    store.write(readings(spark, [("h0", 5, 5.0, 5), ("h1", -1, 5.0, 5)]), group)
    changed = store.parity(group, how="changed")
    assert (changed.verdict, states(changed)) == ("in_parity", {"match": 2})
    assert (changed.coverage.how, changed.coverage.keys_compared, changed.coverage.keys_total) == ("changed", 2, None)
    assert (changed.coverage.base_proof, changed.coverage.extra_checked) == (base.id, False)
    assert any("is not seen" in note for note in changed.notes)
    assert problems(changed.to_dict(), "parity_report") == []

    # Damage to a key that nothing touched is beyond it, as it says; damage to a touched one is not.
    DeltaTable.forPath(spark, group.offline).delete("house = 'h4'")
    store.write(readings(spark, [("h2", 6, 6.0, 6), ("h3", 6, 6.0, 6)]), group)
    damage(store, group, "UPDATE TABLE SET mean = 99.5 WHERE house = 'h5'")
    damage(store, group, "UPDATE TABLE SET mean = 99.5 WHERE house = 'h3'")
    damage(store, group, "INSERT INTO TABLE (house, day, mean, \"_commit_version\") VALUES ('h4', '2014-01-02', 1, 1)")
    found = store.parity(group, how="changed")
    assert found.coverage.base_proof == changed.id
    assert found.verdict == "out_of_parity"
    assert {key: each.state for key, each in by_key(found).items()} == {"h3": "mismatch", "h4": "extra_online"}

    # That broke the chain: what is asked for as changed is full now, and says why.
    full = store.parity(group, how="changed")
    assert (full.coverage.how, set(by_key(full))) == ("full", {"h3", "h4", "h5"})
    assert any("No unbroken chain" in note for note in full.notes)


def test_a_changed_proof_of_newer_rows_alone_does_not_read_history(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    store.write(houses(spark, 3, days=(0,)), group)
    store.parity(group, how="full")
    written = set(Path(group.offline).glob("*.parquet"))
    store.write(readings(spark, [("h0", 5, 5.0, 5), ("h0", 6, 6.0, 6), ("h9", 5, 5.0, 5)]), group)
    damage(store, group, "UPDATE TABLE SET mean = 99.5 WHERE house = 'h9'")
    for file in written:
        file.rename(file.with_suffix(".away"))
    try:
        newer = store.parity(group, how="changed")
        assert (newer.coverage.how, states(newer)) == ("changed", {"match": 1, "mismatch": 1})
        assert by_key(newer)["h9"].offline_commit == newer.version
    finally:
        for file in written:
            file.with_suffix(".away").rename(file)
    store.repair(newer)
    assert store.parity(group, how="full").verdict == "in_parity"

    # A row as new as one that was there is no reason to forget that one.
    store.write(readings(spark, [("h0", 6, 7.0, 7), ("h1", 6, 7.0, 7)]), group)
    store.write(readings(spark, [("h0", 4, 8.0, 8), ("h2", 4, 8.0, 8)]), group)
    late = store.parity(group, how="changed")
    assert (late.verdict, late.coverage.how, states(late)) == ("in_parity", "changed", {"match": 3})


def test_rows_beside_deleted_ones_are_not_taken_for_rows_of_the_delete(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    store.write(houses(spark, 3), group)
    DeltaTable.forPath(spark, group.offline).delete("house = 'h2'")
    store.retry(group)
    damage(store, group, "UPDATE TABLE SET mean = 99.5 WHERE house = 'h0'")
    damage(store, group, "DELETE FROM TABLE WHERE house = 'h1'")
    found = by_key(store.parity(group))
    assert {key: each.state for key, each in found.items()} == {"h0": "mismatch", "h1": "missing_online"}
    assert found["h1"].offline_commit is None


def test_a_group_without_a_row_is_unknown(spark: SparkSession, store: Store, group: FeatureGroup) -> None:
    store.write(houses(spark, 1).limit(0), group)
    report = store.parity(group)
    assert (report.verdict, report.coverage.keys_compared) == ("unknown", 0)
    assert problems(report.to_dict(), "parity_report") == []


def test_every_type_of_the_contract_is_in_parity_after_a_write(
    spark: SparkSession, store: Store, make_group: MakeGroup
) -> None:
    group = make_group(
        keys=["id", "blob_key"], event_timestamp="seen", exact=["stamp"], nested={"tags": "frozen", "doc": "json"}
    )
    rows = spark.sql(
        """SELECT
        bigint(9007199254740993) AS id, binary('k') AS blob_key, timestamp'2025-01-02 03:04:05.678901' AS seen,
        timestamp'2025-01-02 03:04:05.678901' AS stamp, CAST(1.10 AS DECIMAL(10,2)) AS amount, float(0.1) AS f,
        true AS flag, tinyint(-128) AS t, smallint(32767) AS s, date'0001-01-01' AS day, map('b', 2, 'a', 1) AS tags,
        named_struct('a', 1, 'b', CAST(NULL AS STRING)) AS doc, '' AS text, binary('') AS bytes"""
    )
    store.write(rows, group)
    report = store.parity(group)
    assert states(report) == {"match": 1}, report.found
    assert {column["name"] for column in report.columns if column["precision_only"]} == {"seen"}
    damage(store, group, "UPDATE TABLE SET amount = 1.11 WHERE id = 9007199254740993 AND blob_key = 0x6b")
    offender = store.parity(group).found[0]
    assert (offender.key, offender.columns) == ({"id": "9007199254740993", "blob_key": "6b"}, ["amount"])
    assert offender.reason.startswith("changed outside twinstore")


def test_a_wish_that_is_none_is_refused(store: Store, group: FeatureGroup) -> None:
    with pytest.raises(TwinstoreError, match="sometimes"):
        store.parity(group, how="sometimes")


def test_a_group_that_is_not_there_is_named(store: Store, group: FeatureGroup) -> None:
    with pytest.raises(TwinstoreError) as raised:
        store.parity(group)
    assert raised.value.code == "not_found"
    assert group.offline in raised.value.message


def test_a_proof_that_cannot_be_kept_is_shown_and_says_so(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    store.write(houses(spark, 3), group)
    # A file where the table of proofs would be: nobody can write there, root included.
    Path(group.offline, "_twinstore", "proofs").write_text("in the way")
    report = store.parity(group)
    assert (report.verdict, report.kept) == ("in_parity", False)
    assert any(note.startswith("Not kept: ") for note in report.notes)
    assert report.to_dict()["kept"] is False


def test_a_proof_on_s3_is_kept_under_the_lease(
    spark: SparkSession, store: Store, settings: Settings, make_group: MakeGroup
) -> None:
    name = f"s{datetime.datetime.now():%H%M%S%f}"
    group = make_group(name=name, offline=f"{settings.roots[0].location}/{name}")
    store.write(houses(spark, 3), group)
    assert store.parity(group).kept
    assert kept(spark, group, "proofs").count() == 1
