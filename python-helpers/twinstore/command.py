"""The console script `twinstore`: hands over to the command, which is a Node program.

The verbs that need Spark come back here: the command runs `python -m twinstore …` with this interpreter.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from .errors import TwinstoreError
from .node import find_node, node_bundle

_WRONG_USE = 2


def main() -> NoReturn:
    """Becomes the Node program; ends with a sentence and exit code 2 when that cannot be."""
    try:
        program = [find_node(), str(node_bundle("cli.js")), *sys.argv[1:]]
    except TwinstoreError as error:
        print(error, file=sys.stderr)
        sys.exit(_WRONG_USE)
    os.environ.setdefault("TWINSTORE_PYTHON", sys.executable)
    sys.stdout.flush()
    os.execv(program[0], program)
