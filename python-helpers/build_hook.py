"""Refuse to build a wheel that lacks what the Node build makes, of which hatch itself is silent, and take the example
notebooks along, which lie outside of this folder."""

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
    """Check that the built files are there, and add the notebooks."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raise when a built file is missing; `version` is `standard` or `editable`."""
        if version == "editable":
            # The command finds the notebooks of the checkout.
            return
        missing = [path for path in BUILT if not (Path(self.root) / path).is_file()]
        if missing:
            raise RuntimeError(f"Not built: {', '.join(missing)}. Run `npm run build` in the repository first.")
        notebooks = list(Path(self.root).parent.glob("notebooks/*.ipynb"))
        if not notebooks:
            raise RuntimeError(f"No notebooks beside {self.root}. Build the wheel in the repository.")
        for notebook in notebooks:
            build_data["force_include"][str(notebook)] = f"twinstore/notebooks/{notebook.name}"
