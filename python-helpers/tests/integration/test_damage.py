"""Ten thousand damaged keys of every type beside ten thousand untouched ones: one proof names all, and no other."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from delta.tables import DeltaTable

from twinstore.config import Settings
from twinstore.feature_group import FeatureGroup
from twinstore.progress import silent
from twinstore.reasons import utc
from twinstore.store import Store

from ..vector_values import read
from .conftest import MakeGroup
from .damage import COLUMNS, EVENT, KEY, TTL_DAYS, Entity, Row, meaning, population, told

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

CONTROL, DAMAGED, BY_WRITES = 10_000, 10_000, 250
#: Statements that one batch carries: many batches are under way at once.
BATCH = 20

OFFENCES = ("missing_online", "extra_online", "stale_online", "ahead_online", "mismatch")
DIFFERENCES = ("offline_only_null", "online_only_null", "value_mismatch")
AGREEMENTS = (*DIFFERENCES, "both_null", "equal", "precision_only", "type_mismatch")


class Stopped(BaseException):
    """The writer stopped at a step: nothing after it is done."""


def stopping_at(step: str) -> Callable[[str], None]:
    def checkpoint(name: str) -> None:
        if name == step:
            raise Stopped

    return checkpoint


def frame(spark: SparkSession, file: Path, rows: Iterable[tuple[str, Row | None]]) -> DataFrame:
    """The rows, through a file of texts."""
    file.write_text("\n".join(json.dumps({KEY: key, **row}) for key, row in rows if row is not None))
    texts = spark.read.schema(", ".join(f"`{name}` string" for name in (KEY, *COLUMNS))).json(str(file))
    return texts.select(KEY, *(read(texts[name], column["type"]).alias(name) for name, column in COLUMNS.items()))


def leave_unfinished(
    spark: SparkSession, settings: Settings, group: FeatureGroup, folder: Path, entities: Sequence[Entity]
) -> None:
    """What is in flight: two writes that stop after their commit, and the DELETE of another writer."""
    for step in ("receipt", "propagate"):
        rows = ((e.key, e.third) for e in entities if (e.kind == "online before its receipt") is (step == "receipt"))
        with pytest.raises(Stopped):
            Store(spark, settings, silent, stopping_at(step)).write(
                frame(spark, folder / f"{step}.json", rows), group, mode="append"
            )
    deleted = ", ".join(f"'{each.key}'" for each in entities if each.kind.startswith("deleted, "))
    DeltaTable.forPath(spark, group.offline).delete(f"{KEY} IN ({deleted})")


def batches(statements: Sequence[str]) -> Iterable[str]:
    for n in range(0, len(statements), BATCH):
        yield f"BEGIN UNLOGGED BATCH {'; '.join(statements[n : n + BATCH])}; APPLY BATCH"


def columns_of(entities: Iterable[Entity]) -> dict[str, dict[str, int]]:
    """How each column must compare over the keys that have a row in both stores and are not in flight."""
    compared = [each for each in entities if each.history and each.online and each.state != "in_flight"]
    by_column = {name: Counter(each.agreement(name) for each in compared) for name in COLUMNS}
    return {KEY: {"equal": len(compared)}, **{name: dict(counts) for name, counts in by_column.items()}}


def said_of(
    entity: Entity, versions: Mapping[str, int], stamps_us: Mapping[str | None, int], damaged_us: int
) -> dict[str, Any]:
    """What a proof must say of an offender."""
    has_both = entity.history is not None and entity.online is not None
    stamp_us = damaged_us if entity.is_stamped else stamps_us.get(entity.history_commit)
    return {
        "state": entity.state,
        "columns": {name for name in COLUMNS if has_both and entity.agreement(name) in DIFFERENCES},
        "offline": entity.history and {name: meaning(name, value) for name, value in entity.history.items()},
        "online": entity.online and {name: meaning(name, value) for name, value in entity.online.items()},
        "offline_commit": versions[entity.history_commit] if entity.history_commit else None,
        "online_commit": versions[entity.online_commit] if entity.online_commit else None,
        "online_write_us": None if entity.online is None else stamp_us,
        "reason": entity.reason.format(when=utc(damaged_us), **versions),
    }


def said(offender: Any, reason: str) -> dict[str, Any]:
    """What a kept proof says, in the form of `said_of`; of the reason as much as `reason` has."""
    rows = {
        side: text and json.loads(text) for side, text in (("offline", offender.offline), ("online", offender.online))
    }
    values = {
        side: row and {name: told(name, text) for name, text in row.items() if name != KEY}
        for side, row in rows.items()
    }
    assert all(row is None or row[KEY] == json.loads(offender.key)[KEY] for row in rows.values())
    return {
        "state": offender.state,
        "columns": set(offender.columns),
        **values,
        "offline_commit": offender.offline_commit,
        "online_commit": offender.online_commit,
        "online_write_us": offender.online_write_us,
        "reason": offender.reason[: len(reason)],
    }


def test_one_proof_names_every_damage_to_every_type_and_no_row_that_nobody_touched(
    spark: SparkSession, settings: Settings, store: Store, make_group: MakeGroup, tmp_path: Path
) -> None:
    group = make_group(
        keys=[KEY],
        event_timestamp=EVENT,
        ttl=f"{TTL_DAYS}d",
        exact=[name for name, column in COLUMNS.items() if column.get("exact")],
        nested={name: column["online_as"] for name, column in COLUMNS.items() if "online_as" in column},
        tolerances={name: column["tolerance"] for name, column in COLUMNS.items() if "tolerance" in column},
    )
    entities = population(CONTROL, DAMAGED, BY_WRITES, time.time_ns() // 1_000)
    first = store.write(frame(spark, tmp_path / "first.json", ((e.key, e.first) for e in entities)), group)
    second = store.write(
        frame(spark, tmp_path / "second.json", ((e.key, e.second) for e in entities)), group, mode="append"
    )
    leave_unfinished(spark, settings, group, tmp_path, entities)
    versions = {"first": first.gap.to_version, "second": second.gap.to_version, "before": 0, "beyond": 1_000}
    damaged_us = time.time_ns() // 1_000
    statements = (each.statement(group.online, damaged_us, versions) for each in entities)
    store.cql.execute_all(batches([each for each in statements if each]), lambda done: None)

    report = store.parity(group, how="full")

    assert (report.verdict, report.version) == ("out_of_parity", versions["second"])
    assert report.coverage.keys_total == CONTROL + DAMAGED + BY_WRITES
    assert {state: n for state, n in report.states.items() if n} == Counter(each.state for each in entities)
    found = {
        column["name"]: {agreement: n for agreement, n in column.items() if n and agreement in AGREEMENTS}
        for column in report.columns
    }
    assert found == columns_of(entities)
    zeros = sum(each.kind == "a value in another form" and each.sets == {each.column: "0.0"} for each in entities)
    assert any(note.startswith(f"{zeros} values are −0.0 in one store and 0.0 in the other") for note in report.notes)

    offenders = {each.key: each for each in entities if each.state in OFFENCES}
    rows = spark.read.format("delta").load(f"{group.offline}/_twinstore/offenders").collect()
    named = {json.loads(row.key)[KEY]: row for row in rows}
    assert (len(rows), set(named)) == (len(offenders), set(offenders))
    stamps_us: dict[str | None, int] = {"first": first.write_timestamp_us, "second": second.write_timestamp_us}
    for key, entity in offenders.items():
        expected = said_of(entity, versions, stamps_us, damaged_us)
        assert said(named[key], expected["reason"]) == expected, f"{key}, {entity.kind}, {entity.column}"
