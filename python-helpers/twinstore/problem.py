"""What is wrong before anything is written: everything at once, each with its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import TwinstoreError


@dataclass(frozen=True)
class Problem:
    """One thing that stands in the way, and what to do about it."""

    message: str
    remedy: str


def refuse(what: str, problems: Sequence[Problem]) -> None:
    """Raises one error that lists all `problems`; does nothing when there is none."""
    if not problems:
        return
    if len(problems) == 1:
        raise TwinstoreError("bad_request", f"{what}: {problems[0].message}", problems[0].remedy)
    listed = "\n".join(f"({n}) {problem.message} {problem.remedy}" for n, problem in enumerate(problems, 1))
    raise TwinstoreError("bad_request", f"{what}, for {len(problems)} reasons:", listed)
