"""The write protocol's model: no interleaving diverges, and without any one safeguard some do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.model.cql import OnlineTable
from tests.model.history import run
from tests.model.safeguards import ALL, Safeguards
from tests.model.verdict import anchor
from tests.model.world import Receipt, watermark

VECTORS = Path(__file__).parents[2] / "test" / "vectors" / "watermark.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]

HISTORIES, PARTS = 20_000, 4


@pytest.mark.parametrize("part", range(PARTS))
def test_no_history_diverges(part: int) -> None:
    for seed in range(part, HISTORIES, PARTS):
        if run(seed, Safeguards()):
            pytest.fail(told(seed, Safeguards()), pytrace=False)


@pytest.mark.parametrize("name", list(ALL))
def test_some_history_diverges_without(name: str) -> None:
    safeguards = Safeguards().without(name)
    seed = next((seed for seed in range(HISTORIES) if run(seed, safeguards)), None)
    assert seed is not None
    assert told(seed, safeguards) == told(seed, safeguards)


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_the_model_and_its_verdict_have_the_watermark_of_the_library(case: dict[str, Any]) -> None:
    receipts = [Receipt(gap["from"], gap["to"], stamp, None) for stamp, gap in enumerate(case["gaps"])]
    assert watermark(receipts).version == case["watermark"]
    assert anchor(receipts) == case["watermark"]


def test_of_two_writes_at_one_time_the_online_store_keeps_the_greater_cell() -> None:
    table = OnlineTable(window=None)
    table.create(["a", "b"])
    table.write(0, [("a", 1), ("b", 2)], timestamp=10, ttl=None, now=0)
    table.write(0, [("a", 2), ("b", 1)], timestamp=10, ttl=None, now=0)
    assert table.read(0, now=0) == {"a": 2, "b": 2}
    table.write(0, [("a", None)], timestamp=10, ttl=5, now=0)
    assert table.read(0, now=0) == {"a": None, "b": 2}
    table.write(0, [("b", 0)], timestamp=10, ttl=5, now=0)
    assert table.read(0, now=4) == {"a": None, "b": 0}
    assert table.read(0, now=5) is None
    table.write(1, [("a", 1)], timestamp=10, ttl=None, now=0)
    table.delete(1, timestamp=10, now=0)
    table.write(1, [("a", 1)], timestamp=10, ttl=None, now=0)
    assert table.read(1, now=0) is None
    table.write(1, [("b", 1)], timestamp=11, ttl=None, now=0)
    assert table.read(1, now=0) == {"a": None, "b": 1}


def told(seed: int, safeguards: Safeguards) -> str:
    """A history, step by step, and how to see it again."""
    steps: list[str] = []
    found = run(seed, safeguards, steps.append)
    return "\n".join([f"python -m tests.model --replay {seed}", *steps, str(found)])
