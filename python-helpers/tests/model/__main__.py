"""The table: what diverges with each safeguard taken away. Or one history, told step by step."""

from __future__ import annotations

import argparse
import sys

from .history import run
from .safeguards import ALL, Facts, Safeguards
from .verdict import STUCK


def main() -> int:
    """Exit code 0 when no history diverges with all safeguards, and some with any of them taken away."""
    parser = argparse.ArgumentParser("python -m tests.model", description=__doc__)
    parser.add_argument("--histories", type=int, default=20_000, metavar="N", help="seeds 0 to N − 1")
    parser.add_argument("--replay", type=int, metavar="SEED", help="tell the history of this seed")
    parser.add_argument(
        "--without", nargs="+", choices=list(ALL), default=[], metavar="NAME", help="safeguards to take away"
    )
    chosen = parser.parse_args()
    if chosen.replay is None:
        return _table(chosen.histories)
    found = run(chosen.replay, Safeguards().without(*chosen.without), print)
    print(found or "the stores agree")
    return 1 if found else 0


def _table(histories: int) -> int:
    print(f"Of {histories} histories, how many end with stores that differ, and in how many {STUCK}.\n")
    print("| without | safeguard | | against | differ | stuck |\n|---|---|---|---|--:|--:|")
    good = _line("(nothing)", Facts("", "", ""), histories) == 0
    for name, facts in ALL.items():
        good = _line(name, facts, histories, name) > 0 and good
    return 0 if good else 1


def _line(name: str, facts: Facts, histories: int, *taken: str) -> int:
    safeguards = Safeguards().without(*taken)
    found = [problem for seed in range(histories) if (problem := run(seed, safeguards))]
    stuck = sum(problem.startswith(STUCK) for problem in found)
    print(f"| {name} | {facts.what} | {facts.kind} | {facts.against} | {len(found) - stuck} | {stuck} |", flush=True)
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
