"""The project's fake CQL server with the rules of Amazon Keyspaces, as a process, for tests in Python."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SERVER = Path(__file__).parents[3] / "test" / "fakes" / "cql.mjs"


class FakeKeyspaces:
    """A running fake. `rules` are those of `test/fakes/cql/rules.ts`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        started = self._said()
        self.hosts: list[str] = started["hosts"]
        self.port: int = started["port"]
        self.region: str = started["datacenter"]

    def change(self, **rules: Any) -> dict[str, Any]:
        """Changes rules; gives the report."""
        return self._told({"rules": rules})

    def report(self) -> dict[str, Any]:
        """What was asked of it since its start."""
        return self._told({})

    def _told(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        report = self._said()
        assert "error" not in report, report["error"]
        return report

    def _said(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "The fake ended."
        said: dict[str, Any] = json.loads(line)
        return said


@contextmanager
def fake_keyspaces(**options: Any) -> Iterator[FakeKeyspaces]:
    """A fake of its own. `options` are `IOptions` of `test/fakes/cql/server.ts`."""
    text = json.dumps({"keyspaces": ["features"], **options})
    with subprocess.Popen(
        ["node", str(_SERVER), text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield FakeKeyspaces(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)
