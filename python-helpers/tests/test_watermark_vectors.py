"""The watermark in Python and in TypeScript follows one rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from twinstore.receipts import watermark

VECTORS = Path(__file__).parents[2] / "test" / "vectors" / "watermark.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_watermark_is_the_end_of_the_unbroken_union_of_gaps(case: dict[str, Any]) -> None:
    receipts = [{**gap, "run_id": "run", "max_event_us": None, "at_us": at} for at, gap in enumerate(case["gaps"])]
    assert watermark(receipts).version == case["watermark"]  # type: ignore[arg-type]
