"""The extension: what lives as long as the Jupyter server, and which handler serves which route."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from tornado import web
from traitlets import Float, List, Unicode

from ..node import find_node, node_bundle
from .companion import Companion, Limits
from .control import ControlServer
from .handlers import NotFoundHandler
from .job_handlers import JobEventsHandler, JobHandler, JobsHandler, RestartHandler, SettingsHandler, StatusHandler
from .jobs import Jobs
from .proxy import ProxyHandler
from .routes import routes
from .runtime import RuntimeFolder

_HANDLERS: dict[str, type[web.RequestHandler]] = {
    "status": StatusHandler,
    "restart": RestartHandler,
    "settings": SettingsHandler,
    "jobs": JobsHandler,
    "jobs/{id}": JobHandler,
    "jobs/{id}/events": JobEventsHandler,
}


class TwinstoreApp(ExtensionApp):
    """Serves `<base_url>/twinstore/`."""

    name = "twinstore"
    load_other_extensions = True

    companion_command = List(
        Unicode(),
        config=True,
        help="Command that starts the companion; default: the Node found, with this installation's bundle.",
    )
    idle_limit = Float(3_600, config=True, help="Seconds without use after which the companion is ended.")

    serverapp: ServerApp
    companion: Companion
    jobs: Jobs

    def initialize_settings(self) -> None:
        """Makes the runtime folder before the first kernel starts, for kernels inherit its name."""
        self._runtime = RuntimeFolder()
        os.environ["TWINSTORE_RUNTIME"] = str(self._runtime.path)
        limits = Limits(idle_s=self.idle_limit)
        self.companion = Companion(self._companion_command, self._runtime.path, self.log, limits)
        self.jobs = Jobs(self._job_python)
        self._control = ControlServer(self.companion, self._runtime.path, self.log)

    def initialize_handlers(self) -> None:
        """One handler for each route of the contract, and one for all other paths."""
        for route in routes("server"):
            self._serve(route.pattern(), _HANDLERS[route.path], actions=route.actions)
        for route in routes("companion"):
            self._serve(f"api/{route.pattern()}", ProxyHandler, actions=route.actions, target=route.path)
        self._serve(".*", NotFoundHandler, actions={})

    async def stop_extension(self) -> None:
        """Ends every child."""
        self._control.stop()
        await self.jobs.close()
        await self.companion.close()
        os.environ.pop("TWINSTORE_RUNTIME", None)
        self._runtime.close()

    def current_activity(self) -> dict[str, int] | None:
        """Running jobs, which a server without kernels must not be ended under."""
        running = sum(job.state == "running" for job in self.jobs.all())
        return {"jobs": running} if running else None

    @property
    def root_dir(self) -> str:
        """The folder that this server serves."""
        return str(self.serverapp.root_dir)

    def _serve(self, path: str, handler: type[web.RequestHandler], **arguments: Any) -> None:
        self.handlers.append((f"twinstore/{path}", handler, {"twinstore": self, **arguments}))

    def _companion_command(self) -> Sequence[str]:
        if self.companion_command:
            return list(self.companion_command)
        return [find_node(), str(node_bundle("companion.js"))]

    def _job_python(self) -> str:
        """Interpreter of jobs: `TWINSTORE_PYTHON`, else the one of new notebooks, else the server's."""
        named = os.environ.get("TWINSTORE_PYTHON")
        if named:
            return named
        kernels = self.serverapp.kernel_manager
        try:
            first = self.settings["kernel_spec_manager"].get_kernel_spec(kernels.default_kernel_name).argv[0]
        except (NoSuchKernel, IndexError):
            return sys.executable
        # A bare name, such as `python3`, means the server's own.
        is_python = Path(first).is_absolute() and Path(first).name.startswith("python") and os.access(first, os.X_OK)
        return str(first) if is_python else sys.executable


main = TwinstoreApp.launch_instance
