from __future__ import annotations

import io
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from twinstore.progress import (
    MIME,
    NotebookLine,
    PacedWords,
    TerminalLine,
    Throttled,
    default_progress,
    progress_words,
    silent,
)

Step = tuple[str, int, "int | None", str]


def test_words_of_a_step() -> None:
    assert progress_words("append", 0, None, "rows") == "append"
    assert progress_words("append", 12_000, None, "rows") == "append: 12,000 rows"
    assert progress_words("compare", 12, 40, "rows") == "compare: 12 of 40 rows"
    assert progress_words("compare", 12, 100, "%") == "compare: 12 %"


def test_words_tell_the_pace_once_a_stage_has_come_far_enough() -> None:
    now = 0.0
    words = PacedWords(lambda: now)
    assert words("write", 0, None, "") == "write"
    now = 1.0
    assert words("write", 500, 2_000, "rows") == "write: 500 of 2,000 rows"
    now = 2.0
    assert words("write", 50, 2_000, "rows") == "write: 50 of 2,000 rows"
    assert words("write", 1_000, 2_000, "rows") == "write: 1,000 of 2,000 rows, 500 rows/s, about 2 s left"
    now = 400.0
    assert words("write", 100, 200, "rows") == "write: 100 of 200 rows, 0.2 rows/s, about 7 min left"
    assert words("write", 200, 200, "rows") == "write: 200 of 200 rows"
    now = 500.0
    assert words("compare", 0, None, "") == "compare"
    now = 504.0
    assert words("compare", 10, 100, "%") == "compare: 10 %, about 36 s left"


def test_a_terminal_line_is_written_over_itself() -> None:
    stream = io.StringIO()
    line = TerminalLine(stream)
    line("compare", 1, 40, "tasks")
    line("keep", 0, None, "")
    line("done", 1, 1, "")
    assert stream.getvalue().startswith("\rcompare: 1 of 40 tasks\rkeep" + " " * len(": 1 of 40 tasks"))
    assert stream.getvalue().endswith("\n")


class Displayed:
    """IPython's display, as far as progress uses it."""

    def __init__(self) -> None:
        self.outputs: list[list[dict[str, Any]]] = []

    def __call__(self, bundle: dict[str, Any], *, raw: bool, display_id: bool) -> SimpleNamespace:
        output = [bundle]
        self.outputs.append(output)
        return SimpleNamespace(update=lambda bundle, raw: output.append(bundle))


def test_a_notebook_line_updates_one_output_and_begins_another_for_other_work() -> None:
    display = Displayed()
    line = NotebookLine(display)
    line("append", 0, None, "rows")
    line("append", 10, 20, "rows")
    line("done", 1, 1, "")
    line("anchor", 0, None, "")
    assert [len(output) for output in display.outputs] == [3, 1]
    assert display.outputs[0][1][MIME] == {"stage": "append", "done": 10, "total": 20, "unit": "rows"}
    assert "append: 10 of 20 rows" in display.outputs[0][1]["text/plain"]


def test_a_notebook_line_shows_text_never_html() -> None:
    display = Displayed()
    NotebookLine(display)("<img src=x onerror=alert(1)>", 0, None, "rows")
    assert "<img" not in display.outputs[0][0]["text/html"]


def test_steps_between_the_first_and_the_last_are_thinned_out() -> None:
    steps: list[Step] = []
    now = 0.0
    throttled = Throttled(lambda *step: steps.append(step), interval_s=1.0, clock=lambda: now)
    for done in range(101):
        now = done / 100
        throttled("write", done, 100, "rows")
    throttled("keep", 0, 1, "")
    assert steps == [("write", 0, 100, "rows"), ("write", 100, 100, "rows"), ("keep", 0, 1, "")]


def test_a_step_after_the_interval_is_passed_on() -> None:
    steps: list[Step] = []
    now = 0.0
    throttled = Throttled(lambda *step: steps.append(step), interval_s=1.0, clock=lambda: now)
    throttled("write", 0, 100, "rows")
    now = 1.5
    throttled("write", 50, 100, "rows")
    assert len(steps) == 2


def test_without_a_terminal_or_a_kernel_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert default_progress() is silent


def test_in_a_kernel_the_cell_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = SimpleNamespace(
        get_ipython=lambda: SimpleNamespace(kernel=object()), display=SimpleNamespace(display=Displayed())
    )
    monkeypatch.setitem(sys.modules, "IPython", kernel)
    assert isinstance(default_progress(), NotebookLine)


def test_in_a_terminal_shell_of_ipython_stderr_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: SimpleNamespace()))
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    assert isinstance(default_progress(), TerminalLine)


def test_work_in_another_cell_has_a_line_of_its_own_though_the_last_one_was_interrupted() -> None:
    shown: list[str] = []
    cell = [1]

    def display(bundle: Any, **_: Any) -> Any:
        shown.append(bundle["text/plain"])
        return SimpleNamespace(update=lambda *_, **__: None)

    line = NotebookLine(display, lambda: cell[0])
    line("append", 1, 9, "tasks")
    line("append", 2, 9, "tasks")
    cell[0] = 2
    line("append", 3, 9, "tasks")
    assert shown == ["append: 1 of 9 tasks", "append: 3 of 9 tasks"]
