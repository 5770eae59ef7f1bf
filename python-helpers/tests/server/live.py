"""A real Jupyter server with the extension, over a companion that can be told to fail; and eyes on processes."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import nbformat

HELPERS = Path(__file__).parents[2]
FAKE = HELPERS.parent / "test" / "fakes" / "companion.mjs"
BASE = "/user/x/"
TOKEN = "a-login-of-the-tests"
START_S = 90

# Rights by a file, so that a test can take them away while the server runs.
_CONFIG = """
import json
from pathlib import Path
from jupyter_server.auth import Authorizer

class ByFile(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return resource != "twinstore" or action in json.loads(Path({rights!r}).read_text())

c.ServerApp.authorizer_class = ByFile
c.ServerApp.jpserver_extensions = {{"twinstore.server": True, "jupyterlab": False, "jupyter_lsp": False,
                                   "notebook_shim": False, "jupyter_server_terminals": True}}
c.TwinstoreApp.companion_command = {command!r}
"""


@dataclass
class Server:
    """A running Jupyter server and how to talk to it."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    url: str = field(init=False)

    def __post_init__(self) -> None:
        self.url = f"http://127.0.0.1:{self.port}{BASE}"

    @property
    def root(self) -> Path:
        """The folder that it serves."""
        return self.folder / "root"

    @property
    def runtime(self) -> Path:
        """Its runtime folder."""
        (found,) = (self.folder / "run").glob("ts-*")
        return found

    def anonymous(self) -> httpx.Client:
        """A client without any login."""
        return httpx.Client(base_url=f"{self.url}twinstore/", timeout=30)

    def client(self) -> httpx.Client:
        """A client that shows the token."""
        client = self.anonymous()
        client.headers["Authorization"] = f"token {TOKEN}"
        return client

    def browser(self) -> httpx.Client:
        """A client that logged in by cookie, and so has an XSRF cookie too."""
        client = self.anonymous()
        client.get(f"{self.url}tree", params={"token": TOKEN})
        client.get(f"{self.url}login")
        return client

    def allow(self, *actions: str) -> None:
        """Gives the user these rights and no other."""
        (self.folder / "rights.json").write_text(json.dumps(actions))

    def log(self) -> str:
        """What it has logged."""
        return (self.folder / "log").read_text()


StartServer = Callable[..., Server]


def start_server(folder: Path, *flags: str, **environment: str) -> Server:
    """Starts a server whose companion is the fake with `flags`; returns when it answers."""
    for name in ("root", "run", "config", "state"):
        (folder / name).mkdir(parents=True)
    (folder / "run").chmod(0o700)
    node = shutil.which("node")
    assert node is not None
    config = folder / "config" / "jupyter_server_config.py"
    config.write_text(_CONFIG.format(rights=str(folder / "rights.json"), command=[node, str(FAKE), *flags]))
    port = _free_port()
    variables = {
        **os.environ,
        "PYTHONPATH": str(HELPERS),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "run" / "jupyter"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "XDG_STATE_HOME": str(folder / "state"),
        "TWINSTORE_PYTHON": sys.executable,
        **environment,
    }
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--ServerApp.port={port}",
               "--ServerApp.port_retries=0", f"--ServerApp.base_url={BASE}", f"--IdentityProvider.token={TOKEN}",
               f"--ServerApp.root_dir={folder / 'root'}"]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=variables, stdout=log, stderr=log, cwd=folder)
    server = Server(process, port, folder)
    server.allow("read", "write", "execute")
    try:
        until(lambda: _answers(server), "the server to answer", START_S)
    except AssertionError:
        process.kill()
        process.wait()
        raise
    return server


def stop_server(server: Server) -> None:
    """Ends it as Ctrl-C in a terminal would be confirmed."""
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(20)


def until(holds: Callable[[], Any], what: str, limit_s: float = 10) -> Any:
    """Waits until `holds()` is true and returns its value; fails after `limit_s`."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        value = holds()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {limit_s} s in vain for {what}")


def is_alive(pid: int) -> bool:
    """Whether a process runs (one that is dead but not reaped does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def descendants(pid: int) -> set[int]:
    """Every process below `pid`."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found: set[int] = set()
    fresh = {pid}
    while fresh:
        fresh = {child for child, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return found


def running_below(pid: int, word: str) -> list[int]:
    """The processes below `pid` that run and have `word` among their arguments."""
    found = []
    for each in sorted(descendants(pid)):
        with suppress(OSError):
            arguments = Path(f"/proc/{each}/cmdline").read_bytes().split(b"\0")
            if is_alive(each) and word.encode() in arguments:
                found.append(each)
    return found


def write_notebook(path: Path, *cells: str, parameters: str | None = None, kernel: str | None = None) -> Path:
    """Writes a notebook with these code cells, after one tagged `parameters` if given, for the kernel named."""
    notebook = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    if kernel is not None:
        notebook.metadata["kernelspec"] = {"name": kernel, "display_name": kernel}
    sources = [*([parameters] if parameters is not None else []), *cells]
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]  # type: ignore[no-untyped-call]
    if parameters is not None:
        notebook.cells[0].metadata["tags"] = ["parameters"]
    path.write_text(nbformat.writes(notebook))  # type: ignore[no-untyped-call]
    return path


def _free_port() -> int:
    """A port that nothing has; below those that the system gives away by itself, lest it do so in between."""
    for port in random.sample(range(20_000, 30_000), 50):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


def _answers(server: Server) -> bool:
    if server.process.poll() is not None:
        raise AssertionError(server.log())
    try:
        with server.client() as client:
            return client.get("status").status_code == 200
    except httpx.TransportError:
        return False
