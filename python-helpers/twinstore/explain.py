"""What is known of each offender: who wrote its rows, and why they differ."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import types as t

from .comparison import key_aliases
from .delta_log import OfflineTable
from .feature_group import COMMIT_VERSION, Definition
from .offenders import differing_columns, first_offenders
from .parity_report import Offender
from .reasons import Evidence, reason
from .session import ONLINE_CATALOG
from .twins import Twins
from .types import contract, quoted

#: Offenders that a proof keeps.
MAX_KEPT = 10_000

#: Commits that are read in search of those that wrote offenders' rows.
_MAX_COMMITS = 1_000


class Commits:
    """Facts of commits up to a version, read when they are asked for."""

    def __init__(self, table: OfflineTable, version: int) -> None:
        self._table = table
        self._version = version

    def of_files(self, files: Iterable[str]) -> dict[str, int]:
        """The version that added each data file, by the file's address, as far back as commits are found.

        A file that OPTIMIZE, DELETE or UPDATE wrote has no entry: rows of it came with earlier commits.
        """
        wanted = {_file_name(file): file for file in files}
        found: dict[str, int] = {}
        for version in range(self._version, max(-1, self._version - _MAX_COMMITS), -1):
            if not wanted:
                break
            commit = self._table.commit(version)
            if commit is None:
                break
            for action in commit.added:
                file = wanted.pop(_file_name(json.loads(action)["add"]["path"]), None)
                if file is not None and not commit.removes:
                    found[file] = version
        return found

    def stamps_us(self, versions: Iterable[int]) -> dict[int, int]:
        """The write timestamp T of each of these commits that the log still has."""
        stamps = {}
        for version in sorted(versions, reverse=True)[:_MAX_COMMITS]:
            commit = self._table.commit(version) if version >= 0 else None
            if commit is not None and commit.timestamp_us is not None:
                stamps[version] = commit.timestamp_us
        return stamps


def explained(twins: Twins, judged: DataFrame, version: int, commits: Commits) -> list[Offender]:
    """The offenders, worst states first, at most `MAX_KEPT`, each with its reason."""
    definition = twins.definition
    rows = first_offenders(judged, definition, MAX_KEPT)
    write_times = _write_times(twins, [row for row in rows if row.online is not None])
    stamps_us = commits.stamps_us({row.online_commit for row in rows if row.online_commit is not None})
    found = []
    for row in rows:
        written_us = write_times.get(_key_of(row, twins))
        columns = differing_columns(row.pattern, definition)
        offline, online = _in_order(row.offline, definition), _in_order(row.online, definition)
        evidence = Evidence(
            state=row.state,
            has_offline=offline is not None,
            nulled=_nulled(offline, online, columns),
            lacking=row.lacking,
            offline_commit=row.offline_commit,
            online_commit=row.online_commit,
            online_write_us=written_us,
            expires_us=row.expires_us,
        )
        found.append(
            Offender(
                key={name: row.key[name] for name in definition.keys},
                state=row.state,
                columns=columns,
                offline=offline,
                online=online,
                offline_commit=row.offline_commit,
                online_commit=row.online_commit,
                online_write_us=written_us,
                reason=reason(evidence, version, stamps_us),
            )
        )
    return found


def _in_order(texts: Mapping[str, str | None] | None, definition: Definition) -> dict[str, str | None] | None:
    """A row in the order of the group's columns; Spark's maps have none."""
    if texts is None:
        return None
    return {column.name: texts[column.name] for column in definition.columns if column.name in texts}


def _nulled(
    offline: Mapping[str, str | None] | None, online: Mapping[str, str | None] | None, columns: Sequence[str]
) -> bool:
    """Whether a differing value is null online only."""
    if offline is None or online is None:
        return False
    return any(online.get(name) is None and offline.get(name) is not None for name in columns)


def _write_times(twins: Twins, rows: Sequence[Row]) -> dict[tuple[Any, ...], int]:
    """The newest write time among the cells of each of these online rows, in µs since the epoch, by key."""
    found: dict[tuple[Any, ...], int] = {}
    if not rows:
        return found
    aliases = key_aliases(twins.definition)
    kinds = [t.StructField(a, contract(c).online_type) for a, c in zip(aliases, twins.definition.key_columns)]
    wanted = twins.spark.createDataFrame([_key_of(row, twins) for row in rows], t.StructType(kinds))
    for part in twins.definition.parts:
        times = _cell_times(twins.spark, part, aliases)
        for row in times.join(wanted.hint("broadcast"), aliases, "left_semi").collect():
            if row.newest_us is not None:
                key = _key_of(row, twins)
                found[key] = max(row.newest_us, found.get(key, row.newest_us))
    return found


def _cell_times(spark: SparkSession, part: Definition, aliases: Sequence[str]) -> DataFrame:
    """The keys of an online table, and the newest write time among the cells of each row as `newest_us`."""
    table = f"{ONLINE_CATALOG}.{quoted(part.keyspace)}.{quoted(part.table)}"
    there = {column.name for column in part.columns} & set(spark.table(table).columns)
    cells = [*sorted(there - set(part.keys)), COMMIT_VERSION]
    newest = ", ".join(f"writetime({quoted(name)})" for name in cells)
    names = ", ".join(f"{quoted(name)} AS {alias}" for name, alias in zip(part.keys, aliases))
    return spark.sql(f"SELECT {names}, greatest({newest}) AS newest_us FROM {table}")


def _key_of(row: Row, twins: Twins) -> tuple[Any, ...]:
    values = (row[alias] for alias in key_aliases(twins.definition))
    return tuple(bytes(value) if isinstance(value, bytearray) else value for value in values)


def _file_name(path: str) -> str:
    return unquote(path).rsplit("/", 1)[-1]
