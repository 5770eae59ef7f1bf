"""Runs a notebook from top to bottom without a browser, telling how far it is.

The kernel is this interpreter's own, so that a run has the same packages as the process that started it; a notebook
that names another kernel than `python3` gets that one.
"""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from .errors import HTTP_STATUS, NotebookFailed, TwinstoreError
from .executed import executed_name
from .notebook_cells import INJECTED, Scalar, has_tag, parameter_code, shown, titled_code_cells
from .progress import MIME as PROGRESS_MIME
from .progress import PacedWords, Progress

RECEIPT_MIME = "application/vnd.twinstore.receipt+json"
REPORT_MIME = "application/vnd.twinstore.parity+json"

_OWN_KERNEL = "python3"
_TRACE_LIMIT = 8_000
#: Seconds that an interrupted cell gets to end: Spark jobs are cancelled in them.
_INTERRUPT_S = 15
# What twinstore's errors know of themselves, code and remedy too, which the output of a cell does not hold.
_LAST_ERROR = "__import__('json').dumps(__import__('sys').last_value.to_body())"
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
    cells = [cell for cell in document.cells if not has_tag(cell, INJECTED)]
    position, source = parameter_code(cells, parameters, name)
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": [INJECTED]})  # type: ignore[no-untyped-call]
    if (document.nbformat, document.nbformat_minor) < (4, 5):
        del cell["id"]
    document.cells = [*cells[:position], cell, *cells[position:]]


class _Run:
    """One run: the cells in order, what is told of them, and how it ends."""

    def __init__(
        self, document: NotebookNode, source: Path, target: Path, progress: Progress, log: Callable[[str], None]
    ) -> None:
        self._document = document
        self._source = source
        self._target = target
        self._progress = progress
        self._words = PacedWords()
        self._log = log
        self._kernel: str = document.metadata.get("kernelspec", {}).get("name") or _OWN_KERNEL
        self._cells = list(titled_code_cells(document.cells))
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
            raise self._failure(title, error, await client.own_error()) from error
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
        manager = AsyncKernelManager(kernel_name=self._kernel, kernel_spec_manager=_Kernels())
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
            self._step(self._words(stage, done, total, str(step.get("unit", ""))))

    def _failure(self, title: str, error: CellExecutionError, own: dict[str, str] | None) -> NotebookFailed:
        where = f"{self._where()} ({title})"
        details = _ANSI.sub("", error.traceback)[-_TRACE_LIMIT:]
        if own is not None:
            message = f"In {where}: {own['message']}"
            return NotebookFailed(own["code"], message, own["remedy"], side=own["side"], details=details)
        if error.ename == "ModuleNotFoundError" and error.evalue == "No module named 'twinstore'":
            return NotebookFailed(
                "not_found",
                f"The kernel {self._kernel} of this notebook has no twinstore.",
                "Choose another kernel for the notebook, or run `%pip install twinstore` in this one.",
                details=details,
            )
        return NotebookFailed(
            "bad_request",
            f"{where[0].upper()}{where[1:]} failed: {error.ename}: {error.evalue}".rstrip(".: ") + ".",
            f"Correct the cell and run again; the run is saved at {self._target}.",
            details=details,
        )

    def _result(self) -> RunResult:
        receipts = shown(self._document.cells, RECEIPT_MIME)
        reports = shown(self._document.cells, REPORT_MIME)
        return RunResult(self._target, receipts, reports[-1] if reports else None)

    def _save(self) -> None:
        """Replaces the saved notebook in one step, so that a reader never sees half of one."""
        draft = self._target.with_name(f".{self._target.name}.{os.getpid()}")
        try:
            draft.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(nbformat.writes(self._document), encoding="utf-8")  # type: ignore[no-untyped-call]
            draft.replace(self._target)
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
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

    async def own_error(self) -> dict[str, str] | None:
        """The body of the error that the last cell raised, when it was one of twinstore's."""
        assert self.kc is not None
        request = await ensure_async(self.kc.execute("", silent=True, user_expressions={"error": _LAST_ERROR}))
        reply = await self.async_wait_for_reply(request)
        answer = reply["content"].get("user_expressions", {}).get("error", {}) if reply else {}
        try:
            body = json.loads(ast.literal_eval(answer["data"]["text/plain"]))
        except (KeyError, ValueError, SyntaxError, TypeError):
            # Not a Python kernel, or not an error of ours.
            return None
        return body if isinstance(body, dict) and body.get("code") in HTTP_STATUS else None

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
    return state / "twinstore" / "runs" / executed_name(notebook)


def _settings_file() -> dict[str, str]:
    """`TWINSTORE_CONFIG` for the kernel: it works in the notebook's folder, where a relative path would mislead."""
    path = next((path for path in config_candidates() if path.is_file()), None)
    return {} if path is None else {"TWINSTORE_CONFIG": str(path.absolute())}
