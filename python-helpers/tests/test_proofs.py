"""When a changed proof may build on what was proved before."""

from __future__ import annotations

import json
from typing import Any

from twinstore.proofs import Chain, unbroken


def proof(id_: str, at: int, how: str = "full", verdict: str = "in_parity", base: str | None = None) -> dict[str, Any]:
    coverage = {
        "how": how,
        "keys_compared": 10,
        "keys_total": 500 if how == "full" else None,
        "extra_checked": how == "full",
        "base_proof": base,
    }
    return {"id": id_, "version": at, "verdict": verdict, "coverage": json.dumps(coverage), "at_us": at}


def test_no_proof_is_no_chain() -> None:
    assert unbroken([]) is None


def test_a_full_proof_is_a_chain_of_one() -> None:
    assert unbroken([proof("a", 1)]) == Chain("a", 1, 500)


def test_the_newest_link_counts_and_the_root_gives_the_size() -> None:
    proofs = [proof("a", 1), proof("c", 3, "changed", base="b"), proof("b", 2, "changed", base="a")]
    assert unbroken(proofs) == Chain("c", 3, 500)


def test_a_difference_breaks_the_chain() -> None:
    assert unbroken([proof("a", 1), proof("b", 2, verdict="out_of_parity")]) is None
    assert (
        unbroken([proof("a", 1), proof("b", 2, "changed", "out_of_parity", "a"), proof("c", 3, "changed", base="b")])
        is None
    )


def test_a_full_proof_after_a_difference_begins_anew() -> None:
    assert unbroken([proof("a", 1, verdict="out_of_parity"), proof("b", 2)]) == Chain("b", 2, 500)


def test_a_missing_link_breaks_the_chain() -> None:
    assert unbroken([proof("c", 3, "changed", base="gone")]) is None


def test_a_proof_cannot_build_on_itself_or_on_a_later_one() -> None:
    assert unbroken([proof("a", 1, "changed", base="a")]) is None
    assert unbroken([proof("a", 1, "changed", base="b"), proof("b", 2, "changed", base="a")]) is None


def test_sampled_and_inconclusive_proofs_do_not_count() -> None:
    proofs = [proof("a", 1), proof("b", 2, "sampled", "out_of_parity"), proof("c", 3, verdict="unknown")]
    assert unbroken(proofs) == Chain("a", 1, 500)
