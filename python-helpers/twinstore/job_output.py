"""What a verb of `python -m twinstore` says, to a program (one JSON event a line) or to a person (words)."""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import suppress
from typing import Any, Protocol

from .errors import TwinstoreError
from .progress import TerminalLine, progress_words


class JobOutput(Protocol):
    """Told of everything a verb does, from any thread."""

    def started(self) -> None: ...

    def progress(self, stage: str, done: int, total: int | None, unit: str) -> None: ...

    def log(self, text: str) -> None: ...

    def result(self, result: dict[str, Any], words: str) -> None: ...

    def failed(self, error: TwinstoreError) -> None: ...

    def stopped(self) -> None: ...


class Events:
    """The events of `IJobEvent` (contract/jobs.ts), without number and time, on what was stdout.

    Everything else that this process and its children print on stdout (Spark's JVM does) goes to stderr from now on,
    so that no event is torn.
    """

    def __init__(self) -> None:
        # Unbuffered: a pipe that broke would fail once more at exit.
        self._stream = os.fdopen(os.dup(1), "wb", buffering=0)
        sys.stdout.flush()
        os.dup2(2, 1)
        self._lock = threading.Lock()
        self._last_step: dict[str, Any] = {}

    def started(self) -> None:
        self._say({"type": "started"})

    def progress(self, stage: str, done: int, total: int | None, unit: str) -> None:
        # The library ends a line of progress by this name; here the result ends it.
        if stage == "done":
            return
        step = {"type": "progress", "stage": stage, "done": done, "total": total, "unit": unit}
        if step != self._last_step:
            self._last_step = step
            self._say(step)

    def log(self, text: str) -> None:
        self._say({"type": "log", "text": text})

    def result(self, result: dict[str, Any], words: str) -> None:
        self._say({"type": "result", "result": result})

    def failed(self, error: TwinstoreError) -> None:
        self._say({"type": "failed", "error": error.to_body()})

    def stopped(self) -> None:
        self._say({"type": "stopped"})

    def _say(self, event: dict[str, Any]) -> None:
        line = (json.dumps(event) + "\n").encode()
        # Whoever listened may be gone; that ends the work only when standard input says so too.
        with self._lock, suppress(BrokenPipeError):
            self._stream.write(line)


class Words:
    """Results on stdout; progress and the rest on stderr: one line that updates in a terminal, else one a stage."""

    def __init__(self) -> None:
        self._line = TerminalLine(sys.stderr) if sys.stderr.isatty() else None
        self._stage = ""

    def started(self) -> None:
        return

    def progress(self, stage: str, done: int, total: int | None, unit: str) -> None:
        if self._line is not None:
            self._line(stage, done, total, unit)
        elif stage not in (self._stage, "done"):
            print(progress_words(stage, done, total, unit), file=sys.stderr, flush=True)
        self._stage = stage

    def log(self, text: str) -> None:
        self._end_line()
        print(text, file=sys.stderr, end="" if text.endswith("\n") else "\n", flush=True)

    def result(self, result: dict[str, Any], words: str) -> None:
        self._end_line()
        print(words, flush=True)

    def failed(self, error: TwinstoreError) -> None:
        self._end_line()
        print(f"{error.message}\n{error.remedy}", file=sys.stderr, flush=True)

    def stopped(self) -> None:
        self._end_line()
        print("Stopped.", file=sys.stderr, flush=True)

    def _end_line(self) -> None:
        if self._line is not None and self._stage not in ("", "done"):
            self._line("done", 1, 1, "")
            self._stage = "done"
