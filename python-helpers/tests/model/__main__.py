"""The table: what diverges with each safeguard taken away. Or one history, told step by step."""

from __future__ import annotations

import argparse
import sys

from .history import run
from .safeguards import ALL, OPEN, OPEN_ONES, Safeguards
from .verdict import STUCK

_NAMES = [name for name, _, _ in ALL]


def main() -> int:
    """Exit code 0 when no history diverges with all safeguards, and some with any of them taken away."""
    parser = argparse.ArgumentParser("python -m tests.model", description=__doc__)
    parser.add_argument("--histories", type=int, default=20_000, metavar="N", help="seeds 0 to N − 1")
    parser.add_argument("--replay", type=int, metavar="SEED", help="tell the history of this seed")
    parser.add_argument(
        "--without", nargs="+", choices=_NAMES, default=[], metavar="NAME", help="safeguards to take away"
    )
    chosen = parser.parse_args()
    if chosen.replay is None:
        return _table(chosen.histories)
    found = run(chosen.replay, Safeguards().without(*chosen.without), print)
    print(found or "the stores agree")
    return 1 if found else 0


def _table(histories: int) -> int:
    print(f"Of {histories} histories, how many end with stores that differ, and in how many {STUCK}.\n")
    print("| without | | | differ | stuck |\n|---|---|---|--:|--:|")
    good = _line("(nothing)", "", "", histories) == 0
    for name, kind, what in ALL:
        good = _line(name, kind, what, histories, name) > 0 and good
    _line("(all that are open)", OPEN, "the library as it is", histories, *OPEN_ONES)
    return 0 if good else 1


def _line(name: str, kind: str, what: str, histories: int, *taken: str) -> int:
    safeguards = Safeguards().without(*taken)
    found = [problem for seed in range(histories) if (problem := run(seed, safeguards))]
    stuck = sum(problem.startswith(STUCK) for problem in found)
    print(f"| {name} | {kind} | {what} | {len(found) - stuck} | {stuck} |", flush=True)
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
