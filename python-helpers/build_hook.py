"""Refuse to build a wheel that lacks what the Node build makes: hatch itself is silent about missing artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = (
    "twinstore/labextension/package.json",
    "twinstore/_node/companion.js",
    "twinstore/_node/cli.js",
    "twinstore/contract/routes.json",
)


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Check that the built files are there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raise when a built file is missing; `version` is `standard` or `editable`."""
        missing = [path for path in BUILT if not (Path(self.root) / path).is_file()]
        if missing and version != "editable":
            raise RuntimeError(f"Not built: {', '.join(missing)}. Run `npm run build` in the repository first.")
