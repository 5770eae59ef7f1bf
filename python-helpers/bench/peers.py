"""The peers that the benchmark runs beside the library, each installed by its own lock under `build/bench`."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_BUILD = _HERE.parents[1] / "build" / "bench"
_INSTALL_S = 900


@dataclass(frozen=True)
class Peer:
    """What stands in the folder of a peer; `missing` says why there is nothing, and is empty otherwise."""

    folder: Path
    missing: str


def spark_extension() -> Peer:
    """Its Python module and its jar, as the wheel has them."""
    return _installed("spark_extension", ["--no-deps"])


def feast() -> Peer:
    """An environment of its own, whose packages need not go with the library's."""
    return _installed("feast", [])


def _installed(name: str, options: list[str]) -> Peer:
    lock = _HERE / f"{name}.lock"
    folder = _BUILD / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    done = folder / ".installed"
    if done.exists():
        return Peer(folder, "")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", *options]
    try:
        subprocess.run(
            [*command, "--target", str(folder), "--requirement", str(lock)],
            check=True,
            capture_output=True,
            text=True,
            timeout=_INSTALL_S,
        )
    except (subprocess.SubprocessError, OSError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines() or [""]
        return Peer(folder, said[-1])
    done.touch()
    return Peer(folder, "")


class Feast:
    """A process of Feast's that materializes files of rows into the same Cassandra."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def materialize(self, file: str) -> None:
        """Ends the benchmark when Feast fails."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps(file), file=self._process.stdin, flush=True)
        if not self._process.stdout.readline():
            sys.exit("Feast broke off: see above.")


@contextmanager
def running_feast(peer: Peer, order: dict[str, Any]) -> Iterator[Feast]:
    """Feast with the feature view that `order` describes (see `feast_process`), its tables made."""
    program = str(_HERE / "feast_process.py")
    with subprocess.Popen(
        [sys.executable, "-I", program, str(peer.folder), json.dumps(order)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        if process.stdout.readline():
            yield Feast(process)
        process.stdin.close()
