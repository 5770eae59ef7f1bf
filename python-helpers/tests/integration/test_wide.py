"""Groups of several online tables: written, read, proved and mended as one."""

from __future__ import annotations

import dataclasses
import json
import signal
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as sf

from twinstore.config import Settings
from twinstore.errors import TwinstoreError
from twinstore.feature_group import FeatureGroup
from twinstore.progress import silent
from twinstore.store import Store

from .conftest import MakeGroup
from .readings import agree
from .test_faults import start

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

NOW = datetime.fromtimestamp(int(datetime.now().timestamp()), timezone.utc)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def wide(spark: SparkSession, features: int, *rows: tuple[str, datetime, float | None]) -> DataFrame:
    """Rows (house, time, value) with as many features, each of which has the value and its own number added."""
    frame = spark.createDataFrame(list(rows), "house string, at timestamp, value double")
    return frame.select("house", "at", *((sf.col("value") + n).alias(f"f{n}") for n in range(features)))


def features(*numbers: int) -> list[str]:
    return [f"f{n}" for n in range(*numbers)]


@pytest.fixture
def three(make_group: MakeGroup) -> Callable[..., FeatureGroup]:
    """Makes groups of six features in three tables."""

    def make(**options: Any) -> FeatureGroup:
        group = make_group(event_timestamp="at", **options)
        split = {f"{group.name}_2": ["f2", "f3"], f"{group.name}_3": ["f4", "f5"]}
        return dataclasses.replace(group, split=split)

    return make


def commits(store: Store, group: FeatureGroup, house: str) -> list[int | None]:
    """The commit of a house's row in each table; None for no row."""
    found: list[int | None] = []
    for table in (group.online, *(f"feature_store.{name}" for name in group.split)):
        rows = store.cql.rows(f"SELECT JSON \"_commit_version\" FROM {table} WHERE house = '{house}'")
        found.append(next(iter(rows[0].values())) if rows else None)
    return found


@pytest.mark.parametrize(
    ("columns", "most", "ttl"),
    [
        (300, 223, None),
        *(
            pytest.param(*each, marks=pytest.mark.deep)
            for each in ((300, 223, "400d"), (400, 164, None), (400, 164, "400d"))
        ),
    ],
)
def test_wide_groups_are_written_read_and_proved_as_one(
    spark: SparkSession, store: Store, make_group: MakeGroup, columns: int, most: int, ttl: str | None
) -> None:
    group = make_group(event_timestamp="at", ttl=ttl)
    starts = range(most, columns, most)
    split = {f"{group.name}_{n}": features(first, min(first + most, columns)) for n, first in enumerate(starts, 2)}
    group = dataclasses.replace(group, split=split)
    receipt = store.write(wide(spark, columns, ("a", NOW - DAY, 1.0), ("b", NOW - DAY, None)), group)
    assert (receipt.written, receipt.kept) == (2, True)
    assert store.definition(group).group().split == {table: tuple(names) for table, names in split.items()}
    assert store.write(wide(spark, columns, ("a", NOW, 2.0)), group).written == 1
    (row,) = store.online(group, ["a"]).collect()
    assert [row[name] for name in features(columns)] == [2.0 + n for n in range(columns)]
    assert agree(store, group)
    report = store.parity(group, how="full")
    assert (report.verdict, report.states["match"]) == ("in_parity", 2)
    last = f"feature_store.{list(split)[-1]}"
    (kept,) = store.cql.rows(f"SELECT JSON ttl(f{columns - 1}) AS left FROM {last} WHERE house = 'a'")
    assert (kept["left"] is None) == (ttl is None)


def test_a_changed_proof_looks_up_the_keys_in_every_table(
    spark: SparkSession, store: Store, three: Callable[..., FeatureGroup]
) -> None:
    group = three()
    store.write(wide(spark, 6, *((f"h{n}", NOW - DAY, float(n)) for n in range(20))), group)
    assert store.parity(group).verdict == "in_parity"
    store.write(wide(spark, 6, ("h1", NOW, 7.0), ("new", NOW, None)), group)
    report = store.parity(group, how="changed")
    assert (report.verdict, report.coverage.how, report.coverage.keys_compared) == ("in_parity", "changed", 2)
    store.write(wide(spark, 6, ("h2", NOW, 7.0)), group)
    store.cql.execute(f"DELETE FROM feature_store.{group.name}_3 WHERE house = 'h2'")
    (offender,) = store.parity(group, how="changed").found
    assert f"not in feature_store.{group.name}_3" in offender.reason


@pytest.mark.parametrize("ttl", [None, "400d"])
def test_damage_in_one_table_is_named_and_mended(
    spark: SparkSession, store: Store, three: Callable[..., FeatureGroup], ttl: str | None
) -> None:
    group = three(ttl=ttl)
    rows = [(f"h{n}", NOW - DAY, float(n)) for n in range(6)]
    store.write(wide(spark, 6, *rows, ("empty", NOW - DAY, None)), group)
    second, third = (f"feature_store.{name}" for name in group.split)
    store.cql.execute(f"UPDATE {second} SET f3 = 99.5 WHERE house = 'h1'")
    store.cql.execute(f"UPDATE {third} SET f4 = null WHERE house = 'h2'")
    store.cql.execute(f"DELETE FROM {third} WHERE house = 'h3'")
    store.cql.execute(f"DELETE FROM {group.online} WHERE house = 'h4'")
    # All of its values are null: nothing but the row is missing.
    store.cql.execute(f"DELETE FROM {second} WHERE house = 'empty'")
    store.cql.execute(f"INSERT INTO {third} (house, f5) VALUES ('ghost', 1)")
    report = store.parity(group)
    assert report.verdict == "out_of_parity"
    found = {each.key["house"]: each for each in report.found}
    assert {house: each.state for house, each in found.items()} == {
        **dict.fromkeys(("h1", "h2", "h3", "h4", "empty"), "mismatch"),
        "ghost": "extra_online",
    }
    assert (found["h1"].columns, found["h2"].columns) == (["f3"], ["f4"])
    assert found["h1"].reason.startswith("changed outside twinstore at")
    assert found["h3"].columns == ["f4", "f5"]
    for house, table in (("h3", third), ("h4", group.online), ("empty", second)):
        assert found[house].reason == f"its row is not in {table}: deleted outside twinstore, or lost"
    repair = store.repair(report)
    assert (repair.receipt.written, repair.receipt.deleted) == (5, 1)
    assert repair.report is not None and repair.report.verdict == "in_parity"
    assert agree(store, group)
    assert commits(store, group, "ghost") == [None, None, None]


def test_deletes_and_expiry_reach_every_table(
    spark: SparkSession, store: Store, three: Callable[..., FeatureGroup]
) -> None:
    group = three(ttl="2h")
    rows = [("gone", NOW, 1.0), ("kept", NOW, 2.0), ("old", NOW - 3 * HOUR, 3.0)]
    receipt = store.write(wide(spark, 6, *rows), group)
    assert (receipt.written, receipt.expired) == (2, 1)
    receipt = store.delete(group, ["gone"])
    assert (receipt.deleted, receipt.unconfirmed) == (1, 0)
    assert commits(store, group, "gone") == commits(store, group, "old") == [None] * 3
    assert store.parity(group).verdict == "in_parity"
    # A shorter life is a commit of its own, and every table's.
    receipt = store.write(wide(spark, 6, ("fresh", NOW, 4.0)), dataclasses.replace(group, ttl="90m"))
    head = receipt.gap.to_version
    assert (commits(store, group, "kept"), commits(store, group, "fresh")) == ([head] * 3, [head] * 3)
    report = store.parity(group)
    assert (report.verdict, report.states["match"], report.states["expired"]) == ("in_parity", 2, 1)


def test_materialize_and_lost_tables_write_every_table_again(
    spark: SparkSession, store: Store, three: Callable[..., FeatureGroup]
) -> None:
    group = three()
    store.write(wide(spark, 6, ("a", NOW - DAY, 1.0)), group)
    store.write(wide(spark, 6, ("a", NOW, 2.0), ("b", NOW, 3.0)), group)
    first = store.materialize(group, version=1)
    assert store.online(group).first() == store.offline(group, version=1, latest=True).first()
    assert commits(store, group, "a") == [first.gap.to_version] * 3 and commits(store, group, "b") == [None] * 3
    store.materialize(group)
    assert agree(store, group)
    store.cql.define(f"DROP TABLE feature_store.{group.name}_2")
    receipt = store.retry(group)
    assert any(f"The online table feature_store.{group.name}_2 was missing" in note for note in receipt.notes)
    assert agree(store, group)
    assert store.parity(group).verdict == "in_parity"


def test_features_that_come_go_into_tables_that_are_there_and_into_new_ones(
    spark: SparkSession, store: Store, three: Callable[..., FeatureGroup]
) -> None:
    group = three()
    store.write(wide(spark, 6, ("a", NOW - DAY, 1.0), ("b", NOW - DAY, 1.0)), group)
    second, fourth = f"{group.name}_2", f"{group.name}_4"
    wider = dataclasses.replace(group, split={**group.split, second: ["f2", "f3", "f6"], fourth: ["f7"]})
    receipt = store.write(wide(spark, 8, ("a", NOW, 2.0)), wider, new_features=["f6", "f7"])
    assert not any("missing" in note for note in receipt.notes)
    assert receipt.written == 2
    assert store.cql.rows(f"SELECT JSON f6 FROM feature_store.{second} WHERE house = 'a'") == [{"f6": 8.0}]
    assert commits(store, wider, "b") == [receipt.gap.to_version] * 4
    assert agree(store, wider)
    assert store.parity(wider).verdict == "in_parity"


def test_the_table_of_a_feature_stays_what_it_is(
    spark: SparkSession, store: Store, three: Callable[..., FeatureGroup]
) -> None:
    group = three()
    rows = wide(spark, 6, ("a", NOW, 1.0))
    store.write(rows, group)
    moved = dataclasses.replace(group, split={f"{group.name}_2": ["f2", "f3", "f4", "f5"]})
    with pytest.raises(TwinstoreError, match=rf"column f4 is double \(in {group.name}_2\) and was double \(in .*_3\)"):
        store.write(rows, moved)
    taken = dataclasses.replace(group, name="other", offline=f"{group.offline}_other", online=f"{group.online}_other")
    with pytest.raises(TwinstoreError, match=rf"{group.name}_2 belongs to another Delta table"):
        store.write(rows, taken)
    assert not Path(taken.offline).exists()


def test_a_proof_amid_a_write_takes_rows_between_two_tables_for_in_flight(
    spark: SparkSession, settings: Settings, store: Store, three: Callable[..., FeatureGroup]
) -> None:
    group = three()
    store.write(wide(spark, 6, ("a", NOW - DAY, 1.0), ("b", NOW - DAY, 1.0)), group)
    seen: list[tuple[str, int]] = []

    def prove_amid(step: str) -> None:
        if step == "next table":
            report = store.parity(group)
            seen.append((report.verdict, report.states["in_flight"]))

    Store(spark, settings, silent, prove_amid).write(wide(spark, 6, ("a", NOW, 2.0), ("new", NOW, 2.0)), group)
    assert seen == [("in_parity", 2), ("in_parity", 2)]
    assert store.parity(group).verdict == "in_parity"


def test_a_write_that_was_killed_between_two_tables_is_finished_by_running_it_again(
    spark: SparkSession, store: Store, three: Callable[..., FeatureGroup], tmp_path: Path
) -> None:
    group = three()
    store.write(wide(spark, 6, ("a", NOW - DAY, 1.0), ("b", NOW - DAY, 2.0)), group)
    before = store.versions(group)[1]
    folder = str(tmp_path / "in")
    wide(spark, 6, ("a", NOW, 3.0), ("c", NOW, 4.0)).write.parquet(folder)
    order = json.loads(json.dumps(dataclasses.asdict(group)))
    killed = start(group=order, rows=folder, die_at="next table")
    _, errors = killed.communicate(timeout=300)
    assert killed.returncode == -signal.SIGKILL, errors[-2_000:]
    head, watermark = store.versions(group)
    assert (head, watermark) == (before + 1, before)
    assert commits(store, group, "a") == [head, before, before] and commits(store, group, "c") == [head, None, None]
    assert store.parity(group).states["in_flight"] == 2

    receipt = store.write(spark.read.parquet(folder), group)
    assert (receipt.appended, receipt.written, receipt.resumed) == (2, 2, (receipt.run_id,))
    assert commits(store, group, "a") == commits(store, group, "c") == [head] * 3
    assert agree(store, group)
    assert store.parity(group).verdict == "in_parity"
