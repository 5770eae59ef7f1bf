"""What executed notebooks are called."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path


def executed_name(notebook: Path) -> str:
    """File name of a run of `notebook` that begins now, such as `energy-20260301T103107.125Z.ipynb`."""
    now = datetime.now(timezone.utc)
    return f"{notebook.stem}-{now:%Y%m%dT%H%M%S}.{now.microsecond // 1_000:03}Z.ipynb"
