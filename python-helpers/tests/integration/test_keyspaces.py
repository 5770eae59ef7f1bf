"""Writes and proofs on Amazon Keyspaces, by the project's fake of it: nothing here reaches AWS."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as sf

from twinstore.config import Settings
from twinstore.dialect import quote_text
from twinstore.errors import TwinstoreError, WriteUnconfirmed
from twinstore.feature_group import FeatureGroup
from twinstore.keyspaces import table_problems
from twinstore.lease import Lease
from twinstore.problem import Problem
from twinstore.progress import silent
from twinstore.store import Store
from twinstore.twins import Twins

from .keyspaces import FakeKeyspaces, fake_keyspaces
from .readings import agree, day, online, readings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

MakeStore = Callable[..., Store]


@pytest.fixture(scope="module")
def keyspaces() -> Iterator[FakeKeyspaces]:
    with fake_keyspaces(nodes=3) as fake:
        yield fake


@pytest.fixture(scope="module")
def settings_of(settings: Settings) -> Callable[..., dict[str, Any]]:
    """Settings for a fake; `online` adds to its store, `budgets` to the budgets."""

    def make(fake: FakeKeyspaces, budgets: dict[str, Any] | None = None, **online: Any) -> dict[str, Any]:
        store = {"dialect": "keyspaces", "hosts": fake.hosts[:1], "datacenter": fake.region, **online}
        return {"name": "fake", "stores": {"offline": {}, "online": store}, "budgets": budgets or {}}

    return make


@pytest.fixture(scope="module")
def store(spark: SparkSession, keyspaces: FakeKeyspaces, settings_of: Callable[..., dict[str, Any]]) -> Store:
    # A session of its own: the configurations of the stack's store stay as they are.
    return Store(spark.newSession(), settings_of(keyspaces), silent)


@pytest.fixture
def make_group(tmp_path: Path) -> Callable[..., FeatureGroup]:
    def make(**options: Any) -> FeatureGroup:
        name = f"t{uuid.uuid4().hex[:12]}"
        declared: dict[str, Any] = {
            "name": name,
            "keys": ["house"],
            "event_timestamp": "day",
            "offline": str(tmp_path / name),
            "online": f"features.{name}",
        }
        return FeatureGroup(**{**declared, **options})

    return make


@pytest.fixture
def group(make_group: Callable[..., FeatureGroup]) -> FeatureGroup:
    return make_group()


def test_a_group_is_written_and_proved(store: Store, group: FeatureGroup) -> None:
    rows = [("a", 0, 1.0, 1), ("a", 1, 2.0, None), ("b", 0, None, 3)]
    receipt = store.write(readings(store.spark, rows), group)
    assert online(store, group) == {"a": (1, 2.0, None), "b": (0, None, 3)}
    assert (receipt.written, receipt.kept) == (2, True)
    assert store.online(group, ["a"]).count() == 1
    assert store.online(group).count() == 2
    assert store.parity(group).verdict == "in_parity"
    assert agree(store, group)


def aged(spark: SparkSession, group: FeatureGroup, days: int) -> None:
    """Makes every commit of the group's table as many days older."""
    log = Path(group.offline) / "_delta_log"
    for commit in log.glob("*.json"):
        actions = [json.loads(line) for line in commit.read_text().splitlines()]
        for action in actions:
            if "commitInfo" in action:
                action["commitInfo"]["inCommitTimestamp"] -= days * 86_400_000
        commit.write_text("".join(f"{json.dumps(action)}\n" for action in actions))
    for checksum in {*log.glob("*.crc"), *log.glob(".*.crc")}:
        checksum.unlink()
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]


def test_commits_older_than_a_write_timestamp_may_be_get_a_fresh_stamp(store: Store, group: FeatureGroup) -> None:
    def stop(step: str) -> None:
        if step == "propagate":
            raise TwinstoreError("aborted", "The writer was stopped.", "")

    broken = Store(store.spark, store.settings, silent, stop)
    with pytest.raises(TwinstoreError, match="was stopped"):
        broken.write(readings(store.spark, [("a", 0, 1.0, 1), ("b", 0, 2.0, 2)]), group)
    aged(store.spark, group, days=3)
    head, _ = store.versions(group)
    receipt = store.retry(group)
    assert (receipt.gap.to_version, receipt.written) == (head + 1, 2)
    assert online(store, group) == {"a": (0, 1.0, 1), "b": (0, 2.0, 2)}
    assert store.parity(group).verdict == "in_parity"
    assert "online already" in store.retry(group).notes[-1]
    assert store.versions(group) == (head + 1, head + 1)


def wide(spark: SparkSession, features: int, day_number: int = 0) -> DataFrame:
    """One reading of that many features."""
    return readings(spark, [("a", day_number, 1.0, 1)]).select(
        "house", "day", *(sf.lit(float(n)).alias(f"f{n}") for n in range(features))
    )


def split_of(remedy: str) -> dict[str, list[str]]:
    """The declaration that a remedy names, as one would copy it."""
    found = re.search(r"split=(\{.*\})", remedy)
    assert found is not None
    split: dict[str, list[str]] = ast.literal_eval(found[1])
    return split


@pytest.mark.parametrize(("ttl", "most"), [(None, 223), ("7000d", 164)])
def test_as_many_features_as_a_statement_takes_are_written_and_more_as_the_refusal_proposes(
    store: Store, make_group: Callable[..., FeatureGroup], ttl: str | None, most: int
) -> None:
    fits, too_wide = make_group(ttl=ttl), make_group(ttl=ttl)
    assert store.write(wide(store.spark, most), fits).written == 1
    with pytest.raises(TwinstoreError, match=f"{most + 3} columns beside its key") as raised:
        store.write(wide(store.spark, most + 1), too_wide)
    assert not Path(too_wide.offline).exists()
    assert split_of(raised.value.remedy) == {f"{too_wide.name}_2": [f"f{most}"]}
    # Each further table has room for one more: the event time is in the first alone.
    columns = most + (most + 1) + 2
    with pytest.raises(TwinstoreError, match=f"{columns + 2} columns beside its key") as raised:
        store.write(wide(store.spark, columns), too_wide)
    split = split_of(raised.value.remedy)
    assert [len(names) for names in split.values()] == [most + 1, 2]
    divided = dataclasses.replace(too_wide, split=split)
    assert store.write(wide(store.spark, columns), divided).written == 1
    for table, name in zip((too_wide.name, *split), ("f0", f"f{most}", f"f{columns - 1}")):
        (row,) = store.cql.rows(f"SELECT JSON {name} FROM features.{table}")
        assert row == {name: float(name[1:])}
    # One more feature than its table has room for.
    second = next(iter(split))
    fuller = dataclasses.replace(divided, split={**split, second: [*split[second], f"f{columns}"]})
    with pytest.raises(TwinstoreError, match=f"{second} of .* has {most + 3} columns beside its key") as raised:
        store.write(wide(store.spark, columns + 1, 1), fuller, new_features=f"f{columns}")
    assert split_of(raised.value.remedy) == {**split, f"{too_wide.name}_4": [f"f{columns}"]}


def test_cost_and_time_count_every_table(
    store: Store, make_group: Callable[..., FeatureGroup], settings_of: Callable[..., dict[str, Any]], keyspaces: Any
) -> None:
    group = make_group()
    group = dataclasses.replace(group, split={f"{group.name}_2": ["mean"], f"{group.name}_3": ["peak"]})
    budgets = {"online_rows_per_second": 2}
    budgeted = Store(store.spark.newSession(), settings_of(keyspaces, budgets=budgets), silent)
    rows = readings(store.spark, [(f"h{n}", 0, float(n), n) for n in range(10)])
    (note,) = [note for note in budgeted.write(rows, group, dry_run=True).notes if "write units" in note]
    assert "about 30 write units" in note and "at least 15 s at 2 rows a second" in note


def test_everything_that_keyspaces_refuses_is_named_at_once(
    store: Store, group: FeatureGroup, settings_of: Callable[..., dict[str, Any]]
) -> None:
    with fake_keyspaces(rules={"partitioner": "com.amazonaws.cassandra.DefaultPartitioner"}) as fake:
        # Keyspaces of another name than the group's.
        elsewhere = dataclasses.replace(group, online="nowhere.readings")
        strict = Store(store.spark.newSession(), settings_of(fake, consistency="QUORUM"), silent)
        # At another level nothing can be asked, so that what needs an answer is told by a store that asks right.
        with pytest.raises(TwinstoreError, match="does not read at QUORUM"):
            strict.write(wide(store.spark, 2), elsewhere)
        with pytest.raises(TwinstoreError) as raised:
            Store(store.spark.newSession(), settings_of(fake), silent).write(wide(store.spark, 224), elsewhere)
    for part in ("226 columns", "no keyspace nowhere", "DefaultPartitioner", "SingleRegionStrategy"):
        assert part in str(raised.value)
    assert not Path(group.offline).exists()


def test_properties_that_a_table_lacks_are_named_with_what_enables_them(store: Store, group: FeatureGroup) -> None:
    rows = readings(store.spark, [("a", 0, 1.0, 1)])
    store.write(rows, group)
    # A time to live that comes later.
    expiring = dataclasses.replace(group, ttl="7000d")
    with pytest.raises(TwinstoreError, match="has ttl off") as raised:
        store.write(rows, expiring)
    store.cql.define_table("features", group.name, raised.value.remedy.partition(". It cannot")[0])
    assert store.write(readings(store.spark, [("a", 1, 2.0, 2)]), expiring).written == 1
    assert store.parity(group).verdict == "in_parity"


def test_client_side_timestamps_that_a_table_lacks_are_named(store: Store, group: FeatureGroup) -> None:
    store.write(readings(store.spark, [("a", 0, 1.0, 1)]), group)
    # The same group with an online table that others made: its comment says whose it is.
    other = f"t{uuid.uuid4().hex[:12]}"
    described = store.cql.table("features", group.name)
    assert described is not None
    columns = 'house text PRIMARY KEY, day date, mean double, peak int, "_commit_version" bigint'
    store.cql.define_table(
        "features",
        other,
        f"CREATE TABLE features.{other} ({columns}) WITH comment = {quote_text(described['comment'])}",
    )
    twins = store.twins(dataclasses.replace(store.definition(group), online=f"features.{other}"))
    (problem,) = problems_of(twins)
    assert "has client_side_timestamps off" in problem.message
    store.cql.define_table("features", other, problem.remedy.partition(". It cannot")[0])
    assert problems_of(twins) == []


def problems_of(twins: Twins) -> list[Problem]:
    (table,) = twins.online.tables
    shape = table.shape()
    assert shape is not None
    return list(table_problems(twins.dialect, table.definition, shape))


def test_rows_that_time_out_arrive_in_the_end_and_none_is_lost(
    spark: SparkSession, group: FeatureGroup, settings_of: Callable[..., dict[str, Any]]
) -> None:
    with fake_keyspaces(rules={"throttle": {"write_timeouts": 0.8, "kept": 0.5}}) as fake:
        store = Store(spark.newSession(), settings_of(fake), silent)
        rows = readings(spark, [(f"h{n}", 0, float(n), n) for n in range(300)])
        receipt = store.write(rows, group)
        timed_out = fake.report()["write_timeouts"]
        assert (receipt.written, receipt.unconfirmed, receipt.kept) == (300, 0, True)
        assert timed_out > 300
        store.delete(group, [f"h{n}" for n in range(40)])
        assert fake.report()["write_timeouts"] > timed_out
        assert store.parity(group).verdict == "in_parity"
        assert store.online(group).count() == 260


def test_time_outs_that_last_leave_rows_unconfirmed_and_name_the_remedy(
    spark: SparkSession, group: FeatureGroup, settings_of: Callable[..., dict[str, Any]]
) -> None:
    with fake_keyspaces() as fake:
        store = Store(spark.newSession(), settings_of(fake), silent)
        store.write(readings(spark, [("a", 0, 1.0, 1)]), group)
        fake.change(throttle={"write_timeouts": 1})
        with pytest.raises(WriteUnconfirmed, match="took fewer rows than it was sent") as raised:
            store.write(readings(spark, [("a", 1, 2.0, 2), ("b", 1, 3.0, 3)]), group)
        assert raised.value.receipt.unconfirmed == 2
        assert "budgets.online_rows_per_second" in raised.value.remedy
        assert "store.retry" in raised.value.remedy
        fake.change(throttle=None)
        assert store.retry(group).written == 2
        assert store.parity(group).verdict == "in_parity"


@pytest.mark.parametrize("dialect", ["keyspaces", "cassandra"])
def test_the_budget_holds_over_all_tasks_together(
    spark: SparkSession, group: FeatureGroup, settings_of: Callable[..., dict[str, Any]], dialect: str
) -> None:
    rate = 100
    with fake_keyspaces(dialect=dialect) as fake:
        settings = settings_of(fake, budgets={"online_rows_per_second": rate}, dialect=dialect)
        store = Store(spark.newSession(), settings, silent)
        rows = readings(spark, [(f"h{n}", 0, float(n), n) for n in range(5 * rate)])
        assert store.write(rows.repartition(4), group).written == 5 * rate
        # What was saved up before a second's beginning comes on top of what that second gives.
        assert fake.report()["peak_write_units_per_s"] <= 2 * rate
        assert store.parity(group).verdict == "in_parity"


def test_a_dry_run_tells_write_units_cost_and_time(
    spark: SparkSession,
    store: Store,
    group: FeatureGroup,
    settings_of: Callable[..., dict[str, Any]],
    keyspaces: FakeKeyspaces,
) -> None:
    rows = readings(spark, [(f"h{n}", 0, float(n), n) for n in range(250)])
    (note,) = [note for note in store.write(rows, group, dry_run=True).notes if "write units" in note]
    assert "about 250 write units" in note
    assert "at a price that the settings do not say" in note and "no budget is set" in note
    budgets = {"online_rows_per_second": 2, "write_units_price_per_million": 10_000}
    priced = Store(store.spark.newSession(), settings_of(keyspaces, budgets=budgets), silent)
    (note,) = [note for note in priced.write(rows, group, dry_run=True).notes if "write units" in note]
    assert "cost 2.50 at the price of the settings" in note
    assert "at least 2 minutes 5 s at 2 rows a second" in note


def test_a_row_that_is_too_large_is_set_aside_by_name(store: Store, make_group: Callable[..., FeatureGroup]) -> None:
    group = make_group()
    rows = store.spark.range(2).select(
        sf.concat(sf.lit("h"), "id").alias("house"),
        sf.lit(day(0)).alias("day"),
        sf.expr("repeat('x', int(id) * 1048576)").alias("text"),
    )
    receipt = store.write(rows, group)
    assert (receipt.written, receipt.failed) == (1, 1)
    twins = store.twins(store.definition(group))
    failed = twins.ledger.read("failed_rows")
    assert failed is not None and [row.reason for row in failed.collect()] == ["the row is larger than 1048576 bytes"]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, str]]:
    """Makes a certificate for a host, and an authority that signed it among others: {cert, key, ca}."""
    folder = tmp_path_factory.mktemp("certificates")

    def run(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

    def make(host: str) -> dict[str, str]:
        for name in ("authority", "another"):
            subject = ("-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE")
            run(
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-keyout",
                f"{name}.key",
                "-out",
                f"{name}.pem",
                *subject,
            )
        run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "host.key", "-out", "host.csr", "-subj", f"/CN={host}")
        (folder / "names").write_text(f"subjectAltName=DNS:{host}")
        signed = ("-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial", "-extfile", "names")
        run("x509", "-req", "-in", "host.csr", "-out", "host.pem", "-days", "2", *signed)
        bundle = folder / "bundle.pem"
        bundle.write_text((folder / "another.pem").read_text() + (folder / "authority.pem").read_text())
        return {"cert": str(folder / "host.pem"), "key": str(folder / "host.key"), "ca": str(bundle)}

    return make


def test_a_password_and_a_bundle_of_authorities_open_an_encrypted_store_whose_name_is_right(
    spark: SparkSession,
    group: FeatureGroup,
    settings_of: Callable[..., dict[str, Any]],
    certificates: Callable[[str], dict[str, str]],
    tmp_path: Path,
) -> None:
    login = {"username": "writer-at-1", "password": "sesame-keyspaces"}
    (tmp_path / "login.json").write_text(json.dumps(login))
    (tmp_path / "login.json").chmod(0o600)
    for host in ("localhost", "elsewhere.example"):
        made = certificates(host)
        with fake_keyspaces(
            nodes=3, accounts={"password": login}, tls={"cert": made["cert"], "key": made["key"]}
        ) as fake:
            online = {"hosts": [f"localhost:{fake.port}"], "tls": True, "ca": made["ca"]}
            credentials = {"file": str(tmp_path / "login.json")}
            store = Store(spark.newSession(), settings_of(fake, credentials=credentials, **online), silent)
            if host == "localhost":
                assert store.write(readings(spark, [("a", 0, 1.0, 1)]), group).written == 1
                assert store.parity(group).verdict == "in_parity"
                assert "sesame" not in str(spark.sparkContext.getConf().getAll())
            else:
                with pytest.raises(TwinstoreError, match="did not carry out"):
                    store.parity(group)


def test_signed_logins_without_the_plug_in_are_refused_with_its_coordinates(
    spark: SparkSession, keyspaces: FakeKeyspaces, settings_of: Callable[..., dict[str, Any]]
) -> None:
    with pytest.raises(TwinstoreError, match="SigV4AuthProvider is not on Spark's class path") as raised:
        Store(spark.newSession(), settings_of(keyspaces, sigv4=True), silent)
    assert "software.aws.mcs:aws-sigv4-auth-cassandra-java-driver-plugin" in raised.value.remedy


def test_the_lease_is_one_writers_at_a_time(store: Store) -> None:
    with Lease(store.cql, "features", "s3a://b/t", "one").held("run", silent, lambda step: None) as lease:
        lease.check()
        assert lease.holder() == "one"
        other = Lease(store.cql, "features", "s3a://b/t", "two")

        def stop(step: str) -> None:
            raise TwinstoreError("aborted", f"Stopped waiting for the {step}.", "")

        with pytest.raises(TwinstoreError, match="Stopped waiting"), other.held("run", silent, stop):
            pytest.fail("Two hold the lease.")
    assert lease.holder() is None


def test_a_feature_that_comes_later_reaches_every_row(store: Store, group: FeatureGroup) -> None:
    rows = readings(store.spark, [("a", 0, 1.0, 1), ("b", 0, 2.0, 2)])
    store.write(rows, group)
    store.write(rows.withColumn("low", sf.lit(0.5)), group, new_features="low")
    assert {row.house: row.low for row in store.online(group).collect()} == {"a": 0.5, "b": 0.5}
    assert store.parity(group).verdict == "in_parity"
