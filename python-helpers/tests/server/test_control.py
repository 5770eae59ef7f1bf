"""How a kernel or a terminal finds the companion."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path

import httpx
import pytest

from twinstore.companion_client import CompanionClient
from twinstore.errors import TwinstoreError
from twinstore.magics.extension import group_states

from .live import FAKE, Server, descendants, is_alive, running_below, until


def companion_pid(server: Server) -> int:
    """The companion's process id."""
    (found,) = running_below(server.process.pid, str(FAKE))
    return found


def test_a_client_finds_the_companion_and_finds_it_again_after_it_was_killed(server: Server) -> None:
    client = CompanionClient(server.runtime)
    assert client.health()["version"] == "9.9.9"
    assert json.loads(client.post("groups", {"a": 1})["text"]) == {"a": 1}
    killed = companion_pid(server)
    os.kill(killed, signal.SIGKILL)
    until(lambda: not is_alive(killed), "the companion to die")
    assert client.health()["version"] == "9.9.9"
    assert companion_pid(server) != killed


def test_outside_of_jupyterlab_no_state_is_known(monkeypatch: pytest.MonkeyPatch, short_folder: Path) -> None:
    for runtime in ("", str(short_folder)):
        monkeypatch.setenv("TWINSTORE_RUNTIME", runtime)
        assert group_states() == {}


def test_errors_of_the_companion_reach_the_caller_as_they_are(server: Server) -> None:
    with pytest.raises(TwinstoreError, match=r"Taken\.") as caught:
        CompanionClient(server.runtime).post("groups/get", {"fault": "conflict"})
    assert caught.value.code == "conflict"


def test_a_companion_that_dies_while_it_answers_is_told(server: Server) -> None:
    with pytest.raises(TwinstoreError, match="broke off") as caught:
        CompanionClient(server.runtime).post("groups/get", {"fault": "exit"})
    assert caught.value.code == "unavailable"


def test_without_a_server_it_says_where_to_run_it(monkeypatch: pytest.MonkeyPatch, short_folder: Path) -> None:
    monkeypatch.delenv("TWINSTORE_RUNTIME", raising=False)
    for client in (CompanionClient(), CompanionClient(short_folder)):
        with pytest.raises(TwinstoreError) as caught:
            client.health()
        assert caught.value.code == "unavailable"
        assert "JupyterLab" in caught.value.remedy


def test_kernels_and_terminals_inherit_the_folder(server: Server, client: httpx.Client) -> None:
    kernel = client.post(f"{server.url}api/kernels", json={}).json()["id"]
    terminal = client.post(f"{server.url}api/terminals", json={}).json()["name"]
    wanted = f"TWINSTORE_RUNTIME={server.runtime}".encode()

    def with_it() -> int:
        found = 0
        for pid in descendants(server.process.pid):
            try:
                environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                words = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            found += wanted in environment and str(FAKE).encode() not in words
        return found

    until(lambda: with_it() >= 2, "kernel and terminal to have TWINSTORE_RUNTIME", 30)
    client.delete(f"{server.url}api/kernels/{kernel}")
    client.delete(f"{server.url}api/terminals/{terminal}")


def test_control_answers_one_verb_and_no_nonsense(server: Server) -> None:
    def say(line: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(20)
            control.connect(str(server.runtime / "control.sock"))
            control.sendall(line)
            return control.makefile("rb").readline()

    assert json.loads(say(b'{"verb": "ensure"}\n')).keys() == {"socket", "secret"}
    for line in (b'{"verb": "stop"}\n', b"[]\n", b"{\n"):
        assert json.loads(say(line))["code"] == "bad_request"
    assert say(b"x" * 10_000) == b""


def test_sockets_are_their_users_alone(server: Server) -> None:
    CompanionClient(server.runtime).health()
    assert server.runtime.stat().st_mode & 0o077 == 0
    assert (server.runtime / "control.sock").stat().st_mode & 0o077 == 0
