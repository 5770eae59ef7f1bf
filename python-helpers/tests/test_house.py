"""The rules of the house for Python, checked on the source: what may import what, and on which Python it is legal."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "twinstore"
#: Modules of the package that are not the library: they run beside JupyterLab, never on a cluster.
NOT_LIBRARY = {"run.py", "__main__.py", "command.py"}
LIBRARY = sorted(path for path in PACKAGE.glob("*.py") if path.name not in NOT_LIBRARY)
#: What every half in Python shares: the contract's schemas and errors, where settings are, where Node is, who acts,
#: what executed notebooks are called.
SHARED = {"schemas", "errors", "config", "node", "user", "executed"}
JUPYTER = {"IPython", "ipykernel", "jupyter_server", "jupyterlab", "nbclient", "nbformat", "tornado"}


def imports(path: Path) -> set[str]:
    """Dotted names that a module imports at module level or below."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(("." * node.level + (node.module or "")) or ".")
    return names


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.name)
def test_library_module_is_legal_on_python_3_9(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=(3, 9))


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.name)
def test_library_module_imports_no_jupyter(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports(path)} & JUPYTER


@pytest.mark.parametrize("path", sorted((PACKAGE / "server").glob("*.py")), ids=lambda path: path.name)
def test_server_imports_no_library_module(path: Path) -> None:
    library = {path.stem for path in LIBRARY if path.stem != "__init__"}
    used = {
        name.lstrip(".").removeprefix("twinstore.").split(".")[0] for name in imports(path) if name.startswith("..")
    }
    used |= {name.split(".")[1] for name in imports(path) if name.startswith("twinstore.")}
    assert not used & (library - SHARED)


def test_import_needs_neither_spark_nor_jupyter() -> None:
    program = (
        "import sys\n"
        "import twinstore\n"
        "heavy = {'pyspark', 'delta', 'pandas', 'pyarrow', 'IPython', 'jupyter_server', 'tornado', 'nbclient'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=PACKAGE.parent)
