"""`POST jobs`: what may be asked for, and the arguments that the child gets for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import TwinstoreError
from ..executed import executed_name
from ..schemas import schema

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_HOW = {"auto": [], "full": ["--full"], "changed": ["--changed"]}
# Folder of executed notebooks under the one that the server serves.
_RUNS = "runs"
_EXAMPLE = "energy_features.ipynb"
_REMEDY = "Correct the request."


@dataclass(frozen=True)
class JobRequest:
    """A checked request: `title` is what to call the job, `arguments` follow the program that does it.

    That is `python -m twinstore`, or with `is_command` the command, which needs no Spark. `output` is where a run saves
    the executed notebook, from the folder that the server serves.
    """

    verb: str
    args: dict[str, Any]
    title: str
    arguments: list[str]
    output: str | None = None
    is_command: bool = False


def job_request(body: Any, root: Path) -> JobRequest:
    """Checks the body of `POST jobs`. Notebooks are named from `root`, the folder that the server serves.

    Raises `TwinstoreError`: `bad_request` with everything that a caller needs to correct it, `forbidden` for a path
    that leads out of `root`, `not_found` for a notebook that is not there.
    """
    if not isinstance(body, dict) or body.keys() != {"verb", "args"}:
        raise _bad("A job is {verb, args}.")
    verb, args = body["verb"], body["args"]
    if not isinstance(verb, str) or verb not in _VERBS:
        raise _bad(f"{verb!r} is not a verb of jobs; these are: {', '.join(_VERBS)}.")
    known, check = _VERBS[verb]
    if not isinstance(args, dict):
        raise _bad(f"args of {verb} must be an object.")
    unknown = args.keys() - known
    if unknown:
        raise _bad(
            f"{verb} does not know {', '.join(sorted(unknown))}; it knows: {', '.join(sorted(known)) or 'nothing'}."
        )
    title, arguments = check(args, root)
    if verb == "demo":
        return JobRequest(verb, args, title, arguments, is_command=True)
    if verb != "run":
        return JobRequest(verb, args, title, [verb, *arguments])
    # Under the served folder, so that it can be opened in JupyterLab.
    output = f"{_RUNS}/{executed_name(Path(title))}"
    return JobRequest(verb, args, title, [verb, *arguments, "--output", str(root / output)], output)


def _demo(args: dict[str, Any], root: Path) -> tuple[str, list[str]]:
    if (root / _EXAMPLE).is_file():
        # JupyterLab serves the example notebooks already, as `twinstore start` lets it.
        return "demo stack", ["stack", "demo", "--job"]
    return "demo stack", ["stack", "demo", "--job", "--notebooks", str(_inside("notebooks", root))]


def _run(args: dict[str, Any], root: Path) -> tuple[str, list[str]]:
    notebook = _notebook(args.get("notebook"), root)
    parameters = args.get("parameters", {})
    if not isinstance(parameters, dict):
        raise _bad("parameters must be an object of names and values.")
    arguments = [str(notebook)]
    for name, value in parameters.items():
        if not _NAME.fullmatch(name):
            raise _bad(f"{name!r} cannot name a parameter.")
        if not isinstance(value, (str, int, float, bool, type(None))):
            raise _bad(f"The parameter {name} must be a text, a number, true, false or null.")
        arguments += ["-p", f"{name}={json.dumps(value)}"]
    return notebook.name, arguments


def _parity(args: dict[str, Any], root: Path) -> tuple[str, list[str]]:
    how = args.get("how", "auto")
    if not isinstance(how, str) or how not in _HOW:
        raise _bad(f"how is one of {', '.join(_HOW)}, not {how!r}.")
    group = _group(args)
    return group, [group, *_HOW[how]]


def _of_group(args: dict[str, Any], root: Path) -> tuple[str, list[str]]:
    group = _group(args)
    return group, [group]


def _materialize(args: dict[str, Any], root: Path) -> tuple[str, list[str]]:
    group, version = _group(args), args.get("version")
    if version is None:
        return group, [group]
    if type(version) is not int or version < 0:
        raise _bad(f"version is a Delta version, such as 41, not {version!r}.")
    return group, [group, "--version", str(version)]


_VERBS: dict[str, tuple[set[str], Callable[[dict[str, Any], Path], tuple[str, list[str]]]]] = {
    "demo": (set(), _demo),
    "run": ({"notebook", "parameters"}, _run),
    "parity": ({"group", "how"}, _parity),
    "retry": ({"group"}, _of_group),
    "repair": ({"group"}, _of_group),
    "materialize": ({"group", "version"}, _materialize),
}


def _group(args: dict[str, Any]) -> str:
    group = args.get("group")
    if not isinstance(group, str) or not re.fullmatch(schema("group")["properties"]["name"]["pattern"], group):
        raise _bad(f"{group!r} cannot name a feature group.")
    return group


def _notebook(path: Any, root: Path) -> Path:
    if not isinstance(path, str) or not path or "\0" in path:
        raise _bad("notebook must be a path.")
    found = _inside(path, root)
    if found.suffix != ".ipynb":
        raise _bad(f"{path} is not a notebook (.ipynb).")
    if not found.is_file():
        raise TwinstoreError("not_found", f"There is no notebook {path} under {root}.", "Save it first.")
    return found


def _inside(path: str, root: Path) -> Path:
    """The path from `root`, resolved before it is compared, so that neither `..` nor a link leads out."""
    base = root.resolve()
    found = (base / path.lstrip("/")).resolve()
    if not found.is_relative_to(base):
        raise TwinstoreError(
            "forbidden",
            f"{path} leads out of {base}, the folder that this server serves.",
            "Use a folder inside of it.",
        )
    return found


def _bad(message: str) -> TwinstoreError:
    return TwinstoreError("bad_request", message, _REMEDY)
