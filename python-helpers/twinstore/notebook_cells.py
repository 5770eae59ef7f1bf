"""What the cells of a notebook are called, which parameters they take, and what they showed.

Cells are what nbformat reads: mappings with `cell_type`, `source`, `metadata` and, for code, `outputs`.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Union

from .errors import TwinstoreError

Scalar = Union[str, int, float, bool, None]
Cell = Mapping[str, Any]

#: Tag of the cell that sets parameters, and of the one that a run puts after it.
PARAMETERS = "parameters"
INJECTED = "injected-parameters"

_TITLE_LENGTH = 60


def has_tag(cell: Cell, tag: str) -> bool:
    """Whether a cell carries the tag."""
    return tag in cell["metadata"].get("tags", [])


def titled_code_cells(cells: Sequence[Cell]) -> Iterator[tuple[int, str]]:
    """Index and title of each cell that is executed: the last heading since the cell before it, else its first line."""
    heading = ""
    for index, cell in enumerate(cells):
        if cell["cell_type"] == "markdown":
            headings = re.findall(r"^#+\s+(.+?)\s*#*$", cell["source"], re.MULTILINE)
            heading = headings[-1] if headings else heading
        elif cell["cell_type"] == "code" and cell["source"].strip():
            if has_tag(cell, INJECTED):
                yield index, "parameters of this run"
                continue
            title = re.sub(r"[`*]|^#+\s*", "", heading or cell["source"].strip().splitlines()[0])
            yield index, title if len(title) <= _TITLE_LENGTH else title[: _TITLE_LENGTH - 1] + "…"
            heading = ""


def parameter_code(cells: Sequence[Cell], values: Mapping[str, Scalar], name: str) -> tuple[int, str]:
    """Where the cell that sets `values` belongs, and its code. `name` is the notebook's, for errors.

    Raises `TwinstoreError` when no cell is tagged `parameters`, or that cell does not set one of the names.
    """
    position = next((index for index, cell in enumerate(cells) if has_tag(cell, PARAMETERS)), None)
    if position is None:
        raise TwinstoreError(
            "bad_request", f"{name} has no cell tagged {PARAMETERS}.", "Tag the cell that sets them, or give none."
        )
    known = _assigned(cells[position]["source"])
    unknown = [each for each in values if each not in known]
    if unknown:
        raise TwinstoreError(
            "bad_request",
            f"{name} has no parameter {', '.join(unknown)}; it has: {', '.join(known) or 'none'}.",
            "Correct the name.",
        )
    return position + 1, "\n".join(f"{each} = {_literal(each, value)}" for each, value in values.items())


def shown(cells: Sequence[Cell], mime: str) -> list[dict[str, Any]]:
    """The values of a media type that the outputs hold, in order, each once."""
    found: list[dict[str, Any]] = []
    for cell in cells:
        for output in cell.get("outputs", []):
            value = output.get("data", {}).get(mime)
            if isinstance(value, dict) and value not in found:
                found.append(value)
    return found


def _assigned(source: str) -> list[str]:
    """Names that the code sets at its top level."""
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise TwinstoreError(
            "bad_request", f"The cell tagged {PARAMETERS} is not Python: {error.msg}.", "Correct the cell."
        ) from error
    names = []
    for statement in body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        names += [target.id for target in targets if isinstance(target, ast.Name)]
    return names


def _literal(name: str, value: Scalar) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        raise TwinstoreError("bad_request", f"The parameter {name} is {value}, not a number.", "Give another value.")
    return repr(value)
