"""The runtime folder: private, short, and swept after the dead."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from twinstore.server.runtime import RuntimeFolder

from .live import HELPERS


@pytest.fixture(autouse=True)
def place(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_folder))
    return short_folder


def test_it_is_its_users_alone_and_goes_with_the_server(place: Path) -> None:
    with RuntimeFolder() as folder:
        assert folder.path.parent == place
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
        assert len(str(folder.path / "companion-99999.sock")) <= 103
    assert not folder.path.exists()


def test_a_long_place_is_passed_over(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    far = place / ("x" * 90)
    far.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(far))
    with RuntimeFolder() as folder:
        assert folder.path.name.startswith(f"ts-{os.getuid()}-")
        assert list(far.iterdir()) == []


def test_a_dead_servers_folder_is_swept_and_a_living_ones_is_not(place: Path) -> None:
    program = "import time; from twinstore.server.runtime import RuntimeFolder; f = RuntimeFolder(); print(f.path); "
    program += "import sys; sys.stdout.flush(); time.sleep(60)"
    other = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HELPERS)},
    )
    assert other.stdout is not None
    theirs = Path(other.stdout.readline().strip())
    with other, RuntimeFolder():
        assert theirs.exists()
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert theirs.exists()
        # A folder as young as this may be of a server that has not come to lock it.
        with RuntimeFolder():
            assert theirs.exists()
        os.utime(theirs, (0, 0))
        with RuntimeFolder():
            assert not theirs.exists()


def test_what_others_made_is_left_alone(place: Path) -> None:
    open_to_all = place / "ts-abc"
    open_to_all.mkdir(mode=0o755)
    link = place / "ts-def"
    link.symlink_to(place)
    begun = place / "ts-ghi"
    begun.mkdir(mode=0o700)
    without_our_lock = place / "ts-jkl"
    without_our_lock.mkdir(mode=0o700)
    (without_our_lock / "notes").touch()
    os.utime(without_our_lock, (0, 0))
    with RuntimeFolder():
        assert open_to_all.exists()
        assert link.is_symlink()
        # A server that begins has no lock yet.
        assert begun.exists()
        assert (without_our_lock / "notes").exists()
