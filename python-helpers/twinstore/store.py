"""The feature store as its user sees it: write to both stores, retry, and read either of them back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Callable, Union

from .config import SettingsLike, load_settings
from .connection import PROFILE
from .cql import Cql
from .delta_log import OfflineTable, Snapshot
from .dry_run import dry_run as plan_write
from .errors import TwinstoreError
from .feature_group import Definition, FeatureGroup
from .groups import find_group, find_groups
from .java import keep_lookups
from .keys import keys_frame
from .preflight import kept_definition, reading
from .progress import Progress, default_progress
from .receipts import Receipt, Receipts
from .run_identity import RunIdentity, run_identity
from .session import PINNED_CONF
from .twins import Twins
from .winners import winners
from .write import Batch, Writer

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from .parity_report import ParityReport
    from .repair import Repair
    from .training_set import Moment

GroupLike = Union[FeatureGroup, str]

_MODES = ("changed", "append")


def connect(spark: SparkSession, settings: SettingsLike = None, progress: Progress | None = None) -> Store:
    """A store on this Spark session.

    `settings`: see `load_settings`; None looks for `twinstore.toml`. `progress` is told of every step; None shows one
    updating line. Every verb sets the session's time zone to UTC. Raises `TwinstoreError` when there are no settings.
    """
    return Store(spark, settings, progress)


class Store:
    """Writes feature groups to their two stores and reads them back.

    `checkpoint` is told the name of each step of a write before it begins.
    """

    def __init__(
        self,
        spark: SparkSession,
        settings: SettingsLike = None,
        progress: Progress | None = None,
        checkpoint: Callable[[str], None] = lambda step: None,
    ) -> None:
        keep_lookups(spark)
        self.spark = spark
        self.settings = load_settings(settings)
        self.progress: Progress = progress or default_progress()
        self.cql = Cql(spark, self.settings.online, self.settings.online_rows_per_second)
        self.checkpoint = checkpoint
        self._receipts: dict[str, Receipts] = {}
        # Another store may have left its own on this session.
        spark.conf.unset(PROFILE)
        for name, value in self.cql.connection.conf.items():
            spark.conf.set(name, value)
        self._pin()

    def write(
        self,
        rows: DataFrame,
        group: FeatureGroup,
        mode: str = "changed",
        run: str | None = None,
        dry_run: bool = False,
        new_features: str | Sequence[str] = (),
        propagate: bool = True,
    ) -> Receipt:
        """Appends `rows` to the offline store and brings the latest row of each entity online.

        `mode="changed"` leaves out rows that history already holds with the same values, `"append"` takes all. `run`
        names the run; the same run is never appended twice, and by default the same input, plan and definition are the
        same run. `dry_run` changes nothing and tells what would happen. `new_features` names the columns that the
        group does not have yet and is to have from now on; any other such column is refused. `propagate=False` leaves
        the online store as it is, such as for the many batches of a backfill: one `retry` then brings it all.

        Raises `TwinstoreError` that lists everything wrong before anything is written, and `WriteUnconfirmed` when rows
        are in the offline store but not confirmed online: `retry`, or the same write again, goes on from there.
        """
        self._pin()
        if mode not in _MODES:
            raise TwinstoreError("bad_request", f"mode={mode!r} is not a mode.", "Use mode='changed' or mode='append'.")
        if not hasattr(rows, "schema"):
            raise TwinstoreError(
                "bad_request",
                f"The rows are a {type(rows).__module__}.{type(rows).__qualname__}, not a Spark DataFrame.",
                "Make them one: spark.createDataFrame(rows).",
            )
        definition = group.define(rows.schema)
        identity = run_identity(rows, definition, mode, run)
        coming = (new_features,) if isinstance(new_features, str) else tuple(new_features)
        batch = Batch(rows, mode, coming, propagate)
        if dry_run:
            return plan_write(self.twins(definition), self.settings, identity, batch)
        return self.run(definition, "write", identity, batch)

    def retry(self, group: GroupLike) -> Receipt:
        """Brings online what the offline store has and the online store has not: the second half of a write alone."""
        return self.run(self.definition(group), "retry", RunIdentity(uuid.uuid4().hex, False, True))

    def materialize(self, group: GroupLike, version: int | None = None) -> Receipt:
        """Writes the latest row of every entity online again, at a fresh time.

        With a Delta `version` these are the rows as they were then, such as before a bad batch: the stores then differ
        on purpose, and the group is marked so, until `materialize(group)`. Writes that come later go on from there.
        """
        identity = RunIdentity(uuid.uuid4().hex, False, True)
        return self.run(self.definition(group), "materialize", identity, set_to=version)

    def repair(self, report: ParityReport, dry_run: bool = False) -> Repair:
        """Mends the rows that a proof found to differ, and nothing else, then proves the group again.

        The latest row of each of these entities is written online at a fresh time, and those that history lacks are
        deleted there; history is not changed. `dry_run` only tells what would be done. Raises `TwinstoreError` when
        the report is of another table, or names no row.
        """
        from .repair import repair

        return repair(self, report, dry_run)

    def delete(self, group: GroupLike, keys: Any) -> Receipt:
        """Deletes entities, with all their history, from both stores, and from what is kept of proofs and failed rows.

        `keys` as in `online`. Old files stay until VACUUM: those of the Delta table, its change feed among them, and
        those of `_twinstore/proofs`, `offenders` and `failed_rows` beside it, each a table of its own. What Cassandra
        has on disk goes with its compactions. Broken off, the same delete goes on where it stopped. A proof that runs
        meanwhile may keep them once more: delete them again after it.
        """
        definition = self.definition(group)
        wanted = keys_frame(self.spark, definition, keys).persist()
        try:
            return self.run(definition, "delete", RunIdentity(uuid.uuid4().hex, False, True), keys=wanted)
        finally:
            wanted.unpersist()

    def parity(self, group: GroupLike, how: str = "auto") -> ParityReport:
        """Compares the two stores row by row; the report's `verdict` says whether they agree.

        `how`: `full` compares every row, `changed` those touched since the last proof, `auto` all while that is cheap.
        """
        from .parity import prove

        return prove(self, group, how)

    def changes(self, group: GroupLike, receipt: Receipt | None = None) -> DataFrame:
        """What a propagation changed online, one row per entity: what became `insert`ed, `update`d or `delete`d.

        `receipt`: the one that tells of it, by default the newest. Columns: the keys; `change`; `columns`, the names of
        those that differ; `before` and `after`, structs of all columns but the keys (null for no row). Taken from
        history at both ends of the receipt's gap, so that VACUUM may end it; what expired meanwhile still counts.

        Raises `TwinstoreError` when there is no receipt, when a version that it names can no longer be read, and when
        history does not tell what was online: of a repair, and after `materialize` at an older version.
        """
        from .changes import changes

        return changes(self, group, receipt)

    def training_set(
        self,
        entities: DataFrame,
        groups: GroupLike | Sequence[GroupLike],
        timestamp: str | None = None,
        as_known_at: Moment | None = None,
        prefix: bool = False,
    ) -> DataFrame:
        """The rows of `entities` with the features of each group as they were at each row's moment: no later event is
        seen, an event of the same time is.

        `entities` holds the groups' keys and, in the column `timestamp` (by default the groups' event time), the moment
        of each row, such as that of a label. An entity that had no row then, or only one that its group's ttl had
        ended, gets nulls. `as_known_at` leaves out what was written later, corrections included: an aware datetime or
        a text such as `2026-03-01T00:00:00Z`. `prefix` names features `<group>__<feature>`.

        Raises `TwinstoreError` that lists everything wrong with the columns; reads nothing by itself.
        """
        from .training_set import training_set

        return training_set(self, entities, groups, timestamp, as_known_at, prefix)

    def groups(self) -> list[Definition]:
        """The feature groups under the roots of the settings."""
        return find_groups(self.spark, self.settings.roots)

    def group(self, name: str) -> FeatureGroup:
        """The feature group of that name under the roots of the settings, as its table declares it."""
        return self.definition(name).group()

    def last_receipt(self, group: GroupLike) -> Receipt | None:
        """The newest receipt that is kept beside the group's table; None when nothing was written."""
        twins, snapshot = self._at_head(group)
        return twins.receipts.last(snapshot.table_id)

    def versions(self, group: GroupLike) -> tuple[int, int]:
        """The head version of the offline table, and the version up to which all is online (−1: nothing is)."""
        twins, snapshot = self._at_head(group)
        return snapshot.version, twins.receipts.watermark(snapshot.table_id).version

    def _at_head(self, group: GroupLike) -> tuple[Twins, Snapshot]:
        twins = self.twins(self.definition(group))
        snapshot = twins.offline.snapshot()
        if snapshot is None:
            raise TwinstoreError("not_found", f"{twins.offline.location} is gone.", "Write the group again.")
        return twins, snapshot

    def _pin(self) -> None:
        """Sets what values depend on, whatever the notebook has set since."""
        for name, value in PINNED_CONF.items():
            self.spark.conf.set(name, value)

    def definition(self, group: GroupLike) -> Definition:
        """The definition that the group's table keeps. Raises `TwinstoreError` when there is no such group."""
        self._pin()
        if isinstance(group, str):
            return find_group(self.spark, self.settings.roots, group)
        snapshot = OfflineTable(self.spark, group.offline.rstrip("/")).snapshot()
        found = None
        if snapshot is not None:
            found = kept_definition(snapshot, group.offline)
        if found is None:
            raise TwinstoreError(
                "not_found",
                f"{group.offline} holds no feature group.",
                f"Write {group.name} first, or correct offline=.",
            )
        return found

    def online(self, group: GroupLike, keys: Any = None) -> DataFrame:
        """The rows of the online store with the offline store's types; of `keys` only when they are given.

        Of a group that is split, features in a table that lacks the row are null; `parity` names such rows.

        `keys`: a DataFrame with the key columns, or a list of values (one key column), tuples or mappings.
        """
        twins = self.twins(self.definition(group))
        wanted = None if keys is None else keys_frame(self.spark, twins.definition, keys)
        return twins.online.read(wanted).select(*(column.name for column in twins.definition.columns))

    def offline(
        self, group: GroupLike, version: int | None = None, latest: bool = False, keys: Any = None
    ) -> DataFrame:
        """The rows of the offline store: its whole history, or with `latest` the latest row of each entity.

        `version` is a Delta version, None the newest; `keys` as in `online`.
        """
        definition = self.definition(group)
        table = OfflineTable(self.spark, definition.offline)
        if version is None:
            rows = self.spark.read.format("delta").load(definition.offline)
        else:
            with reading(version, table.snapshot(), definition.offline):
                snapshot = table.snapshot(version)
                rows = table.read(version)
            definition = (snapshot and kept_definition(snapshot, definition.offline)) or definition
        if keys is not None:
            rows = _of_keys(rows, keys_frame(self.spark, definition, keys))
        if latest:
            rows = winners(rows, definition)
        return rows.select(*(column.name for column in definition.columns))

    def twins(self, definition: Definition) -> Twins:
        """The two stores of a definition."""
        twins = Twins.of(self.spark, self.cql, definition, self._receipts.get(definition.offline))
        self._receipts[definition.offline] = twins.receipts
        return twins

    def run(
        self,
        definition: Definition,
        operation: str,
        identity: RunIdentity,
        batch: Batch | None = None,
        keys: DataFrame | None = None,
        set_to: int | None = None,
    ) -> Receipt:
        """One operation of `Writer` on a group."""
        writer = Writer(self.twins(definition), self.settings, self.progress, self.checkpoint)
        return writer.run(operation, identity, batch, keys, set_to)


def _of_keys(rows: DataFrame, keys: DataFrame) -> DataFrame:
    return keys.join(rows, keys.columns).select(*rows.columns)
