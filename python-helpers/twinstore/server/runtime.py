"""The runtime folder: where the sockets of one server are, for its user's eyes only."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path
from types import TracebackType

from ..errors import TwinstoreError

# `sun_path` holds 104 bytes on macOS (108 on Linux), the closing zero included.
_PATH_LIMIT = 103
_LONGEST_NAME = "/companion-99999.sock"
_LOCK = "lock"
_BEGINNING_S = 60


class RuntimeFolder:
    """A new 0700 folder with a lock that this process holds while it lives.

    The kernel of the system lets the lock go when the process dies, however it dies; so a folder whose lock is free
    is a dead server's, and the next server sweeps it away.
    """

    def __init__(self) -> None:
        parent, prefix = _place()
        _sweep(parent, prefix)
        self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        _check_private(self.path)
        self._lock = os.open(self.path / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        """Removes the folder and what is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)

    def __enter__(self) -> RuntimeFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _place() -> tuple[Path, str]:
    """Where the folder is to be, and how its name begins."""
    shared = Path("/tmp"), f"ts-{os.getuid()}-"
    named = os.environ.get("XDG_RUNTIME_DIR")
    if not named:
        return shared
    own = Path(named)
    # mkdtemp adds eight characters.
    length = len(os.fsencode(own / "ts-")) + 8 + len(_LONGEST_NAME)
    if length > _PATH_LIMIT or not own.is_absolute() or not os.access(own, os.W_OK | os.X_OK):
        return shared
    return own, "ts-"


def _check_private(folder: Path) -> None:
    """Refuses a folder that others own or may enter."""
    found = folder.lstat()
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) != 0o700 or not stat.S_ISDIR(found.st_mode):
        raise TwinstoreError(
            "forbidden",
            f"The runtime folder {folder} is not a folder of this user alone (mode {stat.S_IMODE(found.st_mode):04o}).",
            "Remove it, and see that XDG_RUNTIME_DIR or /tmp keeps the modes of new folders.",
            side="twinstore",
        )


def _sweep(parent: Path, prefix: str) -> None:
    """Removes the folders of servers that are dead."""
    for folder in parent.glob(f"{prefix}*"):
        try:
            _check_private(folder)
            if _is_dead(folder):
                shutil.rmtree(folder, ignore_errors=True)
        except (TwinstoreError, OSError):
            # Another user's, without our lock, or swept by another server in this moment.
            continue


def _is_dead(folder: Path) -> bool:
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return _is_old(folder)


def _is_old(folder: Path) -> bool:
    """Whether it is older than a server needs from making the folder to taking its lock."""
    return time.time() - folder.stat().st_mtime > _BEGINNING_S
