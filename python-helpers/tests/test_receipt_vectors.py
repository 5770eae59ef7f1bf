"""What follows from receipts follows by one rule in Python and in TypeScript."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from twinstore.receipts import set_version, watermark

VECTORS = Path(__file__).parents[2] / "test" / "vectors"


def cases(name: str) -> list[Any]:
    found = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))["cases"]
    return [pytest.param(case, id=case["title"]) for case in found]


@pytest.mark.parametrize("case", cases("watermark"))
def test_watermark_is_the_end_of_the_unbroken_union_of_gaps(case: dict[str, Any]) -> None:
    receipts = [
        {**gap, "run_id": "run", "max_event_us": None, "write_timestamp_us": at, "at_us": at, "foreign": 0}
        for at, gap in enumerate(case["gaps"])
    ]
    assert watermark(receipts).version == case["watermark"]  # type: ignore[arg-type]


@pytest.mark.parametrize("case", cases("set_version"))
def test_an_older_version_stands_until_every_key_is_written_again(case: dict[str, Any]) -> None:
    receipts = [{**receipt, **receipt["gap"]} for receipt in case["receipts"]]
    assert set_version(receipts, case["proved_us"]) == case["set_version"]  # type: ignore[arg-type]
