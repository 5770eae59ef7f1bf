"""A cell whose last expression is a value."""

from __future__ import annotations

import ast
from typing import Any

from ..errors import TwinstoreError


def last_value(shell: Any, cell: str) -> Any:
    """Runs a cell in the user's namespace; the value of its last expression. Raises what the cell raises, and
    `TwinstoreError` when it does not end in an expression."""
    source = shell.transform_cell(cell)
    # So that a traceback shows the lines of the cell.
    name = shell.compile.cache(source, shell.execution_count)
    tree = ast.parse(source, name)
    if not tree.body or not isinstance(last := tree.body.pop(), ast.Expr):
        raise TwinstoreError(
            "bad_request", "The cell does not end in an expression.", "Put the DataFrame that is to be written last."
        )
    exec(compile(tree, name, "exec"), shell.user_ns)
    return eval(compile(ast.Expression(last.value), name, "eval"), shell.user_ns)
