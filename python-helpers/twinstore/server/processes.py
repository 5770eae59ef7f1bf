"""Children as groups."""

from __future__ import annotations

import os
import signal
from contextlib import suppress


def signal_group(leader: int, number: signal.Signals) -> None:
    """Sends a signal to all of a child's process group; nothing happens when all are gone."""
    # PermissionError is macOS's word for a group of which only the unreaped leader is left.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def how_it_ended(code: int) -> str:
    """A child's return code in words, such as `by signal SIGKILL`."""
    return f"by signal {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
