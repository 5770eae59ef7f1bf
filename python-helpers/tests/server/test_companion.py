"""The life of the companion: start, crash, give up, restart, idle, end."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tornado.httputil import HTTPHeaders

from twinstore.errors import TwinstoreError
from twinstore.node import find_node, node_bundle
from twinstore.server.companion import Companion, Limits
from twinstore.server.health import Address
from twinstore.server.upstream import Exchange

from .live import FAKE, is_alive, running_below

QUICK = Limits(start_s=20, stop_s=0.3, restarts_s=(0.01, 0.02, 0.04), watch_s=0.1, answer_s=0.5)


class Life:
    """A companion over the fake with `flags`, and the commands it was started by."""

    def __init__(self, folder: Path, *flags: str, limits: Limits = QUICK) -> None:
        self.starts = 0
        self.flags = list(flags)
        self.companion = Companion(self._command, folder, logging.getLogger("test"), limits)

    def _command(self) -> list[str]:
        self.starts += 1
        return [shutil.which("node") or "node", str(FAKE), *self.flags]

    async def state(self, wanted: str, limit_s: float = 20) -> None:
        deadline = time.monotonic() + limit_s
        while self.companion.state != wanted:
            assert time.monotonic() < deadline, f"{self.companion.state}, not {wanted}: {list(self.companion.log)}"
            await asyncio.sleep(0.02)

    async def logged(self, prefix: str) -> str:
        deadline = time.monotonic() + 20
        while True:
            for line in self.companion.log:
                if line.startswith(prefix):
                    return line.removeprefix(prefix)
            assert time.monotonic() < deadline, list(self.companion.log)
            await asyncio.sleep(0.02)


def lives(life: Life, story: Callable[[], Awaitable[None]]) -> None:
    """Runs the story and ends the companion, however it went."""

    async def told() -> None:
        try:
            await story()
        finally:
            await life.companion.close()

    asyncio.run(asyncio.wait_for(told(), 60))


class Answer:
    """Collects one answer."""

    def __init__(self) -> None:
        self.status = 0
        self.body = b""

    def begin(self, status: int, headers: HTTPHeaders) -> None:
        self.status = status

    async def receive(self, chunk: bytes) -> None:
        self.body += chunk


async def ask(address: Address, path: str, body: dict[str, Any] | None = None, secret: str | None = None) -> Answer:
    answer = Answer()
    exchange = await Exchange.open(address.socket)
    text = json.dumps(body).encode() if body is not None else b""
    headers = HTTPHeaders({"X-Twinstore-Secret": secret or address.secret, "Content-Length": str(len(text))})
    await exchange.begin("GET" if body is None else "POST", path, headers)
    await exchange.send(text)
    exchange.end()
    await exchange.answer(answer)
    return answer


def test_it_starts_on_first_use_and_once(short_folder: Path) -> None:
    life = Life(short_folder)

    async def story() -> None:
        assert life.companion.state == "stopped"
        first, second = await asyncio.gather(life.companion.ensure(), life.companion.ensure())
        assert first == second
        assert life.companion.state == "ready"
        assert life.companion.version == "9.9.9"
        assert life.starts == 1

    lives(life, story)


def test_it_refuses_whoever_lacks_the_secret(short_folder: Path) -> None:
    life = Life(short_folder)

    async def story() -> None:
        address = await life.companion.ensure()
        assert (await ask(address, "/health")).status == 200
        assert (await ask(address, "/health", secret="0" * 64)).status == 403

    lives(life, story)


def test_the_real_one_is_understood_and_refuses_whoever_lacks_the_secret(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINSTORE_CONFIG", str(short_folder / "nowhere.toml"))
    (short_folder / "run").mkdir()
    log = logging.getLogger("test")
    companion = Companion(lambda: [find_node(), str(node_bundle("companion.js"))], short_folder / "run", log)

    async def story() -> None:
        try:
            address = await companion.ensure()
            assert companion.state in ("ready", "degraded")
            # It has no settings, and says so by itself.
            assert (await ask(address, "/groups", {})).status == 404
            for path in ("/health", "/groups", "/receipts", "/nowhere"):
                assert (await ask(address, path, {}, secret="0" * 64)).status == 403
            assert (await ask(address, "/health", secret="0" * 64)).status == 403
        finally:
            await companion.close()

    asyncio.run(asyncio.wait_for(story(), 60))


def test_a_crash_is_followed_by_restarts_then_by_failed_with_the_log(short_folder: Path) -> None:
    life = Life(short_folder, "--crash-at-start")

    async def story() -> None:
        with pytest.raises(TwinstoreError, match="ended with code 3") as caught:
            await life.companion.ensure()
        assert caught.value.code == "unavailable"
        assert life.companion.state == "failed"
        assert life.starts == 1 + len(QUICK.restarts_s)
        assert any("cannot start" in line for line in life.companion.log)
        assert "AKIAABCDEFGHIJKLMNOP" not in "\n".join(life.companion.log)
        # A failed one stays so, and says so at once, in an error of its own: one object would gather all tracebacks.
        with pytest.raises(TwinstoreError) as again:
            await life.companion.ensure()
        assert again.value is not caught.value
        assert again.value.to_body() == caught.value.to_body()
        assert life.starts == 1 + len(QUICK.restarts_s)
        life.flags = []
        await life.companion.restart()
        await life.companion.ensure()
        assert life.companion.state == "ready"
        assert life.companion.error is None

    lives(life, story)


def test_the_pauses_are_those_of_the_design() -> None:
    assert Limits().restarts_s == (1, 2, 4, 8, 16)
    assert Limits().window_s == 60


def test_a_killed_one_is_back_at_another_socket_with_another_secret(short_folder: Path) -> None:
    life = Life(short_folder, "--with-child")

    async def story() -> None:
        before = await life.companion.ensure()
        child = int(await life.logged("child "))
        os.kill(os.getpgid(child), signal.SIGKILL)
        await life.state("starting")
        after = await life.companion.ensure()
        assert after.socket != before.socket
        assert after.secret != before.secret
        assert not is_alive(child)
        assert not Path(before.socket).exists()

    lives(life, story)


def test_another_protocol_is_final(short_folder: Path) -> None:
    life = Life(short_folder, "--protocol", "2")

    async def story() -> None:
        with pytest.raises(TwinstoreError, match="speaks protocol 2, this server speaks 1"):
            await life.companion.ensure()
        assert life.companion.state == "failed"
        assert life.starts == 1

    lives(life, story)


def test_one_that_runs_but_cannot_serve_is_degraded_and_says_why(short_folder: Path) -> None:
    life = Life(short_folder, "--unwell")

    async def story() -> None:
        await life.companion.ensure()
        assert life.companion.state == "degraded"
        assert life.companion.error is not None
        assert life.companion.error.message == "No settings."

    lives(life, story)


def test_one_that_never_listens_does_not_hold_callers_for_ever(short_folder: Path) -> None:
    life = Life(short_folder, "--never-listen", limits=Limits(start_s=0.4, stop_s=0.3, restarts_s=()))

    async def story() -> None:
        with pytest.raises(TwinstoreError) as caught:
            await life.companion.ensure()
        assert caught.value.code == "unavailable"
        await life.state("failed")

    lives(life, story)


def test_one_that_hangs_is_degraded_then_started_again(short_folder: Path) -> None:
    life = Life(short_folder)

    async def story() -> None:
        address = await life.companion.ensure()
        hang = asyncio.create_task(ask(address, "/groups/get", {"fault": "hang"}))
        await life.state("degraded")
        await life.state("ready")
        assert life.starts == 2
        await hang

    lives(life, story)


def test_its_end_takes_all_that_it_started_even_when_it_is_deaf(short_folder: Path) -> None:
    life = Life(short_folder, "--deaf", "--with-child")
    children = []

    async def story() -> None:
        await life.companion.ensure()
        children.append(int(await life.logged("child ")))
        children.append(os.getpgid(children[0]))
        assert all(map(is_alive, children))

    lives(life, story)
    assert not any(map(is_alive, children))
    assert list(short_folder.iterdir()) == []


def test_an_idle_one_ends_and_starts_again_on_use(short_folder: Path) -> None:
    life = Life(short_folder, limits=Limits(stop_s=1, watch_s=0.05, idle_s=0.2))

    async def story() -> None:
        await life.companion.ensure()
        await life.state("stopped")
        assert life.companion.error is None
        await life.companion.ensure()
        assert life.starts == 2

    lives(life, story)


def test_a_closed_one_is_not_started_by_a_late_request(short_folder: Path) -> None:
    life = Life(short_folder)

    async def story() -> None:
        await life.companion.ensure()
        await life.companion.close()
        with pytest.raises(TwinstoreError):
            await life.companion.ensure()
        assert life.starts == 1

    lives(life, story)


def test_a_closed_one_is_not_restarted(short_folder: Path) -> None:
    life = Life(short_folder)

    async def story() -> None:
        await life.companion.ensure()
        restart = asyncio.create_task(life.companion.restart())
        await life.companion.close()
        with suppress(TwinstoreError):
            await restart
        with pytest.raises(TwinstoreError, match="is ending"):
            await life.companion.restart()
        assert life.companion.state == "stopped"
        assert running_below(os.getpid(), str(FAKE)) == []

    lives(life, story)


def test_two_restarts_at_once_leave_one_process(short_folder: Path) -> None:
    life = Life(short_folder)

    async def story() -> None:
        await life.companion.ensure()
        await asyncio.gather(life.companion.restart(), life.companion.restart(), life.companion.restart())
        await life.companion.ensure()
        assert len(running_below(os.getpid(), str(FAKE))) == 1

    lives(life, story)


def test_its_secret_and_the_keys_of_jupyter_stay_out_of_the_log_and_of_its_reach(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "canary")
    life = Life(short_folder)

    async def story() -> None:
        address = await life.companion.ensure()
        said = await life.logged("secret ")
        assert said == "***"
        assert address.secret not in "\n".join(life.companion.log)
        (leader,) = running_below(os.getpid(), str(FAKE))
        environment = Path(f"/proc/{leader}/environ").read_bytes()
        arguments = Path(f"/proc/{leader}/cmdline").read_bytes()
        assert b"canary" not in environment
        assert address.secret.encode() not in environment + arguments

    lives(life, story)


def test_the_log_has_a_hundred_lines_at_most(short_folder: Path) -> None:
    assert Life(short_folder).companion.log.maxlen == 100


def test_missing_node_is_one_sentence_with_a_remedy(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWINSTORE_NODE", "/nowhere/node")
    companion = Companion(lambda: [find_node(), "companion.js"], short_folder, logging.getLogger("test"), QUICK)

    async def story() -> None:
        with pytest.raises(TwinstoreError, match="/nowhere/node") as caught:
            await companion.ensure()
        assert "twinstore[node]" in caught.value.remedy
        assert companion.state == "failed"

    asyncio.run(story())
