"""The wheel: what it holds, and that it works in a clean environment with JupyterLab."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

PROJECT = Path(__file__).parents[2]
START_S = 60


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=PROJECT, check=True)
    (built,) = folder.glob("twinstore-*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`bin` of a new virtual environment that holds the wheel and JupyterLab as locked, and nothing else."""
    folder = tmp_path_factory.mktemp("clean")
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", "--python", sys.executable, folder], check=True)
    constraints = folder / "constraints.txt"
    exported = (PROJECT / "locks" / "python.lock").read_text().replace(" \\\n    --hash", " --hash").splitlines()
    constraints.write_text("\n".join(line.split(" --hash")[0] for line in exported if "==" in line))
    # Named, for uv takes the environment that it is in itself before VIRTUAL_ENV.
    target = ["--python", str(folder / "bin" / "python")]
    subprocess.run([*uv, "pip", "install", "-q", *target, "-c", constraints, f"{wheel}[lab,run]"], check=True)
    return folder / "bin"


@pytest.fixture
def server(environment: Path, tmp_path: Path) -> Iterator[str]:
    """Address of a Jupyter server that runs from the clean environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(environment / "jupyter-lab"),
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        f"--notebook-dir={tmp_path}",
    ]
    env = {
        **os.environ,
        "JUPYTER_TOKEN": "secret",
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "HOME": str(tmp_path),
    }
    env["PATH"] = f"{environment}{os.pathsep}{env['PATH']}"
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def get(address: str) -> dict[str, object]:
    """JSON answer of a GET, once the server listens."""
    deadline = time.monotonic() + START_S
    while True:
        try:
            with urlopen(Request(address, headers={"Authorization": "token secret"}), timeout=START_S) as answer:
                found: dict[str, object] = json.load(answer)
                return found
        except URLError as error:
            if not isinstance(error.reason, ConnectionError) or time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def test_holds_front_end_bundles_and_contract(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    extension = "share/jupyter/labextensions/jupyterlab-twinstore"
    for expected in (
        "twinstore/_node/cli.js",
        "twinstore/_node/companion.js",
        "twinstore/notebooks/energy_features.ipynb",
        "twinstore/notebooks/training_set.ipynb",
        "twinstore/contract/routes.json",
        f"twinstore-0.1.0.data/data/{extension}/package.json",
        f"twinstore-0.1.0.data/data/{extension}/install.json",
        "twinstore-0.1.0.data/data/etc/jupyter/jupyter_server_config.d/twinstore.json",
    ):
        assert expected in names
    assert any(name.startswith(f"twinstore-0.1.0.data/data/{extension}/static/remoteEntry") for name in names)


def test_jupyterlab_finds_the_extension(environment: Path) -> None:
    listed = subprocess.run([environment / "jupyter-labextension", "list"], capture_output=True, text=True, check=True)
    (line,) = [line for line in (listed.stdout + listed.stderr).splitlines() if "jupyterlab-twinstore" in line]
    assert "enabled" in line
    assert "OK" in line


def test_companion_of_the_wheel_answers_through_the_server(server: str) -> None:
    health = get(f"{server}/twinstore/api/health")
    assert health["protocol"] == 1
    status = get(f"{server}/twinstore/status")
    assert status["companion"] in ("ready", "degraded")


def test_command_of_the_wheel_speaks(environment: Path) -> None:
    said = subprocess.run([environment / "twinstore", "--help"], capture_output=True, text=True, check=True)
    for verb in ("start", "stack", "groups", "parity", "run"):
        assert verb in said.stdout
