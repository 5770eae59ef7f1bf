"""Servers for the tests of this folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from .live import Server, StartServer, start_server, stop_server


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder with a short path: a socket's path is limited to 104 bytes."""
    with tempfile.TemporaryDirectory(prefix="tw-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One server for the tests of a file."""
    with tempfile.TemporaryDirectory(prefix="tw-", dir="/tmp") as folder:
        running = start_server(Path(folder))
        yield running
        stop_server(running)


@pytest.fixture
def own_server(short_folder: Path) -> Iterator[StartServer]:
    """Starts a server for one test, with flags for its companion."""
    started: list[Server] = []

    def start(*flags: str, **environment: str) -> Server:
        started.append(start_server(short_folder / str(len(started)), *flags, **environment))
        return started[-1]

    yield start
    for each in started:
        stop_server(each)


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    """Logged in by token."""
    with server.client() as client:
        yield client
