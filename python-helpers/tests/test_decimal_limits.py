"""Decimals that the connector could not read back are refused when a group is defined."""

from __future__ import annotations

import pytest

from twinstore.types import GroupColumn, IllegalType, contract


@pytest.mark.parametrize("kind", ["decimal(10,2)", "decimal(38,18)", "decimal(20,0)", "decimal(18,18)"])
def test_what_can_be_read_back_is_legal(kind: str) -> None:
    assert contract(GroupColumn("amount", kind)).cql == "decimal"


@pytest.mark.parametrize("kind", ["decimal(38,0)", "decimal(21,0)", "decimal(38,19)", "decimal(19,19)"])
def test_what_would_come_back_null_or_rounded_is_refused_with_a_cast(kind: str) -> None:
    with pytest.raises(IllegalType) as refused:
        contract(GroupColumn("amount", kind))
    assert kind in refused.value.message
    assert "decimal(38,18)" in refused.value.remedy
