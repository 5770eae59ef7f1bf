"""Statements through the connector's session, on a real store."""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING

import pytest

from twinstore.config import Settings
from twinstore.cql import Cql
from twinstore.errors import TwinstoreError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_statements_ask_for_the_consistency_of_the_settings(spark: SparkSession, settings: Settings) -> None:
    # One node cannot give what two must confirm.
    strict = Cql(spark, dataclasses.replace(settings.online, consistency="TWO"))
    table = f"feature_store.c{uuid.uuid4().hex[:12]}"
    strict.define(f"CREATE TABLE {table} (k int PRIMARY KEY)")
    with pytest.raises(TwinstoreError, match="did not carry out a statement") as refused:
        strict.execute_all([f"DELETE FROM {table} WHERE k = 1"], lambda _: None)
    assert "TWO" in refused.value.details
