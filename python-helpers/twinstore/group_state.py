"""The shown state of a feature group: twin of `src/contract/group_state.ts`, bound by vectors to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: The glyph of each state, worst first. Decoration only: the words carry the meaning.
STATE_GLYPH = {"unreachable": "✕", "differs": "▲", "behind": "◐", "unknown": "○", "in_parity": "●"}


@dataclass(frozen=True)
class LastProof:
    """The newest proof whose coverage is full or changed and whose verdict is not `unknown`."""

    verdict: str
    version: int | None
    at_us: int
    #: Keys whose rows differ.
    differing: int


@dataclass(frozen=True)
class GroupFacts:
    """What the shown state follows from."""

    #: Stores that did not answer, such as `Cassandra`; empty when all did.
    unreachable: Sequence[str]
    #: Head version of the Delta table.
    head: int
    #: Version up to which all is online; −1 when nothing is.
    watermark: int
    #: Runs of this group that are in flight.
    running: int
    #: Rows set aside in `failed_rows` that still are not online.
    failed_rows: int
    #: Version that the online store was set back to on purpose.
    materialized_at: int | None
    #: Whose the online table is: `own` when it names this Delta table, `foreign` when it names another or none,
    #: `missing` when there is none. `own` as well while the online store does not answer.
    online_table: str
    last_receipt_us: int | None
    last_proof: LastProof | None
    proof_max_age_s: int
    now_us: int


@dataclass(frozen=True)
class ShownState:
    """A state with the words that stand beside its glyph."""

    state: str
    words: str


def group_state(facts: GroupFacts) -> ShownState:
    """The one rule for what a group's state is said to be: the first that holds."""
    if facts.unreachable:
        return ShownState("unreachable", f"{' and '.join(facts.unreachable)} unreachable")
    if facts.online_table == "foreign":
        return ShownState("differs", "foreign online table")
    # Before the first write there is none, and nothing is wrong.
    if facts.online_table == "missing" and facts.watermark >= 0:
        return ShownState("differs", "online table missing")
    proof = facts.last_proof
    if proof is not None and proof.verdict == "out_of_parity":
        return ShownState("differs", counted(proof.differing, "row differs", "rows differ"))
    if facts.failed_rows > 0:
        return ShownState("differs", counted(facts.failed_rows, "row failed", "rows failed"))
    if facts.materialized_at is not None:
        return ShownState("differs", f"online set to v{facts.materialized_at}")
    if facts.running > 0:
        return ShownState("behind", "write in flight")
    lag = facts.head - facts.watermark
    if lag > 0:
        return ShownState("behind", f"{lag:,} behind")
    return _proved(facts, proof)


def _proved(facts: GroupFacts, proof: LastProof | None) -> ShownState:
    if proof is None or proof.version is None:
        return ShownState("unknown", "never proved")
    proved = f"proved at v{proof.version}"
    if proof.version < facts.head:
        ago = counted(facts.head - proof.version, "version ago", "versions ago")
        return ShownState("unknown", f"{proved}, {ago}")
    if facts.last_receipt_us is not None and proof.at_us < facts.last_receipt_us:
        return ShownState("unknown", f"{proved}, before the last write")
    if facts.now_us - proof.at_us > facts.proof_max_age_s * 1_000_000:
        return ShownState("unknown", f"{proved}, proof too old")
    return ShownState("in_parity", "in parity")


def counted(n: int, one: str, many: str) -> str:
    """`n` in words, such as `1 row` or `5,560 rows`."""
    return f"{n:,} {one if n == 1 else many}"
