"""`python -m twinstore run`: a notebook from top to bottom, as a program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest

from twinstore.__main__ import main

from .live import HELPERS, is_alive, running_below, until, write_notebook

SLEEP = "import time\nprint('asleep')\ntime.sleep(60)"


@contextmanager
def running(folder: Path, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The verb as the server starts it."""
    variables = {**os.environ, "PYTHONPATH": str(HELPERS), "XDG_STATE_HOME": str(folder / "state"), **environment}
    process = subprocess.Popen(
        [sys.executable, "-m", "twinstore", "run", *arguments],
        cwd=folder, env=variables, text=True, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def run(folder: Path, *arguments: str, **environment: str) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, events and stderr of a whole run."""
    with running(folder, *arguments, "--json", **environment) as process:
        out, err = process.communicate(timeout=120)
        return process.returncode, [json.loads(line) for line in out.splitlines()], err


def wait_until_asleep(process: subprocess.Popen[str]) -> list[int]:
    """Reads events until the notebook sleeps; the kernels that run then."""
    assert process.stdout is not None
    for line in process.stdout:
        if "asleep" in line:
            return running_below(process.pid, "ipykernel_launcher")
    raise AssertionError("the notebook never slept")


def test_parameters_keep_their_types_and_what_a_child_prints_tears_no_event(tmp_path: Path) -> None:
    write_notebook(
        tmp_path / "a.ipynb",
        "print(repr([a, b, c, d, e]))",
        'import os; os.write(1, b\'{"type": "result"}\')',
        parameters="a = b = c = d = None\ne: float = 1.5",
    )
    code, events, _ = run(tmp_path, "a.ipynb", "-p", "a=true", "-p", 'b="5"', "-p", "c=it's", "-p", "d=-1e3")
    assert code == 0
    printed = "".join(event["text"] for event in events if event["type"] == "log")
    assert """[True, '5', "it's", -1000.0, 1.5]""" in printed
    assert [event["type"] for event in events].count("result") == 1
    saved = nbformat.read(events[-1]["result"]["notebook"], as_version=4)  # type: ignore[no-untyped-call]
    assert [cell.metadata.get("tags") for cell in saved.cells[:2]] == [["parameters"], ["injected-parameters"]]
    assert saved.cells[2].outputs
    # The run of a run has its parameters once.
    code, events, _ = run(tmp_path, events[-1]["result"]["notebook"], "-p", "a=2", "--output", "again.ipynb")
    assert code == 0
    again = nbformat.read(tmp_path / "again.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    assert [cell.source for cell in again.cells[:2]] == ["a = b = c = d = None\ne: float = 1.5", "a = 2"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ipynb", "again.ipynb", "state"]


def test_an_error_of_twinstore_keeps_its_code_and_remedy(tmp_path: Path) -> None:
    write_notebook(
        tmp_path / "a.ipynb",
        "from twinstore import TwinstoreError\n"
        "raise TwinstoreError('bad_request', 'Held, e.g. by x.', 'Wait. Or ask.', details='d')",
    )
    code, events, _ = run(tmp_path, "a.ipynb")
    error = events[-1]["error"]
    # The command was used rightly, whatever the cell did.
    assert code == 1
    assert (error["code"], error["side"], error["remedy"]) == ("bad_request", "request", "Wait. Or ask.")
    assert error["message"] == "In cell 1 of 1 (from twinstore import TwinstoreError): Held, e.g. by x."


def test_the_settings_found_are_the_kernels_too(tmp_path: Path) -> None:
    (tmp_path / "twinstore.toml").touch()
    (tmp_path / "sub").mkdir()
    write_notebook(tmp_path / "sub" / "a.ipynb", "import os\nprint(os.environ['TWINSTORE_CONFIG'], os.getcwd())")
    _, events, _ = run(tmp_path, "sub/a.ipynb", TWINSTORE_CONFIG="")
    printed = "".join(event["text"] for event in events if event["type"] == "log")
    assert printed.split() == [str(tmp_path / "twinstore.toml"), str(tmp_path / "sub")]


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "stdin"])
def test_a_stop_interrupts_the_cell_saves_and_leaves_no_kernel(tmp_path: Path, how: str) -> None:
    write_notebook(
        tmp_path / "a.ipynb",
        "import time\ntry:\n    print('asleep')\n    time.sleep(60)\nfinally:\n    print('in order')",
        "print('never')",
    )
    with running(tmp_path, "a.ipynb", "--json", "--until-stdin-closes", "--output", "o.ipynb") as process:
        kernels = wait_until_asleep(process)
        assert kernels
        if how == "stdin":
            assert process.stdin is not None
            process.stdin.close()
        else:
            process.send_signal(signal.Signals[how])
        assert process.stdout is not None
        rest = [json.loads(line) for line in process.stdout]
        assert process.wait(30) == 130
    assert rest[-1] == {"type": "stopped"}
    assert not any(map(is_alive, kernels))
    saved = (tmp_path / "o.ipynb").read_text()
    assert "in order" in saved
    assert saved.count("never") == 1


def test_a_killed_runner_leaves_no_kernel(tmp_path: Path) -> None:
    write_notebook(tmp_path / "a.ipynb", SLEEP)
    with running(tmp_path, "a.ipynb", "--json") as process:
        kernels = wait_until_asleep(process)
        process.kill()
        assert kernels
        until(lambda: not any(map(is_alive, kernels)), "the kernel to follow its runner")


#: A kernel in an environment that has all but twinstore.
BARE = """
import pathlib, sys
sys.path[:] = [each for each in sys.path if not pathlib.Path(each, "twinstore", "__init__.py").exists()]
from ipykernel.kernelapp import launch_new_instance
launch_new_instance()
"""


def test_a_kernel_without_twinstore_is_named(tmp_path: Path) -> None:
    spec = {
        "argv": [sys.executable, "-c", BARE, "-f", "{connection_file}"],
        "display_name": "Bare",
        "language": "python",
    }
    (tmp_path / "jupyter" / "kernels" / "bare").mkdir(parents=True)
    (tmp_path / "jupyter" / "kernels" / "bare" / "kernel.json").write_text(json.dumps(spec))
    write_notebook(tmp_path / "a.ipynb", "import twinstore as ts", kernel="bare")
    code, events, _ = run(tmp_path, "a.ipynb", JUPYTER_PATH=str(tmp_path / "jupyter"))
    assert code == 1
    assert events[-1]["error"]["message"] == "The kernel bare of this notebook has no twinstore."
    assert "`%pip install twinstore`" in events[-1]["error"]["remedy"]


def test_a_kernel_that_dies_is_named(tmp_path: Path) -> None:
    write_notebook(tmp_path / "a.ipynb", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    code, events, _ = run(tmp_path, "a.ipynb")
    assert code == 1
    assert events[-1]["error"]["message"].startswith("The kernel died in cell 1 of 1")


def test_a_verdict_that_is_bad_shows_in_the_exit_code_and_the_result_is_told(tmp_path: Path) -> None:
    report = "display({'text/plain': '', 'application/vnd.twinstore.parity+json': {'verdict': 'VERDICT'}}, raw=True)"
    write_notebook(tmp_path / "a.ipynb", report.replace("VERDICT", "out_of_parity"))
    code, events, _ = run(tmp_path, "a.ipynb")
    assert code == 1
    assert events[-1]["result"]["report"] == {"verdict": "out_of_parity"}


def test_rows_that_could_not_be_written_show_in_the_exit_code(tmp_path: Path) -> None:
    receipt = "display({'text/plain': '', 'application/vnd.twinstore.receipt+json': {'failed': 1}}, raw=True)"
    write_notebook(tmp_path / "a.ipynb", receipt)
    code, events, _ = run(tmp_path, "a.ipynb")
    assert code == 1
    assert events[-1]["result"]["receipts"] == [{"failed": 1}]


def test_words_are_for_people(tmp_path: Path) -> None:
    write_notebook(tmp_path / "a.ipynb", "# Say it\nprint('said')")
    with running(tmp_path, "a.ipynb", "--output", "o.ipynb") as process:
        out, err = process.communicate(timeout=120)
    assert out == "Saved at o.ipynb.\n"
    assert "cell 1 of 1 · Say it" in err
    assert "said" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.ipynb"], "nowhere.ipynb could not be read"),
        (["a.txt"], "is not a notebook"),
        (["a.ipynb", "-p", "rowz=1"], "has no parameter rowz; it has: rows"),
        (["b.ipynb", "-p", "rows=1"], "has no cell tagged parameters"),
        (["a.ipynb", "-p", "rows=NaN"], "not a number"),
        (["a.ipynb", "-p", "rows"], "is not NAME=VALUE"),
        (["a.ipynb", "-p", "rows=[1]"], "must be a text"),
        (["c.ipynb"], "names the kernel nowhere, which is not installed"),
    ],
)
def test_wrong_use_is_told_in_words_without_a_trace(
    tmp_path: Path,
    arguments: list[str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_notebook(tmp_path / "a.ipynb", parameters="rows = 1")
    write_notebook(tmp_path / "b.ipynb", "1")
    write_notebook(tmp_path / "c.ipynb", "1")
    other = json.loads((tmp_path / "c.ipynb").read_text())
    other["metadata"]["kernelspec"] = {"name": "nowhere", "display_name": "Nowhere", "language": "none"}
    (tmp_path / "c.ipynb").write_text(json.dumps(other))
    (tmp_path / "a.txt").write_text("{")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    before = signal.getsignal(signal.SIGTERM)
    try:
        code = main(["run", *arguments])
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        signal.signal(signal.SIGTERM, before)
    err = capsys.readouterr().err
    assert code in (1, 2)
    assert says in err
    assert "Traceback" not in err
