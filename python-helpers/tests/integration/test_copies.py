"""Copies of a group's table: what is asked of them never reaches the original, until they are groups of their own."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from twinstore.config import Root, Settings
from twinstore.errors import TwinstoreError
from twinstore.feature_group import FeatureGroup
from twinstore.progress import silent
from twinstore.store import Store

from .readings import agree, online, readings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROWS = [("a", 0, 1.0, 1), ("b", 0, 2.0, 2)]


@pytest.fixture
def here(spark: SparkSession, settings: Settings, tmp_path: Path) -> Store:
    """A store whose only root is the test's own folder."""
    return Store(spark, dataclasses.replace(settings, roots=(Root(str(tmp_path)),)), silent)


def cloned(spark: SparkSession, source: str, target: str) -> None:
    spark.sql(f"CREATE TABLE delta.`{target}` SHALLOW CLONE delta.`{source}`")


def copied(spark: SparkSession, source: str, target: str) -> None:
    shutil.copytree(source, target)


@pytest.mark.parametrize("make_copy", [cloned, copied])
def test_a_copy_is_refused_by_every_verb_until_it_is_a_group_of_its_own(
    spark: SparkSession, here: Store, group: FeatureGroup, make_copy: Callable[..., None]
) -> None:
    here.write(readings(spark, ROWS), group)
    head = here.versions(group)
    copy = dataclasses.replace(group, offline=f"{group.offline}_staging")
    make_copy(spark, group.offline, copy.offline)
    verbs: list[Callable[[], Any]] = [
        lambda: here.delete(copy, ["a"]),
        lambda: here.retry(copy),
        lambda: here.materialize(copy),
        lambda: here.parity(copy),
        lambda: here.online(copy),
        lambda: here.offline(copy),
        lambda: here.write(readings(spark, [("a", 1, 9.0, 9)]), copy),
    ]
    for verb in verbs:
        with pytest.raises(TwinstoreError, match="is a copy of") as refused:
            verb()
    assert (here.versions(group), len(online(here, group))) == (head, 2)

    # The name is still that of the original.
    assert [each.offline for each in here.groups()] == [group.offline]
    assert here.parity(group.name).verdict == "in_parity"

    # As the remedy says.
    assert "UNSET TBLPROPERTIES ('twinstore.definition')" in refused.value.remedy
    spark.sql(f"ALTER TABLE delta.`{copy.offline}` UNSET TBLPROPERTIES ('twinstore.definition')")
    with pytest.raises(TwinstoreError, match="belongs to another Delta table"):
        here.write(readings(spark, []), copy)
    own = dataclasses.replace(copy, name=f"{group.name}_staging", online=f"{group.online}_staging")
    assert here.write(readings(spark, [("a", 1, 9.0, 9)]), own).written == 2
    assert online(here, own) == {"a": (1, 9.0, 9), "b": (0, 2.0, 2)}
    assert here.parity(own.name).verdict == "in_parity"
    assert here.delete(own, ["b"]).deleted == 1
    assert (agree(here, group), len(online(here, group)), here.versions(group)) == (True, 2, head)


def test_a_table_that_was_moved_says_so_by_its_groups_name(
    spark: SparkSession, here: Store, group: FeatureGroup
) -> None:
    here.write(readings(spark, ROWS), group)
    shutil.move(group.offline, f"{group.offline}_moved")
    with pytest.raises(TwinstoreError, match=f"{group.offline}_moved is a copy of {group.offline}"):
        here.retry(group.name)
