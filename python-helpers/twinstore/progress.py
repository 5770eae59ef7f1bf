"""Progress of long work: one call per step, and where it is shown when nobody says otherwise."""

from __future__ import annotations

import sys
import time
from html import escape
from typing import Any, Callable, Protocol, TextIO, cast

MIME = "application/vnd.twinstore.progress+json"


class Progress(Protocol):
    """Told of every step: `done` of `total` (None when unknown) `unit` of `stage`. Must be quick, and may be called
    from another thread than the one that works."""

    def __call__(self, stage: str, done: int, total: int | None, unit: str) -> None: ...


def silent(stage: str, done: int, total: int | None, unit: str) -> None:
    """Shows nothing."""


def default_progress() -> Progress:
    """One line that updates: in the output of the cell in a notebook, on stderr in a terminal; else nothing."""
    display = notebook_display()
    if display is not None:
        shell = sys.modules["IPython"].get_ipython()
        return NotebookLine(display, lambda: shell.execution_count)
    if sys.stderr is not None and sys.stderr.isatty():
        return TerminalLine(sys.stderr)
    return silent


def progress_words(stage: str, done: int, total: int | None, unit: str) -> str:
    """The line in words, such as `writing online: 12 of 40 rows` or `comparing: 40 %`."""
    if unit == "%":
        return f"{stage}: {done} %"
    if total is None:
        return f"{stage}: {done:,} {unit}" if done else stage
    return f"{stage}: {done:,} of {total:,} {unit}"


#: A stage tells how fast it goes, and how long it will take, once it has gone on for so long and come so far.
_PACE_AFTER_S = 2.0
_PACE_AFTER_SHARE = 0.05


class PacedWords:
    """Words of one step after another, such as `writing online: 12 of 40 rows, 6 rows/s, about 5 s left`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stage = ""
        self._begun = 0.0

    def __call__(self, stage: str, done: int, total: int | None, unit: str) -> str:
        now = self._clock()
        if stage != self._stage:
            self._stage, self._begun = stage, now
        words = progress_words(stage, done, total, unit)
        passed = now - self._begun
        if total is None or passed < _PACE_AFTER_S or not _PACE_AFTER_SHARE * total <= done < total:
            return words
        rate = done / passed
        if unit != "%":
            words += f", {rate:,.{0 if rate >= 1 else 1}f} {unit}/s"
        return f"{words}, about {_duration((total - done) / rate)} left"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


class TerminalLine:
    """One line of a terminal, written over itself; ended by the first stage named `done`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._words = PacedWords()
        self._width = 0

    def __call__(self, stage: str, done: int, total: int | None, unit: str) -> None:
        words = self._words(stage, done, total, unit)
        self._stream.write("\r" + words.ljust(self._width))
        self._width = len(words)
        if stage == "done":
            self._stream.write("\n")
            self._width = 0
        self._stream.flush()


class NotebookLine:
    """One output of the running cell, updated in place; a new one for each run of work.

    `display` is IPython's, and `cell` tells the running cell from others. The bundle carries the step as JSON too, so
    that a program that runs the notebook can follow it.
    """

    def __init__(self, display: Callable[..., Any], cell: Callable[[], object] = lambda: None) -> None:
        self._display = display
        self._words = PacedWords()
        self._cell = cell
        self._shown_in: object = None
        self._handle: Any = None

    def __call__(self, stage: str, done: int, total: int | None, unit: str) -> None:
        words = self._words(stage, done, total, unit)
        bundle = {
            "text/plain": words,
            "text/html": f"<div>{_bar(done, total)} {escape(words)}</div>",
            MIME: {"stage": stage, "done": done, "total": total, "unit": unit},
        }
        # Work that was interrupted leaves its line behind, in a cell that is over.
        if self._handle is None or self._cell() != self._shown_in:
            self._shown_in = self._cell()
            self._handle = self._display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
        if stage == "done":
            self._handle = None


class Throttled:
    """Passes on the first and last step of every stage, and between them at most one step each `interval_s`."""

    def __init__(self, sink: Progress, interval_s: float = 0.2, clock: Callable[[], float] = time.monotonic) -> None:
        self._sink = sink
        self._interval_s = interval_s
        self._clock = clock
        self._last: tuple[str, float] = ("", 0.0)

    def __call__(self, stage: str, done: int, total: int | None, unit: str) -> None:
        now = self._clock()
        last_stage, last_time = self._last
        if stage == last_stage and done != total and now - last_time < self._interval_s:
            return
        self._last = (stage, now)
        self._sink(stage, done, total, unit)


def _bar(done: int, total: int | None) -> str:
    if not total:
        return ""
    return f'<progress max="{total}" value="{min(done, total)}" aria-hidden="true"></progress>'


def notebook_display() -> Callable[..., Any] | None:
    """IPython's `display` when this process is a kernel. A kernel has loaded IPython already; nobody else has to."""
    ipython = sys.modules.get("IPython")
    if ipython is None:
        return None
    shell = ipython.get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return None
    return cast("Callable[..., Any]", ipython.display.display)
