"""How the connector reaches the online store: by Spark's configurations, or by a file of the driver's own settings.

Spark's configurations of the connector check no host name, sign no login, and know no rate that holds for all tasks of
a process together. The driver's settings have all three; where they are given, those of Spark are ignored by the
connector. Every executor gets the file, whose name is the only thing that Spark's configuration holds.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
import uuid
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .config import OnlineStore
from .dialect import dialect_named
from .errors import TwinstoreError
from .foreign import FOREIGN
from .session import online_conf, online_secrets

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: The configuration that names the file; unset where Spark's own configurations count.
PROFILE = "spark.cassandra.connection.config.profile.path"

_SIGV4 = "software.aws.mcs.auth.SigV4AuthProvider"
_SIGV4_JAR = "software.aws.mcs:aws-sigv4-auth-cassandra-java-driver-plugin:4.0.9"

_CONCURRENT_WRITES = "spark.cassandra.output.concurrent.writes"
_RETRIES = 10
#: Waits for a share of the budget count too, and the connector waits as long for its reads.
_REQUEST_TIMEOUT = "120 seconds"
#: The certificates in it are no secret, but the format wants a password.
_TRUST_PASSWORD = "trusted"


class Connection:
    """Configurations of the connector for one online store on one Spark session.

    `rows_per_second` bounds what all tasks write together; None does not. All properties raise `TwinstoreError` where
    the settings name what is not there.
    """

    def __init__(self, spark: SparkSession, store: OnlineStore, rows_per_second: int | None = None) -> None:
        self._spark = spark
        self._store = store
        self._dialect = dialect_named(store.dialect)
        self._rows_per_second = rows_per_second

    @cached_property
    def conf(self) -> dict[str, str]:
        """Configurations of everything but bulk writes; without secrets."""
        conf = online_conf(self._store)
        return {**conf, PROFILE: self._distributed(None)} if self._dialect.needs_profile else conf

    @cached_property
    def bulk_conf(self) -> dict[str, str]:
        """Configurations of bulk writes; without secrets."""
        options = {**self.conf, **self._dialect.write_options}
        if self._rows_per_second is None:
            return options
        # What waits for its turn must not wait until it times out.
        tasks = self._spark.sparkContext.defaultParallelism
        concurrent = max(1, min(int(options[_CONCURRENT_WRITES]), self._rows_per_second // tasks))
        share = max(1, self._rows_per_second // writing_processes(self._spark))
        return {**options, _CONCURRENT_WRITES: str(concurrent), PROFILE: self._distributed(share)}

    @property
    def secrets(self) -> dict[str, str]:
        """Configurations that are secret."""
        return online_secrets(self._store)

    def _distributed(self, requests_per_second: int | None) -> str:
        """Gives every executor the driver's settings, and their file's name."""
        file = _private_folder() / f"twinstore-{uuid.uuid4().hex}.conf"
        file.write_text(json.dumps({"datastax-java-driver": self._profile(requests_per_second)}), encoding="utf-8")
        self._spark.sparkContext.addFile(str(file))
        return file.name

    def _profile(self, requests_per_second: int | None) -> dict[str, Any]:
        store = self._store
        advanced: dict[str, Any] = {
            # A statement that timed out is sent again at once, and again. What that does not help waits in `throttled`.
            "retry-policy": {
                "class": "com.datastax.spark.connector.cql.MultipleRetryPolicy",
                "max-retry-count": _RETRIES,
            },
            # Else a store that was away is not asked again for up to a minute after it is back.
            "reconnection-policy": {"max-delay": "2 seconds"},
            "connection": {"connect-timeout": "5 seconds", "init-query-timeout": "5 seconds"},
            **self._login(),
            **self._trust(),
        }
        if requests_per_second is not None:
            advanced["throttler"] = {
                "class": "RateLimitingRequestThrottler",
                "max-requests-per-second": requests_per_second,
                "max-queue-size": 1_000_000,
                "drain-interval": "10 milliseconds",
            }
        return {
            "basic": {
                "contact-points": list(store.hosts),
                "load-balancing-policy": {"local-datacenter": store.datacenter},
                "request": {"timeout": _REQUEST_TIMEOUT},
            },
            "advanced": advanced,
        }

    def _login(self) -> Mapping[str, Any]:
        if self._store.sigv4:
            if not self._has_class(_SIGV4):
                raise TwinstoreError(
                    "not_found",
                    f"The settings ask for signed logins, and {_SIGV4} is not on Spark's class path.",
                    f"Add the jar of {_SIGV4_JAR} with its dependencies (`spark.jars.packages`, or the folder "
                    "`spark.jars` of the settings).",
                )
            # The region of Keyspaces is the driver's datacenter. Whom it signs for is AWS's chain of providers to tell.
            return {"auth-provider": {"class": _SIGV4, "aws-region": self._store.datacenter}}
        secrets = self.secrets
        if not secrets:
            return {}
        return {
            "auth-provider": {
                "class": "PlainTextAuthProvider",
                "username": secrets["spark.cassandra.auth.username"],
                "password": secrets["spark.cassandra.auth.password"],
            }
        }

    def _trust(self) -> Mapping[str, Any]:
        if not self._store.tls:
            return {}
        factory: dict[str, Any] = {"class": "DefaultSslEngineFactory", "hostname-validation": True}
        if self._store.ca is not None:
            factory["truststore-path"] = str(self._trust_store(self._store.ca))
            factory["truststore-password"] = _TRUST_PASSWORD
        # The store's certificate has its name alone: of the nodes that it lists, those are used at whose addresses the
        # name leads. A fixed name for all of them would make them one node, whose tokens no scan could tell apart.
        return {"ssl-engine-factory": factory}

    def _trust_store(self, bundle: Path) -> Path:
        """The authorities of a PEM file as the JVM reads them."""
        jvm: Any = self._spark._jvm
        file = _private_folder() / f"{uuid.uuid4().hex}.jks"
        password = self._characters(_TRUST_PASSWORD)
        store = jvm.java.security.KeyStore.getInstance("JKS")
        try:
            source = jvm.java.io.FileInputStream(str(bundle))
            found = jvm.java.security.cert.CertificateFactory.getInstance("X.509").generateCertificates(source)
            source.close()
            store.load(None, password)
            for number, certificate in enumerate(found):
                store.setCertificateEntry(str(number), certificate)
            target = jvm.java.io.FileOutputStream(str(file))
            store.store(target, password)
            target.close()
        except FOREIGN as error:
            raise TwinstoreError(
                "bad_request",
                f"The authorities of {bundle} could not be read.",
                "Correct `ca` of the online store in the settings: a PEM file of all certificates to trust.",
                details=str(error),
            ) from error
        return file

    def _characters(self, text: str) -> Any:
        """A Java array."""
        gateway: Any = self._spark.sparkContext._gateway
        array = gateway.new_array(gateway.jvm.char, len(text))
        for at, character in enumerate(text):
            array[at] = character
        return array

    def _has_class(self, name: str) -> bool:
        jvm: Any = self._spark._jvm
        loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
        try:
            jvm.java.lang.Class.forName(name, False, loader)
        except FOREIGN:
            return False
        return True


def writing_processes(spark: SparkSession) -> int:
    """How many of Spark's processes may write at once.

    Raises `TwinstoreError` where Spark may add executors without bound.
    """
    context = spark.sparkContext
    if str(context.master).startswith("local"):
        return 1
    conf = context.getConf()
    if conf.get("spark.dynamicAllocation.enabled", "false") == "true":
        most = conf.get("spark.dynamicAllocation.maxExecutors")
        if most is None:
            raise TwinstoreError(
                "bad_request",
                "The budget of online rows cannot be kept, for Spark may add executors without bound.",
                "Set spark.dynamicAllocation.maxExecutors, or take budgets.online_rows_per_second out of the settings.",
            )
        return max(1, int(most))
    jvm: Any = context._jsc
    running = int(jvm.sc().getExecutorMemoryStatus().size()) - 1
    return max(1, running, int(conf.get("spark.executor.instances", "1") or 1))


@cache
def _private_folder() -> Path:
    """A folder that only its owner can enter, as long as this process lives: Spark's tasks fetch files from it."""
    folder = tempfile.mkdtemp(prefix="twinstore-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
