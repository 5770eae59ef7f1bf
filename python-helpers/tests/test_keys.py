"""Keys as users give them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from twinstore.errors import TwinstoreError
from twinstore.feature_group import Definition
from twinstore.keys import keys_frame
from twinstore.types import GroupColumn

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        ("decimal(10,2)", Decimal("1.101"), r"1.101 is not a decimal\(10,2\)"),
        ("decimal(3,2)", 10, r"10 is not a decimal\(3,2\)"),
        ("decimal(38,18)", Decimal("NaN"), r"NaN is not a decimal"),
        ("date", datetime(2014, 1, 1, 12), "2014-01-01 12:00:00 is a moment, and k a date"),
        ("timestamp", datetime(2014, 1, 1), "2014-01-01 00:00:00 has no time zone"),
    ],
)
def test_a_key_that_would_become_another_one_is_refused(spark: SparkSession, kind: str, value: Any, why: str) -> None:
    columns = (GroupColumn("k", kind, exact=kind == "timestamp"), GroupColumn("day", "date"))
    definition = Definition("prices", ("k",), "day", columns, None, "/prices", "feature_store.prices")
    with pytest.raises(TwinstoreError, match=why):
        keys_frame(spark, definition, [value])
    exact = {"decimal(10,2)": Decimal("1.10"), "decimal(3,2)": 1, "decimal(38,18)": Decimal("12345678901234567890.1")}
    if kind in exact:
        assert keys_frame(spark, definition, [exact[kind]]).collect()[0].k == exact[kind]
