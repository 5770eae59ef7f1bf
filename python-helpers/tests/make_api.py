"""`python -m tests.make_api`, from `python-helpers`: writes the API reference from the docstrings of what is public."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import twinstore
from twinstore.magics.words import help_text
from twinstore.parity_report import ParityReport
from twinstore.repair import Repair

TARGET = Path(__file__).parents[1] / "API.md"

#: Public to the rest of the package alone.
_WITHIN = {"define", "problems", "twins", "run", "as_kept", "noting", "naming", "lasting"}

_HEAD = """# API reference of twinstore for Python

Made from the docstrings by `python -m tests.make_api`; a test tells when it is out of date.

`import twinstore as ts` loads nothing that is not used: PySpark comes with the first session.
"""


def api() -> str:
    """The reference, as Markdown."""
    named = {name: getattr(twinstore, name) for name in twinstore.__all__}
    parts = [
        _HEAD,
        *(
            line
            for name, what in {**named, "ParityReport": ParityReport, "Repair": Repair}.items()
            for line in _of(name, what)
        ),
    ]
    magics = f"## Magics\n\nAfter `%load_ext twinstore`:\n\n```\n{help_text()}\n```"
    return "\n\n".join(part.strip() for part in [*parts, magics]) + "\n"


def _of(name: str, what: Any) -> Iterator[str]:
    if not inspect.isclass(what):
        yield f"## `ts.{name}{_signature(what)}`"
        yield inspect.getdoc(what) or ""
        return
    kept_within = name in ("ParityReport", "Repair", "Receipt", "Store")
    yield f"## `{name}`" if kept_within or issubclass(what, Exception) else f"## `ts.{name}{_signature(what)}`"
    yield inspect.getdoc(what) or ""
    if kept_within and dataclasses.is_dataclass(what):
        yield "\n".join(f"- `{each.name}: {each.type}`" for each in dataclasses.fields(what) if each.repr)
    for method, value in vars(what).items():
        if method.startswith("_") or method in _WITHIN or issubclass(what, Exception) or not inspect.getdoc(value):
            continue
        if isinstance(value, property):
            yield f"### `.{method}`"
        elif callable(value):
            yield f"### `.{method}{_signature(value)}`"
        else:
            continue
        yield inspect.getdoc(value) or ""


def _signature(what: Any) -> str:
    signature = inspect.signature(what)
    kept = [each for each in signature.parameters.values() if each.name != "self"]
    returned = inspect.Signature.empty if inspect.isclass(what) else signature.return_annotation
    text = str(signature.replace(parameters=kept, return_annotation=returned))
    # Annotations are texts, and so are some defaults, which stay so.
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", text).replace("<factory>", "{}")


if __name__ == "__main__":
    TARGET.write_text(api(), encoding="utf-8")
