"""`python -m twinstore`: the verbs that need Spark or a kernel, for the command and for the jobs of the server.

Exit code 0: good; 1: it failed, or its verdict is bad; 2: wrong use; 130: stopped (SIGINT or SIGTERM).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import twinstore as ts

from .errors import NotebookFailed, TwinstoreError, from_foreign
from .interruptible import SparkWork
from .job_output import Events, JobOutput, Words

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from .notebook_cells import Scalar

_GOOD, _BAD, _WRONG_USE, _STOPPED = 0, 1, 2, 130
_PROVED = ("in_parity", "no_difference_found")
#: Seconds to stop in order after standard input closed; then the process ends as it is.
_GRACE_S = 30


def main(arguments: list[str] | None = None) -> int:
    """Runs one verb; returns the exit code."""
    options = _parser().parse_args(arguments)
    output: JobOutput = Events() if options.json else Words()
    signal.signal(signal.SIGTERM, lambda _number, _frame: signal.raise_signal(signal.SIGINT))
    if options.until_stdin_closes:
        threading.Thread(target=_stop_when_stdin_closes, daemon=True).start()
    output.started()
    verb: Callable[[argparse.Namespace, JobOutput], int] = options.run
    try:
        return verb(options, output)
    except KeyboardInterrupt:
        # A second signal must not break the ending.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        output.stopped()
        return _STOPPED
    except TwinstoreError as error:
        output.failed(error)
        return _WRONG_USE if error.code == "bad_request" and not isinstance(error, NotebookFailed) else _BAD
    except Exception as error:
        output.failed(
            from_foreign(
                error,
                f"twinstore {options.verb} failed by a fault of its own.",
                "Report this with the details.",
                code="internal",
            )
        )
        return _BAD


def _run(options: argparse.Namespace, output: JobOutput) -> int:
    try:
        from .run import run_notebook
    except ImportError as error:
        raise TwinstoreError(
            "unavailable", f"{sys.executable} lacks {error.name}.", "Run `pip install 'twinstore[run,spark]'`."
        ) from error
    result = run_notebook(
        options.notebook, dict(options.parameters), output.progress, output.log, options.output
    )  # fmt: skip
    words = [f"Saved at {result.notebook}."]
    if result.report is not None:
        words.append(f"Parity: {result.report.get('verdict')}.")
    output.result(result.to_dict(), "\n".join(words))
    return _code(result.receipts, result.report)


def _parity(options: argparse.Namespace, output: JobOutput) -> int:
    def work(store: Any) -> _Outcome:
        report = store.parity(store.group(options.group), how=options.how)
        return _Outcome({"report": report.to_dict()}, str(report), _code([], report.to_dict()))

    return _with_store(output, work)


def _retry(options: argparse.Namespace, output: JobOutput) -> int:
    return _write_online(output, lambda store: store.retry(store.group(options.group)))


def _repair(options: argparse.Namespace, output: JobOutput) -> int:
    def work(store: Any) -> _Outcome:
        report = store.parity(store.group(options.group))
        if not report.found:
            return _Outcome({"report": report.to_dict()}, str(report), _code([], report.to_dict()))
        repair = store.repair(report, dry_run=options.dry_run)
        found = repair.to_dict()
        # After a dry run the rows differ as before.
        return _Outcome(found, str(repair), _code(found["receipts"], (repair.report or report).to_dict()))

    return _with_store(output, work)


def _materialize(options: argparse.Namespace, output: JobOutput) -> int:
    return _write_online(output, lambda store: store.materialize(store.group(options.group), version=options.version))


def _write_online(output: JobOutput, write: Callable[[Any], Any]) -> int:
    """Does what gives a receipt and nothing else."""

    def work(store: Any) -> _Outcome:
        receipt = write(store)
        receipts = [receipt.to_dict()]
        return _Outcome({"receipts": receipts}, str(receipt), _code(receipts, None))

    return _with_store(output, work)


@dataclass(frozen=True)
class _Outcome:
    """What a verb found: `IJobResult` of the contract, the same in words, and the exit code."""

    result: dict[str, Any]
    words: str
    code: int


def _with_store(output: JobOutput, work: Callable[[Any], _Outcome]) -> int:
    """Does `work` with a connected store on a local Spark session, which ends with it."""

    def make() -> SparkSession:
        try:
            return ts.spark_session(app_name="twinstore job")
        except ImportError as error:
            raise TwinstoreError(
                "unavailable", f"{sys.executable} lacks {error.name}.", "Run `pip install 'twinstore[spark]'`."
            ) from error

    output.progress("start Spark", 0, None, "")
    job: SparkWork[_Outcome] = SparkWork(
        make, lambda spark: work(ts.Store(spark, progress=output.progress, checkpoint=job.checkpoint))
    )
    outcome = job.run()
    output.result(outcome.result, outcome.words)
    return outcome.code


def _code(receipts: list[dict[str, Any]], report: dict[str, Any] | None) -> int:
    """The exit code: good when every row went where it belongs, and the twins agree where that was asked."""
    left = any(receipt.get("failed") or receipt.get("unconfirmed") for receipt in receipts)
    return _GOOD if not left and (report is None or report.get("verdict") in _PROVED) else _BAD


def _stop_when_stdin_closes() -> None:
    # Not sys.stdin: a thread that waits in it would hold its lock at exit.
    while os.read(0, 4_096):
        pass
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(_GRACE_S)
    os._exit(_STOPPED)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="say everything as events, one JSON object a line")
    common.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="stop when standard input closes, so that the work does not outlive the program that asked for it",
    )
    parser = argparse.ArgumentParser(prog="python -m twinstore", description="Verbs that need Spark or a kernel.")
    verbs = parser.add_subparsers(dest="verb", required=True)

    run = verbs.add_parser("run", parents=[common], help="run a notebook")
    run.add_argument("notebook", type=Path)
    run.add_argument(
        "-p", dest="parameters", metavar="NAME=VALUE", type=_parameter, action="append", default=[],
        help="set a parameter; VALUE is a JSON scalar, else a text",
    )  # fmt: skip
    run.add_argument("--output", type=Path, help="where to save the executed notebook")
    run.set_defaults(run=_run)

    parity = verbs.add_parser("parity", parents=[common], help="prove that the twins agree")
    parity.add_argument("group")
    how = parity.add_mutually_exclusive_group()
    how.add_argument("--full", dest="how", action="store_const", const="full", help="compare every row")
    how.add_argument("--changed", dest="how", action="store_const", const="changed", help="compare what has changed")
    parity.set_defaults(run=_parity, how="auto")

    retry = verbs.add_parser("retry", parents=[common], help="finish writes that are not all online")
    retry.add_argument("group")
    retry.set_defaults(run=_retry)

    repair = verbs.add_parser("repair", parents=[common], help="prove, then mend the rows that differ and prove again")
    repair.add_argument("group")
    repair.add_argument("--dry-run", action="store_true", help="tell what would be mended, and change nothing")
    repair.set_defaults(run=_repair)

    materialize = verbs.add_parser("materialize", parents=[common], help="write every row online again")
    materialize.add_argument("group")
    materialize.add_argument("--version", type=int, help="the rows as they were at this Delta version")
    materialize.set_defaults(run=_materialize)
    return parser


def _parameter(text: str) -> tuple[str, Scalar]:
    name, equals, value = text.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        parsed = json.loads(value)
    except ValueError:
        return name, value
    if isinstance(parsed, (dict, list)):
        raise argparse.ArgumentTypeError(f"{name} must be a text, a number, true, false or null")
    return name, parsed


if __name__ == "__main__":
    sys.exit(main())
