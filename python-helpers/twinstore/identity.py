"""Who acts: the name that receipts and proofs carry."""

from __future__ import annotations

import getpass
import os


def acting_user() -> str:
    """The Hub user on a shared server, else the operating system's."""
    return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
