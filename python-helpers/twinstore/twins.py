"""The two stores of one group, as one thing to hand around."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .cql import Cql
from .delta_log import OfflineTable
from .dialect import CassandraDialect
from .feature_group import Definition
from .ledger import Ledger
from .online_tables import OnlineTables
from .receipts import Receipts

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class Twins:
    """A definition with its offline table, online tables and the tables beside the offline one."""

    spark: SparkSession
    definition: Definition
    offline: OfflineTable
    online: OnlineTables
    cql: Cql
    dialect: CassandraDialect
    ledger: Ledger
    receipts: Receipts

    def defined_by(self, definition: Definition) -> Twins:
        """The same stores, looked at by another definition of the group."""
        online = OnlineTables(self.spark, self.cql, self.dialect, definition)
        return replace(self, definition=definition, online=online)

    @classmethod
    def of(cls, spark: SparkSession, cql: Cql, definition: Definition, receipts: Receipts | None = None) -> Twins:
        """The stores of `definition`; reads nothing."""

        ledger = Ledger(spark, definition.offline)
        return cls(
            spark=spark,
            definition=definition,
            offline=OfflineTable(spark, definition.offline),
            online=OnlineTables(spark, cql, cql.dialect, definition),
            cql=cql,
            dialect=cql.dialect,
            ledger=ledger,
            receipts=receipts or Receipts(ledger),
        )
