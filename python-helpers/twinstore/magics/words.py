"""What is typed after a magic, taken apart."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from typing import Any, NoReturn

from ..errors import TwinstoreError
from .rows import MAX_ROWS

#: The verbs of `%twinstore`, with what follows each and what it does.
VERBS = {
    "status": ("", "whether both stores answer, and by which settings"),
    "groups": ("", "the feature groups under the roots of the settings"),
    "receipt": ("GROUP", "what the last write of a group did"),
    "parity": ("GROUP [--full | --changed]", "prove that both stores agree"),
    "lookup": ("GROUP KEY …", "rows of the online store; parts of a key are joined by commas"),
    "show": ("NAME [--rows N]", "the first rows of the DataFrame of that name in a grid"),
    "retry": ("GROUP", "bring online what earlier writes left open"),
    "materialize": ("GROUP [--version N]", "write every row online again, or as it was at a Delta version"),
    "repair": ("GROUP [--dry-run]", "prove, mend the rows that differ, prove again"),
    "help": ("", "this list"),
}


class _Parser(argparse.ArgumentParser):
    """Raises instead of ending the kernel."""

    def error(self, message: str) -> NoReturn:
        raise TwinstoreError("bad_request", f"{self.prog}: {message}.", f"Usage: {usage(self)}")


def usage(parser: argparse.ArgumentParser) -> str:
    """How it is used, in one line."""
    return " ".join(parser.format_usage().split()).removeprefix("usage: ")


def line_parser() -> argparse.ArgumentParser:
    """Of `%twinstore VERB …`."""
    parser = _Parser(prog="%twinstore", add_help=False)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_Parser)
    made = {verb: verbs.add_parser(verb, add_help=False, prog=f"%twinstore {verb}") for verb in VERBS}
    for verb in ("receipt", "parity", "lookup", "retry", "materialize", "repair"):
        made[verb].add_argument("group", metavar="GROUP")
    how = made["parity"].add_mutually_exclusive_group()
    how.add_argument("--full", dest="how", action="store_const", const="full", default="auto")
    how.add_argument("--changed", dest="how", action="store_const", const="changed")
    made["lookup"].add_argument("keys", metavar="KEY", nargs="+")
    made["show"].add_argument("name", metavar="NAME")
    made["show"].add_argument("--rows", type=int, metavar="N", default=MAX_ROWS)
    made["materialize"].add_argument("--version", type=int, metavar="N")
    made["repair"].add_argument("--dry-run", action="store_true")
    return parser


def cell_parser() -> argparse.ArgumentParser:
    """Of `%%feature_write GROUP …`."""
    parser = _Parser(prog="%%feature_write", add_help=False)
    parser.add_argument("group", metavar="GROUP")
    parser.add_argument("--key", dest="keys", action="append", metavar="COLUMN")
    parser.add_argument("--event-time", dest="event_timestamp", metavar="COLUMN")
    parser.add_argument("--ttl", metavar="AGE")
    parser.add_argument("--offline", metavar="ADDRESS")
    parser.add_argument("--online", metavar="KEYSPACE.TABLE")
    parser.add_argument("--new-feature", dest="new_features", action="append", metavar="COLUMN", default=[])
    parser.add_argument("--mode", choices=("changed", "append"), default="changed")
    parser.add_argument("--run", metavar="NAME")
    parser.add_argument("--dry-run", action="store_true")
    return parser


def parsed(make: Callable[[], argparse.ArgumentParser], line: str) -> Any:
    """The options of a line. Raises `TwinstoreError` with the usage when it is not legal."""
    parser = make()
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise TwinstoreError("bad_request", f"{parser.prog}: {error}.", f"Usage: {usage(parser)}") from error
    return parser.parse_args(words)


def help_text() -> str:
    """All that the magics take."""
    width = max(len(f"{verb} {rest}") for verb, (rest, _) in VERBS.items())
    lines = [f"  %twinstore {f'{verb} {rest}':{width}}  {what}" for verb, (rest, what) in VERBS.items()]
    write = usage(cell_parser())
    return "\n".join([*lines, "", f"  {write}", "      write the DataFrame that the cell's last expression is"])
