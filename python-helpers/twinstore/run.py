"""Runs a notebook from top to bottom without a browser, telling how far it is.

The kernel is this interpreter's own, so that a run has the same packages as the process that started it; a notebook
that names another kernel than `python3` gets that one.
"""

from __future__ import annotations

import ast
import asyncio
import itertools
import math
import os
import re
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Union

import nbformat
import zmq
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_async
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

from .config import config_candidates
from .errors import TwinstoreError
from .progress import MIME as PROGRESS_MIME
from .progress import Progress, progress_words

RECEIPT_MIME = "application/vnd.twinstore.receipt+json"
REPORT_MIME = "application/vnd.twinstore.parity+json"

Scalar = Union[str, int, float, bool, None]

_OWN_KERNEL = "python3"
_PARAMETERS = "parameters"
_INJECTED = "injected-parameters"
_TITLE_LENGTH = 60
_TRACE_LIMIT = 8_000
#: Seconds that an interrupted cell gets to end: Spark jobs are cancelled and a lease given back in them.
_INTERRUPT_S = 15
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class RunResult:
    """Where the executed notebook was saved, and what its cells showed: receipts in order, the last parity report."""

    notebook: Path
    receipts: list[dict[str, Any]]
    report: dict[str, Any] | None

    def to_dict(self) -> dict[str, Any]:
        """The run as `IJobResult` of the contract."""
        result: dict[str, Any] = {"notebook": str(self.notebook), "receipts": self.receipts}
        return result if self.report is None else {**result, "report": self.report}


def run_notebook(
    notebook: Path,
    parameters: Mapping[str, Scalar],
    progress: Progress,
    log: Callable[[str], None],
    output: Path | None = None,
) -> RunResult:
    """Runs all code cells; call it from the main thread.

    `parameters` replace the values of the cell tagged `parameters`. `progress` is told of cells and, in words, of what
    goes on inside of them; `log` gets what cells print. The notebook is saved at `output` after each cell; default
    `<state>/twinstore/runs/<name>-<time>.ipynb`.

    Raises `TwinstoreError` when a cell fails or the notebook cannot be run, `KeyboardInterrupt` when it was stopped by
    SIGINT or SIGTERM: then the kernel was interrupted and is gone.
    """
    document = _read(notebook)
    inject(document, parameters, notebook.name)
    target = output or _default_output(notebook)
    return asyncio.run(_Run(document, notebook, target, progress, log).run())


def inject(document: NotebookNode, parameters: Mapping[str, Scalar], name: str) -> None:
    """Puts a cell with the values after the one tagged `parameters`, in place of that of an earlier run.

    Raises `TwinstoreError` when the notebook has no such cell, or that cell does not set one of the names.
    """
    if not parameters:
        return
    cells = [cell for cell in document.cells if _INJECTED not in cell.metadata.get("tags", [])]
    position = next((i for i, cell in enumerate(cells) if _PARAMETERS in cell.metadata.get("tags", [])), None)
    if position is None:
        raise TwinstoreError(
            "bad_request", f"{name} has no cell tagged {_PARAMETERS}.", "Tag the cell that sets them, or give none."
        )
    known = _assigned(cells[position].source)
    unknown = [each for each in parameters if each not in known]
    if unknown:
        raise TwinstoreError(
            "bad_request",
            f"{name} has no parameter {', '.join(unknown)}; it has: {', '.join(known) or 'none'}.",
            "Correct the name.",
        )
    source = "\n".join(f"{each} = {_literal(each, value)}" for each, value in parameters.items())
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": [_INJECTED]})  # type: ignore[no-untyped-call]
    if (document.nbformat, document.nbformat_minor) < (4, 5):
        del cell["id"]
    cells.insert(position + 1, cell)
    document.cells = cells


class _Run:
    """One run: the cells in order, what is told of them, and how it ends."""

    def __init__(
        self, document: NotebookNode, source: Path, target: Path, progress: Progress, log: Callable[[str], None]
    ) -> None:
        self._document = document
        self._source = source
        self._target = target
        self._progress = progress
        self._log = log
        self._cells = list(_code_cells(document))
        self._done = 0
        self._stop = asyncio.Event()

    async def run(self) -> RunResult:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        manager = self._kernel_manager()
        client = _Client(self._document, km=manager, on_step=self._inner_step, on_print=self._log)
        self._save()
        try:
            work = asyncio.create_task(self._work(client))
            stop = asyncio.create_task(self._stop.wait())
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            if self._stop.is_set():
                await self._interrupt(work, manager)
                raise KeyboardInterrupt
            await work
        finally:
            await self._end_kernel(client, manager)
            self._save()
        return self._result()

    async def _work(self, client: _Client) -> None:
        self._progress("start the kernel", 0, len(self._cells), "cells")
        environment = {**os.environ, **_settings_file(), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        try:
            await client.async_start_new_kernel(cwd=str(self._source.absolute().parent), env=environment)
            await client.async_start_new_kernel_client()
        except NoSuchKernel as error:
            raise TwinstoreError(
                "not_found",
                f"{self._source.name} names the kernel {error.name}, which is not installed.",
                "Install it, or choose the kernel Python 3 in the notebook.",
            ) from error
        except (RuntimeError, OSError) as error:
            raise TwinstoreError(
                "internal", "The kernel did not start.", "Look at the log of this run.", details=str(error)
            ) from error
        for index, title in self._cells:
            if self._stop.is_set():
                return
            await self._execute(client, index, title)

    async def _execute(self, client: _Client, index: int, title: str) -> None:
        self._step(title)
        try:
            await client.async_execute_cell(self._document.cells[index], index)
        except CellExecutionError as error:
            raise self._failure(title, error) from error
        except DeadKernelError as error:
            raise TwinstoreError(
                "internal",
                f"The kernel died in {self._where()} ({title}).",
                "It was killed or ran out of memory: give it more, then run again.",
                details=str(error),
            ) from error
        finally:
            self._save()
        self._done += 1

    async def _interrupt(self, work: asyncio.Task[None], manager: AsyncKernelManager) -> None:
        """Ends the running cell as *Interrupt* does in JupyterLab, and gives it time to leave things in order."""
        self._step("stopping")
        if manager.has_kernel:
            await manager.interrupt_kernel()
            await asyncio.wait({work}, timeout=_INTERRUPT_S)
        work.cancel()
        # Whatever it ended with follows from the stop.
        await asyncio.gather(work, return_exceptions=True)

    async def _end_kernel(self, client: _Client, manager: AsyncKernelManager) -> None:
        if client.kc is not None:
            client.kc.stop_channels()
        if manager.has_kernel:
            await manager.shutdown_kernel(now=self._stop.is_set())
        await ensure_async(manager.cleanup_resources())

    def _kernel_manager(self) -> AsyncKernelManager:
        name = self._document.metadata.get("kernelspec", {}).get("name") or _OWN_KERNEL
        manager = AsyncKernelManager(kernel_name=name, kernel_spec_manager=_Kernels())
        # Since jupyter_client 8.9: other users of the machine cannot listen at the kernel's ports.
        if manager.has_trait("transport_encryption") and zmq.has("curve"):
            manager.transport_encryption = "auto"
        return manager

    def _where(self) -> str:
        return f"cell {self._done + 1} of {len(self._cells)}"

    def _step(self, words: str) -> None:
        self._progress(f"{self._where()} · {words}", self._done, len(self._cells), "cells")

    def _inner_step(self, step: dict[str, Any]) -> None:
        stage, done, total = step.get("stage"), step.get("done"), step.get("total")
        # The library ends a line of progress by this name.
        if (
            isinstance(stage, str)
            and isinstance(done, int)
            and isinstance(total, (int, type(None)))
            and stage != "done"
        ):
            self._step(progress_words(stage, done, total, str(step.get("unit", ""))))

    def _failure(self, title: str, error: CellExecutionError) -> TwinstoreError:
        words = f"{self._where()} ({title})"
        details = _ANSI.sub("", error.traceback)[-_TRACE_LIMIT:]
        own = _own_sentences(error.ename, error.evalue, details)
        if own is not None:
            message, remedy = own
            return TwinstoreError("store_failed", f"In {words}: {message}", remedy, details=details)
        return TwinstoreError(
            "bad_request",
            f"{words[0].upper()}{words[1:]} failed: {error.ename}: {error.evalue}".rstrip(".: ") + ".",
            f"Correct the cell and run again; the run is saved at {self._target}.",
            details=details,
        )

    def _result(self) -> RunResult:
        receipts = _shown(self._document, RECEIPT_MIME)
        reports = _shown(self._document, REPORT_MIME)
        return RunResult(self._target, receipts, reports[-1] if reports else None)

    def _save(self) -> None:
        """Replaces the saved notebook in one step, so that a reader never sees half of one."""
        draft = self._target.with_name(f".{self._target.name}.{os.getpid()}")
        try:
            draft.write_text(nbformat.writes(self._document), encoding="utf-8")  # type: ignore[no-untyped-call]
            draft.replace(self._target)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise TwinstoreError(
                "bad_request", f"The notebook could not be saved at {self._target}: {error.strerror}.",
                "Free space there, or name another place with --output.",
            ) from error  # fmt: skip


class _Client(NotebookClient):
    """Tells of the progress and the printing inside of cells as they happen."""

    def __init__(
        self,
        document: NotebookNode,
        km: AsyncKernelManager,
        on_step: Callable[[dict[str, Any]], None],
        on_print: Callable[[str], None],
    ) -> None:
        super().__init__(document, km=km, timeout=None, coalesce_streams=True)
        self._on_step = on_step
        self._on_print = on_print

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        content = msg["content"]
        if msg["msg_type"] == "stream":
            self._on_print(content["text"])
        step = content.get("data", {}).get(PROGRESS_MIME) if isinstance(content.get("data"), dict) else None
        if isinstance(step, dict):
            self._on_step(step)
        return super().process_message(msg, cell, cell_index)


class _Kernels(KernelSpecManager):
    """Kernels by name; `python3` is this interpreter, whatever is registered under that name."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        if kernel_name == _OWN_KERNEL:
            return KernelSpec(resource_dir="", **get_kernel_dict())
        return super().get_kernel_spec(kernel_name)


def _read(path: Path) -> NotebookNode:
    try:
        document: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        return document
    except OSError as error:
        raise TwinstoreError(
            "not_found", f"The notebook {path} could not be read: {error.strerror}.", "Correct the path."
        ) from error
    except (ValueError, nbformat.ValidationError, nbformat.reader.NotJSONError) as error:
        raise TwinstoreError(
            "bad_request", f"{path} is not a notebook.", "Open it in JupyterLab and save it again.", details=str(error)
        ) from error


def _default_output(notebook: Path) -> Path:
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    folder = state / "twinstore" / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    moment = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    for number in itertools.count(1):
        path = folder / f"{notebook.stem}-{moment}{'' if number == 1 else f'-{number}'}.ipynb"
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            continue
        return path
    raise AssertionError("unreachable")


def _settings_file() -> dict[str, str]:
    """`TWINSTORE_CONFIG` for the kernel: it works in the notebook's folder, where a relative path would mislead."""
    path = next((path for path in config_candidates() if path.is_file()), None)
    return {} if path is None else {"TWINSTORE_CONFIG": str(path.absolute())}


def _code_cells(document: NotebookNode) -> Iterator[tuple[int, str]]:
    """Index and title of each cell that is executed: the last heading since the cell before it, else its first line."""
    heading = ""
    for index, cell in enumerate(document.cells):
        if cell.cell_type == "markdown":
            headings = re.findall(r"^#+\s+(.+?)\s*#*$", cell.source, re.MULTILINE)
            heading = headings[-1] if headings else heading
        elif cell.cell_type == "code" and cell.source.strip():
            if _INJECTED in cell.metadata.get("tags", []):
                first = "parameters of this run"
            else:
                first = heading or next(line.strip() for line in cell.source.splitlines() if line.strip())
            title = re.sub(r"[`*]|^#+\s*", "", first)
            yield index, title if len(title) <= _TITLE_LENGTH else title[: _TITLE_LENGTH - 1] + "…"
            heading = ""


def _assigned(source: str) -> list[str]:
    """Names that the code sets at its top level."""
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise TwinstoreError(
            "bad_request", f"The cell tagged {_PARAMETERS} is not Python: {error.msg}.", "Correct the cell."
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


def _shown(document: NotebookNode, mime: str) -> list[dict[str, Any]]:
    """The values of a type that the outputs hold, in order, each once."""
    found: list[dict[str, Any]] = []
    for cell in document.cells:
        for output in cell.get("outputs", []):
            value = output.get("data", {}).get(mime)
            if isinstance(value, dict) and value not in found:
                found.append(value)
    return found


def _own_sentences(name: str, value: str, trace: str) -> tuple[str, str] | None:
    """Message and remedy of an error of twinstore, which shows both as one text of two sentences; None for others."""
    if f"twinstore.errors.{name}" not in trace and name not in ("TwinstoreError", "Unsupported", "WriteUnconfirmed"):
        return None
    message, dot, remedy = value.rstrip().removesuffix(".").rpartition(". ")
    if not dot:
        return value, "Look at the details."
    return f"{message}.", f"{remedy}."
