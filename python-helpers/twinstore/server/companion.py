"""The life of the companion, the Node service that this server starts for its user."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import time
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from logging import Logger
from pathlib import Path
from typing import Any

from tornado.iostream import StreamClosedError

from ..errors import TwinstoreError, redact, remember_secret
from .health import Address, ask_health
from .lines import lines
from .processes import how_it_ended, signal_group
from .upstream import Exchange

#: Version of the contract that this server speaks, as in `IHealth.protocol`.
PROTOCOL = 1

_LOG_LINES = 100
_LINE_LIMIT = 2_000
_POLL_S = 0.05
_REMEDY = "Look at the log below, then choose Restart."

# The companion has no business with Jupyter's own keys.
_WITHHELD = ("JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN", "JUPYTER_TOKEN", "CONFIGPROXY_AUTH_TOKEN")


@dataclass(frozen=True)
class Limits:
    """Times of the companion's life, in seconds."""

    start_s: float = 20
    stop_s: float = 3
    idle_s: float = 3_600
    #: Pauses before each restart; when there were as many within `window_s`, it has failed.
    restarts_s: tuple[float, ...] = (1, 2, 4, 8, 16)
    window_s: float = 60
    watch_s: float = 10
    answer_s: float = 10
    #: Watched answers that may fail in a row before it is taken for hung.
    misses: int = 3


class Companion:
    """Starts the companion on first use, watches it, starts it again when it dies, and ends it.

    `state` is stopped, starting, ready, degraded (it runs, but says itself that it cannot serve, or does not answer)
    or failed (given up until *Restart*). Its process leads a group of its own, which is killed as a whole; and it
    ends by itself when its stdin closes, so also after the server was killed.
    """

    def __init__(
        self, command: Callable[[], Sequence[str]], folder: Path, log: Logger, limits: Limits | None = None
    ) -> None:
        self._command = command
        self._folder = folder
        self._server_log = log
        self._limits = limits or Limits()
        self._life: asyncio.Task[None] | None = None
        self._address: Address | None = None
        self._settled = asyncio.Event()
        self._number = 0
        self._closed = False
        # One ends or starts it at a time: of two who start it, one would lose sight of a process.
        self._turn = asyncio.Lock()
        self._last_use = time.monotonic()
        self._health: dict[str, Any] = {}
        self.state = "stopped"
        self.since_us = _now_us()
        self.log: deque[str] = deque(maxlen=_LOG_LINES)
        self.error: TwinstoreError | None = None

    @property
    def version(self) -> str | None:
        """Version that the companion last named."""
        return self._health.get("version")

    @property
    def node(self) -> str | None:
        """Version of Node that the companion last named."""
        return self._health.get("node")

    async def ensure(self) -> Address:
        """Where it listens, once it does; starts it when it is stopped.

        Raises `TwinstoreError`: at once when it has failed, else when it did not come up within `start_s`.
        """
        self._last_use = time.monotonic()
        deadline = self._last_use + self._limits.start_s
        while self._address is None and self.state != "failed" and not self._closed:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                break
            if self.state == "stopped":
                self._start()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._settled.wait(), left_s)
        if self._address is not None:
            return self._address
        if self.error is not None:
            raise _fresh(self.error)
        raise TwinstoreError(
            "unavailable", "The companion is still starting.", "Try again in some seconds; its log tells more."
        )

    async def connect(self) -> tuple[Exchange, Address]:
        """An open connection to it. A refused one means that it just died, so it is waited for again."""
        deadline = time.monotonic() + self._limits.start_s
        while True:
            address = await self.ensure()
            try:
                return await Exchange.open(address.socket), address
            except (OSError, StreamClosedError) as error:
                if time.monotonic() > deadline:
                    raise TwinstoreError(
                        "unavailable", f"The companion at {address.socket} does not listen.", _REMEDY
                    ) from error
            await asyncio.sleep(_POLL_S)

    async def restart(self) -> None:
        """Ends it, forgets earlier failures, and starts it; does not wait until it is ready.

        Raises `TwinstoreError` when it was ended for good.
        """
        async with self._turn:
            if self._closed:
                raise TwinstoreError(
                    "unavailable", "This Jupyter server is ending.", "Start Jupyter again, then reload the page."
                )
            await self._stop()
            self._start()

    async def close(self) -> None:
        """Ends it for good: a late request does not start it again."""
        self._closed = True
        await self.stop()

    async def stop(self) -> None:
        """Ends it with all that it started."""
        async with self._turn:
            await self._stop()

    async def _stop(self) -> None:
        life, self._life = self._life, None
        if life is not None:
            life.cancel()
            with suppress(asyncio.CancelledError):
                await life
        self._set("stopped")

    def _start(self) -> None:
        self._set("starting")
        self._life = asyncio.get_running_loop().create_task(self._live())

    def _set(self, state: str, error: TwinstoreError | None = None) -> None:
        if state != self.state:
            self.since_us = _now_us()
            self._server_log.info("The companion is %s.%s", state, f" {error}" if error else "")
        self.state = state
        self.error = error
        if state == "starting":
            self._settled.clear()
        else:
            self._settled.set()
        if state not in ("ready", "degraded"):
            self._address = None

    async def _live(self) -> None:
        restarts: deque[float] = deque()
        try:
            while True:
                fault = await self._run()
                if fault is None:
                    self._set("stopped")
                    return
                now = time.monotonic()
                while restarts and now - restarts[0] > self._limits.window_s:
                    restarts.popleft()
                if len(restarts) == len(self._limits.restarts_s):
                    raise fault
                pause_s = self._limits.restarts_s[len(restarts)]
                restarts.append(now)
                self._note(f"{fault.message} It is started again in {pause_s:g} s.")
                self._set("starting", fault)
                await asyncio.sleep(pause_s)
        except TwinstoreError as error:
            self._note(error.message)
            self._set("failed", error)
        except Exception as error:
            # A fault of ours must be a state as well, or every request would wait for a start that never comes.
            self._server_log.exception("The companion's life ended by a fault of the server.")
            self._set("failed", TwinstoreError("internal", f"The companion could not be run: {error!r}.", _REMEDY))

    async def _run(self) -> TwinstoreError | None:
        """One process from start to end: why it has to be started again; None when it idled out.

        Raises `TwinstoreError` when another start cannot help.
        """
        command = await asyncio.to_thread(self._command)
        self._number += 1
        address = Address(str(self._folder / f"companion-{self._number}.sock"), secrets.token_hex(32))
        remember_secret(address.secret)
        environment = {name: value for name, value in os.environ.items() if name not in _WITHHELD}
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True, env=environment
            )
        except OSError as error:
            raise TwinstoreError(
                "unavailable", f"{command[0]} could not be started: {error.strerror}.", _REMEDY
            ) from error
        streams = [
            asyncio.create_task(self._keep(stream)) for stream in (process.stdout, process.stderr) if stream is not None
        ]
        try:
            if process.stdin is not None:
                process.stdin.write(json.dumps({"socket": address.socket, "secret": address.secret}).encode() + b"\n")
            return await self._until_ready(process, address) or await self._watch(process, address)
        finally:
            self._address = None
            self._settled.clear()
            # Whoever cancels this waits for its end all the same, else a deaf process would stay.
            ending = asyncio.ensure_future(self._end(process))
            try:
                await asyncio.shield(ending)
            finally:
                await ending
                for stream in streams:
                    stream.cancel()
                Path(address.socket).unlink(missing_ok=True)

    async def _until_ready(self, process: Process, address: Address) -> TwinstoreError | None:
        deadline = time.monotonic() + self._limits.start_s
        while time.monotonic() < deadline:
            if process.returncode is not None:
                return await self._ended(process)
            if await self._is_serving(address):
                return None
            await asyncio.sleep(_POLL_S)
        return TwinstoreError(
            "unavailable", f"The companion did not answer within {self._limits.start_s:g} s of its start.", _REMEDY
        )

    async def _watch(self, process: Process, address: Address) -> TwinstoreError | None:
        misses = 0
        while misses < self._limits.misses:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(process.wait(), self._limits.watch_s)
                return await self._ended(process)
            idle_s = time.monotonic() - self._last_use
            if idle_s > self._limits.idle_s:
                return None
            # Each question makes it ask its stores, so it is left alone while nobody uses it.
            if idle_s < max(self._limits.window_s, 2 * self._limits.watch_s):
                misses = 0 if await self._is_serving(address) else misses + 1
        return TwinstoreError("unavailable", f"The companion did not answer {misses} times.", _REMEDY)

    async def _is_serving(self, address: Address) -> bool:
        """Asks for its health and sets the state by the answer; false when none came.

        Raises `TwinstoreError` when it speaks another protocol.
        """
        try:
            status, health = await asyncio.wait_for(ask_health(address), self._limits.answer_s)
        except (OSError, StreamClosedError, ValueError, asyncio.TimeoutError):
            if self._address is not None:
                self._set("degraded", TwinstoreError("unavailable", "The companion does not answer.", _REMEDY))
            return False
        if status == 200 and health.get("protocol") != PROTOCOL:
            raise TwinstoreError(
                "unavailable",
                f"The companion speaks protocol {health.get('protocol')}, this server speaks {PROTOCOL}.",
                "Install one version of twinstore in JupyterLab's environment, then restart JupyterLab.",
            )
        self._address = address
        if status == 200:
            self._health = health
            self._set("ready")
        else:
            # It listens and says why it cannot serve (such as: no settings), and its answers say so too.
            self._set("degraded", _as_error(health))
        return True

    async def _ended(self, process: Process) -> TwinstoreError:
        # What it said last is why it ended: let the log have it.
        await asyncio.sleep(_POLL_S)
        return TwinstoreError(
            "unavailable",
            f"The companion ended {how_it_ended(process.returncode or 0)}.",
            _REMEDY,
            details="\n".join(self.log),
        )

    async def _end(self, process: Process) -> None:
        """Ends the process: by its stdin, then by signals to its whole group."""
        if process.stdin is not None:
            process.stdin.close()
        for gentle in (None, signal.SIGTERM):
            if process.returncode is not None:
                break
            if gentle is not None:
                signal_group(process.pid, gentle)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(process.wait(), self._limits.stop_s)
        signal_group(process.pid, signal.SIGKILL)
        await process.wait()

    async def _keep(self, stream: asyncio.StreamReader) -> None:
        async for line in lines(stream, _LINE_LIMIT):
            self._note(line)

    def _note(self, line: str) -> None:
        self.log.append(redact(line))


def _as_error(body: dict[str, Any]) -> TwinstoreError:
    return TwinstoreError(
        "unavailable",
        str(body.get("message") or "The companion runs, but cannot serve."),
        str(body.get("remedy") or _REMEDY),
        details=str(body.get("details") or ""),
    )


def _fresh(error: TwinstoreError) -> TwinstoreError:
    """The same error as a new object: one that is raised again and again gathers the tracebacks of all callers."""
    return TwinstoreError(error.code, error.message, error.remedy, side=error.side, details=error.details)


def _now_us() -> int:
    return time.time_ns() // 1_000
