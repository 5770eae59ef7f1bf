"""Long work as jobs: children whose events can be read again from any number.

A child is `python -m twinstore VERB … --json`, or the command where the work needs no Spark.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
import uuid
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..errors import TwinstoreError, redact
from ..node import find_node, node_bundle
from .job_requests import JobRequest
from .lines import lines
from .processes import how_it_ended, signal_group

_KEPT_JOBS = 50
_KEPT_EVENTS = 5_000
_LOG_LINE = 4_000
_LOG_TOTAL = 1_000_000
# A result holds whole receipts and a report.
_EVENT_LINE = 16 * 1024 * 1024
# What `python -m twinstore` says last where it is not installed.
_NO_TWINSTORE = ": No module named twinstore"

_STATES = {"result": "succeeded", "failed": "failed", "stopped": "stopped"}
_TYPES = {"started", "progress", "log", *_STATES}


@dataclass(frozen=True)
class Grace:
    """Seconds that a job gets to end: after *Stop* before it is told more firmly, then before it is killed; and after
    it said how it ended."""

    stop_s: float = 20
    terminate_s: float = 5
    leave_s: float = 15


class Job:
    """One child and what it said. Ended when it said `result`, `failed` or `stopped`, exactly one of them."""

    def __init__(self, request: JobRequest, grace: Grace) -> None:
        self.id = uuid.uuid4().hex[:12]
        self.request = request
        self.state = "running"
        self._grace = grace
        self._started_us = _now_us()
        self._ended_us: int | None = None
        self._progress: dict[str, Any] | None = None
        self._result: dict[str, Any] | None = None
        self._error: dict[str, Any] | None = None
        self._events: deque[dict[str, Any]] = deque(maxlen=_KEPT_EVENTS)
        self._last_seq = 0
        self._log_left = _LOG_TOTAL
        self._news = asyncio.Condition()
        self._python = ""
        self._process: Process | None = None
        self._is_stopping = False
        self._life: asyncio.Task[None] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The job as `IJob` of the contract."""
        return {
            "id": self.id,
            "verb": self.request.verb,
            "args": self.request.args,
            "title": self.request.title,
            "output": self.request.output,
            "state": self.state,
            "started_us": self._started_us,
            "ended_us": self._ended_us,
            "progress": self._progress,
            "result": self._result,
            "error": self._error,
            "last_seq": self._last_seq,
        }

    async def start(self, python: str) -> None:
        """Starts the child. Raises `TwinstoreError` when there is no such interpreter, or no Node."""
        self._python = python
        if self.request.is_command:
            node = await asyncio.to_thread(find_node)
            command = [node, str(node_bundle("cli.js")), *self.request.arguments]
        else:
            command = [python, "-m", "twinstore", *self.request.arguments, "--json", "--until-stdin-closes"]
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                start_new_session=True,
                env={**os.environ, "TWINSTORE_PYTHON": python},
            )
        except OSError as error:
            raise TwinstoreError(
                "unavailable", f"{command[0]} could not be started: {error.strerror}.", "Correct TWINSTORE_PYTHON."
            ) from error
        self._life = asyncio.create_task(self._live(self._process))

    async def events(self, first: int) -> AsyncIterator[dict[str, Any]]:
        """The events from number `first` (the oldest is 1), and those to come until the job has ended.

        Old progress and log lines may be missing when there were more than are kept; numbers tell.
        """
        position = first
        while True:
            async with self._news:
                while self._last_seq < position and self.state == "running":
                    await self._news.wait()
                fresh = [event for event in self._events if event["seq"] >= position]
                has_ended = self.state != "running"
            for event in fresh:
                yield event
                position = event["seq"] + 1
            if has_ended:
                return

    async def stop(self) -> None:
        """Tells the child to stop and returns; what comes of it is an event."""
        if self.state == "running" and not self._is_stopping:
            self._is_stopping = True
            self._signal(signal.SIGINT)
            # A child that is deaf says nothing, and yet its time runs from now.
            async with self._news:
                self._news.notify_all()

    async def end(self) -> None:
        """Stops the child and waits until it and all of its group are gone."""
        await self.stop()
        if self._life is not None:
            await self._life

    async def _live(self, process: Process) -> None:
        assert process.stdout is not None and process.stderr is not None
        readers = [
            asyncio.create_task(self._read_events(process.stdout)),
            asyncio.create_task(self._read_log(process.stderr)),
        ]
        try:
            await self._until_gone(process)
            # A grandchild that outlived the child would hold the pipes open.
            signal_group(process.pid, signal.SIGKILL)
            await asyncio.wait(readers, timeout=self._grace.terminate_s)
        finally:
            for reader in readers:
                reader.cancel()
            signal_group(process.pid, signal.SIGKILL)
            if self.state == "running":
                await self._add(self._unsaid(process))

    async def _until_gone(self, process: Process) -> None:
        gone = asyncio.create_task(process.wait())
        asked = asyncio.create_task(self._wait_for_end())
        await asyncio.wait({gone, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        patience_s = self._grace.stop_s if self.state == "running" else self._grace.leave_s
        for limit_s, firmer in ((patience_s, signal.SIGTERM), (self._grace.terminate_s, signal.SIGKILL)):
            await asyncio.wait({gone}, timeout=limit_s)
            if gone.done():
                return
            signal_group(process.pid, firmer)
        await gone

    async def _wait_for_end(self) -> None:
        async with self._news:
            await self._news.wait_for(lambda: self._is_stopping or self.state != "running")

    async def _read_events(self, stream: asyncio.StreamReader) -> None:
        async for line in lines(stream, _EVENT_LINE):
            event = _as_event(line)
            if event is None:
                await self._log(line)
            elif event["type"] == "log":
                await self._log(str(event["text"]))
            else:
                await self._add(event)

    async def _read_log(self, stream: asyncio.StreamReader) -> None:
        async for line in lines(stream, _LOG_LINE):
            await self._log(line)

    async def _log(self, text: str) -> None:
        if self._log_left <= 0 or not text.strip():
            return
        text = redact(text)[: self._log_left]
        self._log_left -= len(text)
        if self._log_left <= 0:
            text = f"{text}\n(The rest of the log is not kept: it has more than {_LOG_TOTAL:,} characters.)"
        await self._add({"type": "log", "text": text})

    async def _add(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if self.state != "running":
            # It has said how it ended; whatever a dying child adds changes nothing.
            return
        async with self._news:
            self._last_seq += 1
            self._events.append({"seq": self._last_seq, "at_us": _now_us(), **event})
            if kind == "progress":
                self._progress = {name: event.get(name) for name in ("stage", "done", "total", "unit")}
            elif kind == "result":
                self._result = event["result"]
            elif kind == "failed":
                self._error = event["error"]
            if kind in _STATES:
                self.state = _STATES[kind]
                self._ended_us = _now_us()
            self._news.notify_all()

    def _unsaid(self, process: Process) -> dict[str, Any]:
        """The last event of a child that ended without one."""
        if self._is_stopping:
            return {"type": "stopped"}
        tail = [event["text"] for event in self._events if event["type"] == "log"][-20:]
        if any(text.endswith(_NO_TWINSTORE) for text in tail):
            return {"type": "failed", "error": self._without_twinstore().to_body(self.id)}
        error = TwinstoreError(
            "internal",
            f"The process of this job ended {how_it_ended(process.returncode or 0)} and did not say why.",
            "Look at its last log lines; run it again, for a run takes up where it was left.",
            details="\n".join(tail),
        )
        return {"type": "failed", "error": error.to_body(self.id)}

    def _without_twinstore(self) -> TwinstoreError:
        return TwinstoreError(
            "unavailable",
            f"The interpreter of this job, {self._python}, has no twinstore.",
            f"Run `{self._python} -m pip install twinstore`, or point TWINSTORE_PYTHON to one that has it.",
        )

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            signal_group(self._process.pid, number)


class Jobs:
    """The jobs of this server, newest first; the last 50 that ended are remembered."""

    def __init__(self, python: Callable[[], str], grace: Grace | None = None) -> None:
        self._python = python
        self._grace = grace or Grace()
        self._jobs: dict[str, Job] = {}

    async def start(self, request: JobRequest) -> Job:
        """Starts a job."""
        job = Job(request, self._grace)
        await job.start(self._python())
        self._jobs[job.id] = job
        ended = [each for each in self._jobs.values() if each.state != "running"]
        for old in ended[:-_KEPT_JOBS]:
            del self._jobs[old.id]
        return job

    def all(self) -> list[Job]:
        """Every job known, newest first."""
        return list(reversed(self._jobs.values()))

    def get(self, job_id: str) -> Job:
        """Raises `TwinstoreError` (`not_found`) when there is none."""
        job = self._jobs.get(job_id)
        if job is None:
            raise TwinstoreError(
                "not_found",
                f"There is no job {job_id}.",
                "Load the list of runs again; jobs do not outlive the Jupyter server.",
            )
        return job

    async def close(self) -> None:
        """Ends every job."""
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*(job.end() for job in self._jobs.values()))


def _as_event(line: str) -> dict[str, Any] | None:
    """The event that a line of the child is; None when it is some other output."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    if not isinstance(event, dict) or event.get("type") not in _TYPES:
        return None
    needed = {"log": "text", "result": "result", "failed": "error"}.get(event["type"])
    if needed is not None and needed not in event:
        return None
    return event


def _now_us() -> int:
    return time.time_ns() // 1_000
