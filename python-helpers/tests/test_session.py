"""A local session: what it is configured with, and where its secrets are not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from twinstore.config import OfflineStore, load_settings
from twinstore.errors import TwinstoreError
from twinstore.feature_group import FeatureGroup
from twinstore.progress import silent
from twinstore.session import PINNED_CONF, local_conf, offline_conf, offline_secrets
from twinstore.store import Store

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SECRET = "sesame-c4n4ry"


@pytest.fixture
def settings(local_settings: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps({"access_key_id": "local-identity", "secret_access_key": SECRET}))
    file.chmod(0o600)
    return {
        "stores": {
            "offline": {"endpoint": "http://127.0.0.1:9", "path_style": True, "credentials": {"file": str(file)}},
            "online": {
                "hosts": ["127.0.0.1:1", "127.0.0.1:2"],
                "datacenter": "datacenter1",
                "consistency": "LOCAL_ONE",
            },
        },
        "spark": {**local_settings["spark"], "conf": {"spark.sql.shuffle.partitions": "3"}},
    }


def test_stores_are_configured_without_their_secrets(settings: dict[str, Any]) -> None:
    conf = local_conf(load_settings(settings))
    assert conf["spark.hadoop.fs.s3a.endpoint"] == "http://127.0.0.1:9"
    assert conf["spark.hadoop.fs.s3a.path.style.access"] == "true"
    assert conf["spark.cassandra.connection.host"] == "127.0.0.1:1,127.0.0.1:2"
    assert conf["spark.cassandra.output.consistency.level"] == "LOCAL_ONE"
    assert conf["spark.sql.session.timeZone"] == "UTC"
    assert SECRET not in json.dumps(conf)


def test_settings_have_the_last_word(settings: dict[str, Any]) -> None:
    assert local_conf(load_settings(settings))["spark.sql.shuffle.partitions"] == "3"


def test_a_session_starts_without_a_word_and_tells_errors(local_settings: dict[str, Any]) -> None:
    script = """
import json, sys
import twinstore as ts
spark = ts.spark_session(json.loads(sys.argv[1]))
print("started", file=sys.stderr)
spark._jvm.org.apache.log4j.LogManager.getLogger("app").error("bad news")
"""
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(local_settings)], capture_output=True, text=True, timeout=60
    )
    before, _, after = done.stderr.partition("started")
    assert (before, "ERROR app: bad news" in after) == ("", True)


def test_without_an_endpoint_it_is_aws() -> None:
    assert "spark.hadoop.fs.s3a.endpoint" not in offline_conf(OfflineStore())


def test_credentials_that_lack_an_entry_are_named(settings: dict[str, Any]) -> None:
    file = Path(settings["stores"]["offline"]["credentials"]["file"])
    file.write_text(json.dumps({"access_key_id": "local-identity"}))
    with pytest.raises(TwinstoreError, match="secret_access_key"):
        offline_secrets(load_settings(settings).offline)


def test_a_folder_without_jars_is_named(settings: dict[str, Any], tmp_path: Path) -> None:
    settings["spark"]["jars"] = str(tmp_path / "nothing")
    with pytest.raises(TwinstoreError, match="nothing") as raised:
        local_conf(load_settings(settings))
    assert "`twinstore stack up`" in raised.value.remedy


PROGRAM = """
import os, subprocess, sys
from twinstore.session import spark_session
spark = spark_session(sys.argv[1])
hadoop = spark.sparkContext._jsc.hadoopConfiguration()
print("secret reached Hadoop:", hadoop.get("fs.s3a.secret.key") == os.environ["EXPECTED"])
print("one day:", spark.sql("SELECT DATE'1500-01-01'").first()[0])
print("PROCESSES")
subprocess.run(["ps", "-ww", "-eo", "args"], check=True)
spark.stop()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="ps lists processes")
def test_a_secret_reaches_spark_and_no_list_of_processes(settings: dict[str, Any]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(settings)],
        env={**os.environ, "EXPECTED": SECRET},
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    said, processes = done.stdout.split("PROCESSES", 1)
    assert "secret reached Hadoop: True" in said
    assert "one day: 1500-01-01" in said
    assert "org.apache.spark.deploy.SparkSubmit" in processes
    assert SECRET not in processes + done.stderr


def test_every_verb_sets_anew_what_values_depend_on(spark: SparkSession, local_settings: dict[str, Any]) -> None:
    store = Store(spark, local_settings, silent)
    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    spark.conf.set("spark.sql.files.ignoreMissingFiles", "true")
    with pytest.raises(TwinstoreError, match="no feature group"):
        store.online(FeatureGroup("t", keys=["k"], event_timestamp="at", offline="/nowhere", online="k.t"))
    assert {name: spark.conf.get(name) for name in PINNED_CONF} == PINNED_CONF
