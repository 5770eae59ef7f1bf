"""Timings of several ways to do one thing, taken by turns in one run, and the ratios between them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Contest:
    """`ways` do the same; each gets the number of the round. Those of a round run one after the other; `turns` says
    whether in an order that turns from round to round, so that none always follows the same one."""

    title: str
    ways: Mapping[str, Callable[[int], object]]
    turns: bool = True
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def run(self, rounds: range, warm_up: int = 0) -> None:
        """Runs all rounds; those of the warm-up come first and do not count."""
        names = list(self.ways)
        for number in rounds:
            first = number % len(names) if self.turns else 0
            for name in names[first:] + names[:first]:
                begun = time.perf_counter()
                self.ways[name](number)
                took = time.perf_counter() - begun
                counts = number - rounds.start >= warm_up
                if counts:
                    self.seconds.setdefault(name, []).append(took)
                note = "" if counts else " (warm-up)"
                print(f"  {self.title}, round {number}: {name} {took:.2f} s{note}", flush=True)

    def median(self, name: str) -> float:
        """In seconds."""
        return statistics.median(self.seconds[name])


@dataclass(frozen=True)
class Line:
    """One line of the result: how `ours` compares with `peer`, and the ratio that is the target, if there is one."""

    what: str
    ours_s: float
    peer: str
    peer_s: float
    target: float | None = None

    @property
    def ratio(self) -> float:
        return self.ours_s / self.peer_s


def table(lines: Sequence[Line]) -> str:
    """The result as a table of Markdown."""
    rows = ["| | twinstore | beside | | ratio | target |", "|---|--:|---|--:|--:|--:|"]
    for line in lines:
        target = "" if line.target is None else f"≤ {line.target:g}{'' if line.ratio <= line.target else ' (missed)'}"
        rows.append(
            f"| {line.what} | {line.ours_s:.2f} s | {line.peer} | {line.peer_s:.2f} s | {line.ratio:.2f} | {target} |"
        )
    return "\n".join(rows)
