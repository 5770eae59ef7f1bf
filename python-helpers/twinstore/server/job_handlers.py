"""The routes of jobs and of the server itself."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tornado import web

from ..config import config_candidates, write_settings
from ..errors import TwinstoreError
from ..user import acting
from .handlers import Handler, JsonHandler, write_through
from .job_requests import job_request

if TYPE_CHECKING:
    from .app import TwinstoreApp

_NDJSON = "application/x-ndjson"
#: Characters of settings that are taken: they are parsed while everything else waits.
_MAX_SETTINGS = 20_000


class StatusHandler(JsonHandler):
    """`GET status`: how the companion is, without starting it."""

    @web.authenticated
    def get(self) -> None:
        """Answers `IStatus`."""
        companion = self.twinstore.companion
        error = companion.error
        candidates = config_candidates()
        self.answer(
            {
                "companion": companion.state,
                "since_us": companion.since_us,
                "log": list(companion.log),
                "versions": {
                    "server": _version(),
                    "companion": companion.version,
                    "node": companion.node,
                },
                "user": acting(),
                "root": self.twinstore.root_dir,
                "config": next((str(path) for path in candidates if path.is_file()), None),
                "config_candidates": [str(path) for path in candidates],
                "config_is_named": bool(os.environ.get("TWINSTORE_CONFIG")),
                "error": None if error is None else error.to_body(self.request_id),
            }
        )


class RestartHandler(JsonHandler):
    """`POST restart`: ends the companion and starts it, also after it was given up."""

    @web.authenticated
    async def post(self) -> None:
        """Answers when the old one has ended, which may take 6 s; `GET status` tells what comes of the new one."""
        await self.twinstore.companion.restart()
        self.answer({}, 202)


class SettingsHandler(JsonHandler):
    """`POST settings`: the first settings of a user who has none."""

    @web.authenticated
    def post(self) -> None:
        """Takes `{text}`, TOML, and answers the `path` that it was written to."""
        body = self.json_body()
        if not isinstance(body, dict) or body.keys() != {"text"} or not isinstance(body["text"], str):
            raise TwinstoreError("bad_request", "Settings are sent as {text}.", "Correct the request.")
        if len(body["text"]) > _MAX_SETTINGS:
            raise TwinstoreError("bad_request", f"Settings have at most {_MAX_SETTINGS:,} characters.", "Shorten them.")
        self.answer({"path": str(write_settings(body["text"]))}, 201)


class JobsHandler(JsonHandler):
    """The list of jobs."""

    @web.authenticated
    def get(self) -> None:
        """Answers `{jobs}`, newest first."""
        self.answer({"jobs": [job.to_dict() for job in self.twinstore.jobs.all()]})

    @web.authenticated
    async def post(self) -> None:
        """Starts a job and answers its `{id}`."""
        request = job_request(self.json_body(), Path(self.twinstore.root_dir))
        job = await self.twinstore.jobs.start(request)
        self.answer({"id": job.id}, 202)


class JobHandler(JsonHandler):
    """One job."""

    @web.authenticated
    def get(self, id: str) -> None:  # noqa: A002  the route's own word
        """Answers `IJob`."""
        self.answer(self.twinstore.jobs.get(id).to_dict())

    @web.authenticated
    async def delete(self, id: str) -> None:  # noqa: A002
        """Stops it; answers the job as it is now. One that has ended stays as it ended."""
        job = self.twinstore.jobs.get(id)
        await job.stop()
        self.answer(job.to_dict(), 202)


class JobEventsHandler(Handler):
    """`GET jobs/{id}/events?from=seq`: events as lines of JSON, until the job has ended."""

    def initialize(self, twinstore: TwinstoreApp, actions: dict[str, str]) -> None:
        super().initialize(twinstore, actions)
        self._stream: asyncio.Task[None] | None = None

    async def body_received(self, chunk: bytes) -> None:
        """A GET has no body worth reading."""

    @web.authenticated
    async def get(self, id: str) -> None:  # noqa: A002
        """Streams from number `from` on (default 1, the first)."""
        events = self.twinstore.jobs.get(id).events(self._first())
        self._stream = asyncio.create_task(self._write(events))
        await asyncio.wait({self._stream})
        if not self._stream.cancelled():
            self._stream.result()
            self.finish(set_content_type=_NDJSON)

    def on_connection_close(self) -> None:
        """The browser has left; the job goes on."""
        super().on_connection_close()
        if self._stream is not None:
            self._stream.cancel()

    async def _write(self, events: AsyncIterator[dict[str, Any]]) -> None:
        self.set_header("Content-Type", _NDJSON)
        self.set_header("Cache-Control", "no-store")
        # nginx would keep the lines back until it has some kilobytes of them.
        self.set_header("X-Accel-Buffering", "no")
        # The head goes first: there may be no event for a while.
        await write_through(self, b"", self.on_connection_close)
        async for event in events:
            await write_through(self, json.dumps(event).encode() + b"\n", self.on_connection_close)

    def _first(self) -> int:
        text = self.get_argument("from", "1")
        if not text.isdecimal():
            raise TwinstoreError("bad_request", f"from is a number from 1 on, not {text!r}.", "Correct the request.")
        return int(text)


def _version() -> str:
    try:
        return metadata.version("twinstore")
    except metadata.PackageNotFoundError:
        # A checkout on the path.
        return "not installed"
