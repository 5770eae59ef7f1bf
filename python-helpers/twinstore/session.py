"""A local Spark session made from the settings. On a cluster the notebook's own `spark` is used."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .config import OfflineStore, OnlineStore, Settings, SettingsLike, SparkSettings, load_settings
from .dialect import dialect_named
from .errors import TwinstoreError, from_foreign

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Name of the connector's SQL catalog in every session: `SELECT … FROM twinstore_online.<keyspace>.<table>`.
ONLINE_CATALOG = "twinstore_online"

_JAVA_OPTIONS = "spark.driver.extraJavaOptions"
_LOGGING = Path(__file__).with_name("log4j2.properties")

_EXTENSIONS = (
    "io.delta.sql.DeltaSparkSessionExtension",
    "com.datastax.spark.connector.CassandraSparkExtensions",
)

#: What every session that twinstore computes with must have, whoever made it.
PINNED_CONF = {
    "spark.sql.session.timeZone": "UTC",
    # Else dates before 1582 and timestamps before 1900 abort a write or change in a read.
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
    # Else rows of a file that is gone are no rows, which would be taken from the online store and never missed.
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.files.ignoreCorruptFiles": "false",
}


def spark_session(settings: SettingsLike = None, app_name: str = "twinstore") -> SparkSession:
    """A local session with Delta, the Cassandra connector and both stores of the settings; the running one if any.

    Raises `TwinstoreError` when there are no settings, when the folder of jars is missing, or when Spark does not
    start.
    """
    checked = load_settings(settings)
    from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession()
    if running is not None:
        return running
    _prepare_environment(checked.spark)
    builder = SparkSession.builder.appName(app_name).master("local[*]")
    for name, value in local_conf(checked).items():
        builder = builder.config(name, value)
    secrets = {**offline_secrets(checked.offline), **online_secrets(checked.online)}
    try:
        with _secret_properties(secrets):
            spark = builder.getOrCreate()
    except Exception as error:
        raise from_foreign(
            error,
            f"Spark did not start with the settings of {checked.source}.",
            "Check that Java 17 is found (`spark.java_home` in the settings, else JAVA_HOME) and see the details.",
            code="unavailable",
        ) from error
    return spark


def local_conf(settings: Settings) -> dict[str, str]:
    """Every Spark configuration of a local session except secrets."""
    cores = os.cpu_count() or 1
    logging = f"-Dlog4j2.configurationFile={_LOGGING.as_uri()}"
    return {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": settings.spark.driver_memory or _driver_memory(),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.extensions": ",".join(_EXTENSIONS),
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        # One machine: the defaults of Spark and Delta (200, 10,000 and 50) are for clusters, and VACUUM takes a minute.
        "spark.sql.shuffle.partitions": str(max(8, 4 * cores)),
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": str(max(8, 4 * cores)),
        "spark.databricks.delta.snapshotPartitions": "2",
        # A write has more plans than the default of 100 holds, so that each write would compile them again.
        "spark.sql.codegen.cache.maxEntries": "1000",
        **_class_path(settings.spark),
        **PINNED_CONF,
        **offline_conf(settings.offline),
        **online_conf(settings.online),
        **settings.spark.conf,
        _JAVA_OPTIONS: f"{logging} {settings.spark.conf.get(_JAVA_OPTIONS, '')}".rstrip(),
    }


def offline_conf(store: OfflineStore) -> dict[str, str]:
    """How Spark reaches the offline store; without secrets."""
    conf = {"fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem"}
    if store.endpoint is not None:
        conf["fs.s3a.endpoint"] = store.endpoint
        conf["fs.s3a.connection.ssl.enabled"] = str(store.endpoint.startswith("https:")).lower()
    if store.region is not None:
        conf["fs.s3a.endpoint.region"] = store.region
    if store.path_style:
        conf["fs.s3a.path.style.access"] = "true"
    if store.credentials.file is not None:
        conf["fs.s3a.aws.credentials.provider"] = "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider"
    elif store.credentials.profile is not None:
        conf["fs.s3a.aws.credentials.provider"] = "com.amazonaws.auth.profile.ProfileCredentialsProvider"
    # A store that is down must end in an error within seconds, not after Hadoop's default of many minutes.
    conf["fs.s3a.attempts.maximum"] = "3"
    conf["fs.s3a.retry.limit"] = "3"
    conf["fs.s3a.connection.establish.timeout"] = "5000"
    return {f"spark.hadoop.{name}": value for name, value in conf.items()}


def offline_secrets(store: OfflineStore) -> dict[str, str]:
    """The configurations of the offline store that are secret."""
    entries = store.credentials.read()
    names = {
        "access_key_id": "spark.hadoop.fs.s3a.access.key",
        "secret_access_key": "spark.hadoop.fs.s3a.secret.key",
    }
    return _required(entries, names, store.credentials.file)


def online_conf(store: OnlineStore) -> dict[str, str]:
    """How the connector reaches the online store; without secrets. May be set on a running session too."""
    dialect = dialect_named(store.dialect)
    return {
        f"spark.sql.catalog.{ONLINE_CATALOG}": "com.datastax.spark.connector.datasource.CassandraCatalog",
        "spark.cassandra.connection.host": ",".join(store.hosts),
        "spark.cassandra.connection.localDC": store.datacenter,
        "spark.cassandra.connection.ssl.enabled": str(store.tls).lower(),
        # Else a store that was away is not asked again for up to a minute after it is back.
        "spark.cassandra.connection.reconnectionDelayMS.max": "2000",
        "spark.cassandra.input.consistency.level": store.consistency,
        "spark.cassandra.output.consistency.level": dialect.write_consistency or store.consistency,
        **dialect.read_conf,
    }


def online_secrets(store: OnlineStore) -> dict[str, str]:
    """The configurations of the online store that are secret."""
    entries = store.credentials.read()
    names = {"username": "spark.cassandra.auth.username", "password": "spark.cassandra.auth.password"}
    return _required(entries, names, store.credentials.file)


def _required(entries: Mapping[str, str], names: Mapping[str, str], file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    missing = [name for name in names if not entries.get(name)]
    if missing:
        raise TwinstoreError(
            "bad_request",
            f"The credentials' file {file} lacks {' and '.join(missing)}.",
            f"Write {{{', '.join(names)}}} into it.",
        )
    return {conf: entries[name] for name, conf in names.items()}


def _class_path(spark: SparkSettings) -> dict[str, str]:
    if spark.jars is None:
        return {}
    if not any(spark.jars.glob("*.jar")):
        raise TwinstoreError(
            "not_found",
            f"The folder of Spark's jars, {spark.jars}, holds none.",
            "Run `twinstore stack up`, which fetches them, or correct `spark.jars` in the settings.",
        )
    return {"spark.driver.extraClassPath": f"{spark.jars}{os.sep}*"}


def _prepare_environment(spark: SparkSettings) -> None:
    # Workers must be the interpreter that runs this, not the first `python3` of the path.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    if spark.java_home is not None:
        os.environ["JAVA_HOME"] = spark.java_home


@contextmanager
def _secret_properties(secrets: Mapping[str, str]) -> Iterator[None]:
    """Hands `secrets` to the JVM that starts inside, by a file that only its owner reads.

    What the builder is given becomes arguments of the java command, which every user of the machine can list.
    """
    if not secrets:
        yield
        return
    before = os.environ.get("PYSPARK_SUBMIT_ARGS")
    with tempfile.NamedTemporaryFile("w", suffix=".properties", encoding="utf-8") as file:
        for name, value in secrets.items():
            file.write(f"{name}={_property_text(value)}\n")
        file.flush()
        os.environ["PYSPARK_SUBMIT_ARGS"] = f"--properties-file {file.name} {before or 'pyspark-shell'}"
        try:
            yield
        finally:
            if before is None:
                del os.environ["PYSPARK_SUBMIT_ARGS"]
            else:
                os.environ["PYSPARK_SUBMIT_ARGS"] = before


def _property_text(value: str) -> str:
    """`value` as Java's property files write it: ASCII, with escapes."""
    units = value.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _driver_memory() -> str:
    """Half of the machine, between 1 and 4 GiB."""
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{int(min(4, max(1, gib / 2)))}g"
