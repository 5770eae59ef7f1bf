"""Writes to real stores: what lands in history, and which row of each entity is online."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import functions as sf

from twinstore import gap
from twinstore.config import Settings
from twinstore.errors import TwinstoreError
from twinstore.feature_group import FeatureGroup
from twinstore.preflight import check, check_again
from twinstore.progress import silent
from twinstore.receipts import Receipt
from twinstore.schemas import problems
from twinstore.store import Store
from twinstore.winners import rows_of

from .conftest import MakeGroup
from .readings import agree, day, files, history, online, readings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_the_latest_row_of_each_entity_goes_online_and_all_rows_into_history(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    receipt = store.write(readings(spark, [("a", 0, 1.0, 1), ("a", 1, 2.0, None), ("b", 0, None, 3)]), group)
    assert online(store, group) == {"a": (1, 2.0, None), "b": (0, None, 3)}
    assert history(store, group) == 3
    assert (receipt.rows_in, receipt.appended, receipt.written, receipt.superseded) == (3, 3, 2, 1)
    assert receipt.kept
    assert problems(receipt.to_dict(), "receipt") == []


def test_the_same_write_again_adds_nothing_and_says_so_and_one_more_day_adds_that_day(
    spark: SparkSession, store: Store, group: FeatureGroup, tmp_path: Path
) -> None:
    rows = files(spark, str(tmp_path / "in"), [("a", 0, 1.0, 1), ("b", 0, 2.0, 2)])
    first = store.write(rows, group)
    again = store.write(spark.read.parquet(str(tmp_path / "in")), group)
    assert again.run_id == first.run_id
    assert (again.rows_in, again.appended, again.unchanged, again.written) == (2, 0, 0, 0)
    assert any("not appended again" in note for note in again.notes)
    assert history(store, group) == 2

    more = store.write(files(spark, str(tmp_path / "in"), [("a", 1, 3.0, 3), ("b", 1, 4.0, 4)]), group)
    assert (more.rows_in, more.appended, more.unchanged, more.written) == (4, 2, 2, 2)
    assert (more.late, more.corrected) == (0, 0)
    assert online(store, group) == {"a": (1, 3.0, 3), "b": (1, 4.0, 4)}


def test_a_write_without_files_is_not_repeatable_and_still_adds_no_row_twice(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    rows = [("a", 0, 1.0, 1), ("a", 0, 1.5, 1)]
    first = store.write(readings(spark, rows), group)
    again = store.write(readings(spark, rows), group)
    assert not first.repeatable and again.run_id != first.run_id
    assert (again.appended, history(store, group)) == (0, 2)
    assert agree(store, group)


def test_mode_append_takes_all_rows(spark: SparkSession, store: Store, group: FeatureGroup) -> None:
    store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    receipt = store.write(readings(spark, [("a", 0, 1.0, 1)]), group, mode="append")
    assert (receipt.appended, receipt.corrected, history(store, group)) == (1, 1, 2)


def test_late_rows_change_history_alone_and_corrections_and_nulls_go_online(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    store.write(readings(spark, [("late", 5, 1.0, 1), ("corrected", 5, 2.0, 2), ("null", 5, 3.0, 3)]), group)
    later = [("late", 3, 9.0, 9), ("late", 4, 8.0, 8), ("corrected", 5, 7.0, 2), ("null", 6, None, 4)]
    receipt = store.write(readings(spark, [*later, ("late", 5, 1.0, 1)]), group)
    assert online(store, group) == {"late": (5, 1.0, 1), "corrected": (5, 7.0, 2), "null": (6, None, 4)}
    assert (receipt.appended, receipt.unchanged, history(store, group)) == (4, 1, 7)
    assert (receipt.late, receipt.corrected, receipt.superseded) == (2, 1, 1)


def test_a_receipt_tells_of_entities_whose_newest_rows_in_it_tie(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    def tied(receipt: Receipt) -> list[str]:
        return [note for note in receipt.notes if "greatest row hash" in note]

    twice = [("same", 1, 1.0, 1), ("same", 1, 1.0, 1), ("older", 1, 1.0, 1), ("older", 1, 2.0, 2), ("older", 2, 3.0, 3)]
    rows = [("tied", 1, 1.0, 1), ("tied", 1, 2.0, 2), ("tied", 0, 5.0, 5), *twice]
    first = store.write(readings(spark, rows), group)
    (note,) = tied(first)
    assert note.startswith("1 entity has several newest rows")
    # A correction beats what it corrects by its time.
    assert tied(store.write(readings(spark, [("tied", 1, 8.0, 8), ("same", 0, 1.0, 1)]), group)) == []
    rows = [("tied", 1, 1.0, 1), ("tied", 1, 9.0, 9), ("older", 0, 1.0, 1), ("older", 0, 2.0, 2), ("new", 3, 1.0, 1)]
    plan = store.write(readings(spark, rows), group, dry_run=True)
    late = store.write(readings(spark, rows), group)
    for receipt in (plan, late):
        (note,) = tied(receipt)
        # Those of "older" are late, so that they decide nothing.
        assert note.startswith("1 entity has several newest rows")
    assert agree(store, group)


def test_what_another_writer_changed_is_known_by_its_values_not_by_the_hash_that_it_left(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    rows = [("a", 0, 1.0, 1), ("b", 0, 2.0, 2)]
    first = store.write(readings(spark, rows), group)
    spark.sql(f"UPDATE delta.`{group.offline}` SET mean = 9.0 WHERE house = 'a'")
    again = store.write(readings(spark, rows), group)
    assert (again.appended, again.unchanged, again.corrected) == (1, 1, 1)
    assert (first.foreign, again.foreign) == (0, 1)
    assert online(store, group) == {"a": (0, 1.0, 1), "b": (0, 2.0, 2)}
    # Also when that went online long ago, and the other way round.
    spark.sql(f"UPDATE delta.`{group.offline}` SET mean = 7.0 WHERE house = 'b'")
    store.retry(group)
    assert store.write(readings(spark, [("a", 0, 1.0, 1), ("b", 0, 7.0, 2)]), group).appended == 0
    assert store.write(readings(spark, rows), group).appended == 1
    assert agree(store, group)


def test_rows_deleted_from_the_table_by_others_leave_the_online_store(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    store.write(readings(spark, [("a", 0, 1.0, 1), ("a", 1, 2.0, 2), ("b", 0, 3.0, 3), ("c", 0, 4.0, 4)]), group)
    spark.sql(f"DELETE FROM delta.`{group.offline}` WHERE house = 'b' OR day = DATE'{day(1)}'")
    receipt = store.retry(group)
    assert online(store, group) == {"a": (0, 1.0, 1), "c": (0, 4.0, 4)}
    assert (receipt.operation, receipt.deleted, receipt.written) == ("retry", 1, 1)
    assert any("DELETE" in note for note in receipt.notes)

    # A write takes up what it finds.
    spark.sql(f"DELETE FROM delta.`{group.offline}` WHERE house = 'c'")
    store.write(readings(spark, [("a", 1, 5.0, 5)]), group)
    assert online(store, group) == {"a": (1, 5.0, 5)}
    assert agree(store, group)


def test_a_row_that_was_deleted_stays_away_though_a_slower_writer_brings_it_after_every_key_was_written(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    first = store.write(readings(spark, [("a", 0, 1.0, 1), ("b", 0, 3.0, 3)]), group)
    spark.sql(f"DELETE FROM delta.`{group.offline}` WHERE house = 'b'")
    # As if none of it had been online yet.
    store.cql.define(f"TRUNCATE {group.online}")
    store.materialize(group)
    late = f"('b', '{day(0)}', 3.0, 3) USING TIMESTAMP {first.write_timestamp_us}"
    store.cql.execute(f"INSERT INTO {group.online} (house, day, mean, peak) VALUES {late}")
    assert online(store, group) == {"a": (0, 1.0, 1)}


def foreign_append(spark: SparkSession, group: FeatureGroup, metadata: str) -> None:
    """Another writer's append of two rows of a key without the internal columns."""
    rows = readings(spark, [("z", 1, 4.0, 4), ("z", 2, 5.0, 5)]).selectExpr(
        "*", "cast(null as bigint) AS _created_us", "cast(null as bigint) AS _row_hash"
    )
    rows.write.format("delta").mode("append").option("userMetadata", metadata).save(group.offline)


def test_rows_of_a_writer_whose_words_look_like_ours_go_online(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    foreign_append(spark, group, '{"run": "nightly", "created_us": 1}')
    receipt = store.retry(group)
    assert online(store, group)["z"] == (2, 5.0, 5)
    assert receipt.resumed == ()


def test_rows_without_internal_columns_go_online_though_their_commit_speaks_as_ours(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    foreign_append(spark, group, '{"twinstore": {"run": "forged", "created_us": 1}}')
    store.retry(group)
    assert online(store, group)["z"] == (2, 5.0, 5)


def test_nothing_goes_online_when_the_offline_store_does_not_give_every_row_that_is_due(
    spark: SparkSession, store: Store, group: FeatureGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    foreign_append(spark, group, "{}")
    with monkeypatch.context() as patch:
        patch.setattr(gap, "rows_of", lambda *arguments: rows_of(*arguments).limit(0))
        with pytest.raises(TwinstoreError, match="Of 1 row due") as refused:
            store.retry(group)
    assert refused.value.code == "internal"
    assert set(online(store, group)) == {"a"}
    store.retry(group)
    assert set(online(store, group)) == {"a", "z"}


def test_what_breaks_a_write_off_is_one_error_with_the_addresses(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    rows = readings(spark, [("a", 0, 1.0, 1)]).withColumn("peak", sf.raise_error("no peak").cast("int"))
    with pytest.raises(TwinstoreError) as broken:
        store.write(rows, group)
    assert group.offline in broken.value.message and group.online in broken.value.message
    assert "no peak" in broken.value.details


def test_the_preflight_is_done_again_only_after_a_commit(
    spark: SparkSession, store: Store, group: FeatureGroup, settings: Settings
) -> None:
    store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    twins = store.twins(store.definition(group))
    ready = check(twins, settings)
    assert check_again(twins, settings, ready) is ready
    spark.sql(f"ALTER TABLE delta.`{group.offline}` SET TBLPROPERTIES ('team' = 'demand')")
    assert check_again(twins, settings, ready) is not ready


def test_a_restore_brings_the_older_rows_online_again(spark: SparkSession, store: Store, group: FeatureGroup) -> None:
    first = store.write(readings(spark, [("a", 0, 1.0, 1), ("b", 0, 3.0, 3)]), group)
    for version in (-1, 999):
        with pytest.raises(TwinstoreError, match=f"has no version {version}. Choose one from 0 to {first.version}"):
            store.offline(group, version=version)
    store.write(readings(spark, [("a", 1, 2.0, 2), ("c", 1, 4.0, 4)]), group)
    spark.sql(f"RESTORE TABLE delta.`{group.offline}` TO VERSION AS OF {first.version}")
    store.retry(group)
    assert online(store, group) == {"a": (0, 1.0, 1), "b": (0, 3.0, 3)}


def test_optimize_makes_no_key_due(spark: SparkSession, store: Store, group: FeatureGroup) -> None:
    store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    store.write(readings(spark, [("b", 1, 1.0, 1)]), group)
    spark.sql(f"OPTIMIZE delta.`{group.offline}`")
    receipt = store.retry(group)
    assert (receipt.written, receipt.deleted, receipt.kept) == (0, 0, True)
    assert store.retry(group).gap.empty


def test_every_key_is_written_when_files_of_the_gap_are_gone(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    store.write(readings(spark, [("a", 0, 1.0, 1), ("b", 0, 2.0, 2)]), group)
    spark.sql(f"DELETE FROM delta.`{group.offline}` WHERE house = 'a'")
    for changed in (Path(group.offline) / "_change_data").glob("*.parquet"):
        changed.unlink()
    for commit in sorted((Path(group.offline) / "_delta_log").glob("*.json"))[-1:]:
        assert "DELETE" in commit.read_text()
    files_before = set(Path(group.offline).glob("*.parquet"))
    spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    spark.sql(f"VACUUM delta.`{group.offline}` RETAIN 0 HOURS")
    assert set(Path(group.offline).glob("*.parquet")) < files_before
    store.retry(group)
    assert online(store, group) == {"b": (0, 2.0, 2)}


def test_materialize_writes_every_row_again_at_a_fresh_time(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    first = store.write(readings(spark, [("a", 0, 1.0, 1), ("b", 0, 2.0, 2)]), group)
    store.cql.execute(f"UPDATE {group.online} SET mean = 99.0 WHERE house = 'a'")
    store.cql.execute(f"INSERT INTO {group.online} (house, mean) VALUES ('ghost', 1.0)")
    receipt = store.materialize(group)
    assert receipt.write_timestamp_us > first.write_timestamp_us
    assert (receipt.written, receipt.deleted) == (2, 1)
    assert agree(store, group)


def test_a_missing_online_table_is_made_and_filled_again(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    store.write(readings(spark, [("a", 0, 1.0, 1), ("b", 0, 2.0, 2)]), group)
    store.cql.execute(f"DROP TABLE {group.online}")
    receipt = store.write(readings(spark, [("b", 1, 3.0, 3)]), group)
    assert receipt.written == 2
    assert agree(store, group)


def test_rows_expire_by_their_event_time(spark: SparkSession, store: Store, make_group: MakeGroup) -> None:
    group = make_group(event_timestamp="at", ttl="1h")
    now = datetime.datetime.now(datetime.timezone.utc)
    ages = {"fresh": datetime.timedelta(minutes=1), "old": datetime.timedelta(hours=2)}
    schema = "house string, at timestamp, mean double"
    receipt = store.write(spark.createDataFrame([(h, now - age, 1.0) for h, age in ages.items()], schema), group)
    assert (receipt.written, receipt.expired) == (1, 1)
    assert [row.house for row in store.online(group).collect()] == ["fresh"]
    left = store.cql.rows(f"SELECT JSON ttl(mean) AS left FROM {group.online} WHERE house = 'fresh'")[0]["left"]
    assert 59 * 60 - 120 < left <= 59 * 60
    # A correction of the row that expired does not revive it, and one of the fresh row keeps its expiry.
    store.write(
        spark.createDataFrame([("old", now - ages["old"], 2.0), ("fresh", now - ages["fresh"], 2.0)], schema), group
    )
    assert [(row.house, row.mean) for row in store.online(group).collect()] == [("fresh", 2.0)]


def test_a_null_key_fails_the_append_as_a_whole(spark: SparkSession, store: Store, group: FeatureGroup) -> None:
    with pytest.raises(TwinstoreError, match="null in house or day"):
        store.write(readings(spark, [("a", 0, 1.0, 1), (None, 0, 1.0, 1)]), group)
    assert history(store, group) == 0
    store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    with pytest.raises(TwinstoreError, match="1 of 2 rows had a null"):
        store.write(readings(spark, [("b", 0, 1.0, 1), (None, 0, 1.0, 1)]), group)
    assert history(store, group) == 1


def test_rows_that_can_never_be_written_are_set_aside(spark: SparkSession, store: Store, group: FeatureGroup) -> None:
    receipt = store.write(readings(spark, [("a", 0, 1.0, 1), ("", 0, 1.0, 1), ("x" * 70_000, 0, 1.0, 1)]), group)
    assert (receipt.written, receipt.failed, receipt.kept) == (1, 2, True)
    failed = spark.read.format("delta").load(f"{group.offline}/_twinstore/failed_rows").collect()
    assert {row.reason for row in failed} == {"the key is empty or too long"}
    assert {row.run_id for row in failed} == {receipt.run_id}


def test_a_row_that_the_server_would_refuse_for_its_size_stops_no_other(
    spark: SparkSession, settings: Settings, group: FeatureGroup
) -> None:
    # The stack's Cassandra takes 8 MiB.
    small = Store(spark, dataclasses.replace(settings, max_row_bytes=2**20), silent)
    rows = readings(spark, [("a", 0, 1.0, 1), ("b", 0, 2.0, 2)])
    text = sf.when(sf.col("house") == "a", sf.repeat(sf.lit("x"), 9 * 2**20)).otherwise("x")
    receipt = small.write(rows.withColumn("text", text), group)
    assert (receipt.written, receipt.failed, receipt.kept) == (1, 1, True)
    (failed,) = spark.read.format("delta").load(f"{group.offline}/_twinstore/failed_rows").collect()
    assert (failed.key, failed.reason) == ('{"house":"a"}', "the row is larger than 1048576 bytes")


def test_a_dry_run_tells_and_writes_nothing(spark: SparkSession, store: Store, group: FeatureGroup) -> None:
    plan = store.write(readings(spark, [("a", 1, 1.0, 1)]), group, dry_run=True)
    assert (plan.rows_in, plan.appended, plan.written, plan.kept) == (1, 1, 1, False)
    assert not Path(group.offline).exists()
    store.write(readings(spark, [("a", 1, 1.0, 1), ("b", 1, 1.0, 1)]), group)
    late_corrected_and_new = [("a", 0, 2.0, 2), ("b", 1, 9.0, 9), ("c", 0, 1.0, 1), ("c", 1, 1.0, 1)]
    rows = readings(spark, [("a", 1, 1.0, 1), *late_corrected_and_new])
    plan = store.write(rows, group, dry_run=True)
    assert history(store, group) == 2
    done = store.write(rows, group)
    counts = ("rows_in", "appended", "unchanged", "late", "corrected", "superseded", "written", "foreign")
    assert {name: getattr(plan, name) for name in counts} == {name: getattr(done, name) for name in counts}
    assert (plan.appended, plan.unchanged, plan.late, plan.corrected, plan.superseded) == (4, 1, 1, 1, 1)
    # What is not online yet goes there, too.
    store.write(readings(spark, [("e", 1, 1.0, 1)]), group, propagate=False)
    plan = store.write(readings(spark, [("f", 1, 1.0, 1)]), group, dry_run=True)
    assert any("goes online with it" in note for note in plan.notes)


def test_a_table_of_others_is_adopted_with_all_its_rows(spark: SparkSession, store: Store, group: FeatureGroup) -> None:
    readings(spark, [("a", 0, 1.0, 1), ("a", 1, 2.0, 2), ("b", 0, 3.0, 3)]).write.format("delta").save(group.offline)
    rows = readings(spark, [("a", 1, 5.0, 5), ("c", 1, 4.0, 4)])
    plan = store.write(rows, group, dry_run=True)
    assert (plan.rows_in, plan.appended) == (2, 2)
    receipt = store.write(rows, group)
    assert online(store, group) == {"a": (1, 5.0, 5), "b": (0, 3.0, 3), "c": (1, 4.0, 4)}
    assert (receipt.corrected, receipt.gap.from_version) == (1, -1)
    assert any("adopted" in note for note in receipt.notes)
    with pytest.raises(TwinstoreError, match="null in"):
        store.write(readings(spark, [(None, 2, 1.0, 1)]), group)


def test_a_constraint_that_lets_nulls_into_a_key_is_replaced(
    spark: SparkSession, store: Store, make_group: MakeGroup
) -> None:
    group = make_group(keys=["house", "peak"])
    readings(spark, [("a", 0, 1.0, 1)]).write.format("delta").save(group.offline)
    spark.sql(f"ALTER TABLE delta.`{group.offline}` ADD CONSTRAINT twinstore_not_null CHECK (house IS NOT NULL)")
    readings(spark, [("b", 0, 1.0, None)]).write.format("delta").mode("append").save(group.offline)
    rows = readings(spark, [("c", 0, 1.0, 1)])
    with pytest.raises(TwinstoreError, match="have a null in house or peak or day"):
        store.write(rows, group)
    spark.sql(f"DELETE FROM delta.`{group.offline}` WHERE peak IS NULL")
    store.write(rows, group)
    head = store.versions(group)
    assert store.retry(group).gap.empty
    with pytest.raises(Exception, match="peak"):
        readings(spark, [("b", 0, 1.0, None)]).write.format("delta").mode("append").save(group.offline)
    assert store.versions(group) == head
    # What somebody dropped comes back, and finds what came meanwhile.
    spark.sql(f"ALTER TABLE delta.`{group.offline}` DROP CONSTRAINT twinstore_not_null")
    foreign = readings(spark, [("b", 0, 1.0, None)])
    foreign.write.format("delta").mode("append").save(group.offline)
    with pytest.raises(TwinstoreError, match="have a null in house or peak or day"):
        store.retry(group)


def test_a_table_of_others_with_nulls_in_its_keys_is_refused_unchanged(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    readings(spark, [("a", 0, 1.0, 1), (None, 0, 3.0, 3)]).write.format("delta").save(group.offline)
    with pytest.raises(TwinstoreError, match="have a null in house or day"):
        store.write(readings(spark, [("a", 1, 5.0, 5)]), group)
    assert spark.sql(f"DESCRIBE HISTORY delta.`{group.offline}`").count() == 1


def test_of_records_that_look_alike_every_reader_takes_the_same(
    spark: SparkSession, store: Store, group: FeatureGroup
) -> None:
    store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
    # A correction by hand that keeps what only twinstore may set.
    rows = spark.read.format("delta").load(group.offline)
    for mean in (2.0, 3.0):
        rows.withColumn("mean", sf.lit(mean)).write.format("delta").mode("append").save(group.offline)
    store.retry(group)
    first = online(store, group)
    for _ in range(2):
        spark.sql(f"OPTIMIZE delta.`{group.offline}`")
        assert store.parity(group, how="full").verdict == "in_parity"
        store.materialize(group)
        assert online(store, group) == first


def test_both_stores_read_back_with_the_same_types(spark: SparkSession, store: Store, make_group: MakeGroup) -> None:
    group = make_group(
        keys=["house", "meter"], event_timestamp="at", exact=["at", "seen"], nested={"tags": "json", "list": "frozen"}
    )
    rows = spark.sql(
        "SELECT 'ä\"\\'' AS house, 7L AS meter, timestamp'2014-01-01 00:00:00.123456' AS at, "
        "timestamp_ntz'1850-06-01 12:00:00.000001' AS seen, cast(12.340 as decimal(20,3)) AS amount, "
        "cast('NaN' as double) AS odd, date'0001-01-01' AS first, x'00FF' AS raw, cast(1 as tinyint) AS tiny, "
        "timestamp'2014-01-01 00:00:00.123456' AS rounded, map('b', 1, 'a', null) AS tags, array(1, 2) AS list, "
        "true AS flag, cast(null as float) AS nothing"
    )
    store.write(rows, group)
    ours, theirs = store.online(group), store.offline(group, latest=True)
    assert [(f.name, f.dataType) for f in ours.schema] == [(f.name, f.dataType) for f in theirs.schema]
    one, other = ours.collect()[0].asDict(), theirs.collect()[0].asDict()
    rounded = other["rounded"].replace(microsecond=123_000)
    assert str(one) == str({**other, "rounded": rounded})
    assert store.online(group, [("ä\"'", 7)]).count() == 1
    assert store.online(group, [{"house": "x", "meter": 7}]).count() == 0
