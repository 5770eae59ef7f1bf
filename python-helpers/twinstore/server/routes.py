"""The contract's routes: which paths exist, by which methods, and the right that each needs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from importlib import resources

from ..errors import TwinstoreError


@dataclass
class Route:
    """A path, and the action (read, write or execute) that each of its methods is.

    `{name}` in the path stands for one word of letters, digits, `-` and `_`.
    """

    path: str
    actions: dict[str, str] = field(default_factory=dict)

    def pattern(self) -> str:
        """The path as a regular expression with named groups."""
        return re.sub(r"\{(\w+)\}", r"(?P<\1>[A-Za-z0-9_-]+)", self.path)


def routes(half: str) -> list[Route]:
    """Routes of one half, `server` or `companion`, each path once."""
    path = resources.files("twinstore") / "contract" / "routes.json"
    try:
        table = json.loads(path.read_text(encoding="utf-8"))[half]
    except (FileNotFoundError, NotADirectoryError) as error:
        raise TwinstoreError(
            "internal",
            "This installation of twinstore lacks contract/routes.json.",
            "Install the wheel again or, in a checkout, run `npm run build:contract`.",
        ) from error
    found: dict[str, Route] = {}
    for entry in table:
        route = found.setdefault(entry["path"], Route(entry["path"]))
        route.actions[entry["method"]] = entry["action"]
    return list(found.values())
