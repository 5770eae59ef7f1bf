from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from twinstore.group_state import STATE_GLYPH, GroupFacts, LastProof, ShownState, group_state

VECTORS = Path(__file__).parents[2] / "test" / "vectors" / "group_state.json"
CASES = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]


def facts_of(raw: dict[str, Any]) -> GroupFacts:
    proof = raw["lastProof"]
    return GroupFacts(
        unreachable=raw["unreachable"],
        head=raw["head"],
        watermark=raw["watermark"],
        running=raw["running"],
        failed_rows=raw["failedRows"],
        materialized_at=raw["materializedAt"],
        online_table=raw["onlineTable"],
        last_receipt_us=raw["lastReceiptUs"],
        last_proof=None if proof is None else LastProof(**proof),
        proof_max_age_s=raw["proofMaxAgeS"],
        now_us=raw["nowUs"],
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_says_what_the_shared_vectors_say(case: dict[str, Any]) -> None:
    assert group_state(facts_of(case["facts"])) == ShownState(**case["shown"])


def test_every_state_has_a_vector() -> None:
    assert {case["shown"]["state"] for case in CASES} == set(STATE_GLYPH)
