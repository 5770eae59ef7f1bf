"""Who acts."""

from __future__ import annotations

import getpass
import os


def acting() -> str:
    """The Hub user, else the user of the operating system: by name, else (as in some containers) by number."""
    hub_user = os.environ.get("JUPYTERHUB_USER")
    if hub_user:
        return hub_user
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
