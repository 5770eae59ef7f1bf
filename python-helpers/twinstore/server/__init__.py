"""The Jupyter Server extension: guards the companion and runs jobs."""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .app import TwinstoreApp

    return [{"module": "twinstore.server.app", "app": TwinstoreApp}]
