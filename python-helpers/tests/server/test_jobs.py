"""Jobs over the real server: their events, stopping, failing, and what outlives what."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from twinstore.server.job_requests import JobRequest, job_request
from twinstore.server.jobs import Grace, Job

from .live import Server, StartServer, descendants, is_alive, running_below, stop_server, until, write_notebook

PROGRESS = """
display({"text/plain": "w", "application/vnd.twinstore.progress+json":
         {"stage": "writing online", "done": 12000, "total": 126000, "unit": "rows"}}, raw=True)
"""
RECEIPT = """
display({"text/plain": "r", "application/vnd.twinstore.receipt+json": {"run_id": name}}, raw=True)
"""
SLEEP = "import time\nprint('asleep')\ntime.sleep(60)"


def start(client: httpx.Client, **parameters: Any) -> str:
    args = {"notebook": "a.ipynb", **({"parameters": parameters} if parameters else {})}
    response = client.post("jobs", json={"verb": "run", "args": args})
    assert response.status_code == 202, response.text
    return str(response.json()["id"])


def events(client: httpx.Client, job: str, first: int = 1) -> list[dict[str, Any]]:
    with client.stream("GET", f"jobs/{job}/events", params={"from": first, "no_track_activity": 1}) as response:
        assert response.headers["Content-Type"] == "application/x-ndjson"
        return [json.loads(line) for line in response.iter_lines()]


def wait_for_log(client: httpx.Client, job: str, text: str) -> None:
    with client.stream("GET", f"jobs/{job}/events") as response:
        for line in response.iter_lines():
            if text in line:
                return
    raise AssertionError(f"the job never said {text}")


def test_a_run_tells_its_cells_and_what_they_do_and_ends_with_its_receipts(
    server: Server, client: httpx.Client
) -> None:
    write_notebook(server.root / "a.ipynb", PROGRESS, RECEIPT, parameters="name = 'nobody'\nrows = 1")
    job = start(client, name="it's", rows=5)
    told = events(client, job)
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert all(abs(event["at_us"] / 1e6 - time.time()) < 120 for event in told)
    stages = [event["stage"] for event in told if event["type"] == "progress"]
    assert "cell 3 of 4 · writing online: 12,000 of 126,000 rows" in stages
    assert told[0]["type"] == "started"
    assert [event["type"] for event in told].count("result") == 1
    assert told[-1]["type"] == "result"
    assert told[-1]["result"]["receipts"] == [{"run_id": "it's"}]
    known = client.get(f"jobs/{job}").json()
    assert known["state"] == "succeeded"
    assert known["title"] == "a.ipynb"
    assert known["result"] == told[-1]["result"]
    assert known["last_seq"] == told[-1]["seq"]
    assert known["started_us"] <= known["ended_us"]
    # Where JupyterLab can open it.
    executed = server.root / known["output"]
    assert (Path(known["result"]["notebook"]), executed.parent) == (executed, server.root / "runs")
    assert client.get(f"{server.url}api/contents/{known['output']}?content=0").json()["type"] == "notebook"
    # Again from any number, also after the end: a page that was reloaded reads so.
    assert events(client, job) == told
    assert events(client, job, 3) == told[2:]
    assert events(client, job, told[-1]["seq"] + 1) == []
    assert client.get("jobs").json()["jobs"][0] == known


def test_a_page_may_leave_and_come_back_in_the_middle(server: Server, client: httpx.Client) -> None:
    write_notebook(server.root / "a.ipynb", "import time\nprint('one')\ntime.sleep(2)\nprint('two')")
    job = start(client)
    with client.stream("GET", f"jobs/{job}/events") as response:
        for line in response.iter_lines():
            if '"one' in line:
                seen = json.loads(line)["seq"]
                break
    assert client.get(f"jobs/{job}").json()["state"] == "running"
    rest = events(client, job, seen + 1)
    assert [event["text"].strip() for event in rest if event["type"] == "log"] == ["two"]
    assert rest[-1]["type"] == "result"


def test_stopping_interrupts_the_kernel_and_leaves_no_process(server: Server, client: httpx.Client) -> None:
    write_notebook(server.root / "a.ipynb", SLEEP, "print('never')")
    job = start(client)
    wait_for_log(client, job, "asleep")
    before = time.monotonic()
    assert client.delete(f"jobs/{job}").status_code == 202
    told = events(client, job)
    assert time.monotonic() - before < 20
    assert told[-1]["type"] == "stopped"
    assert "never" not in json.dumps(told)
    known = client.get(f"jobs/{job}").json()
    assert (known["state"], known["error"], known["result"]) == ("stopped", None, None)
    # Once more changes nothing.
    assert client.delete(f"jobs/{job}").json()["state"] == "stopped"
    until(lambda: not running_below(server.process.pid, "ipykernel_launcher"), "the kernel to be gone")


def last_event_of(python: Path, story: str) -> dict[str, Any]:
    """How a job ends whose interpreter is the shell script `story`; it is stopped once there is the file `ready`."""
    python.write_text(f"#!/bin/sh\n{story}\n")
    python.chmod(0o700)

    async def told() -> dict[str, Any]:
        job = Job(JobRequest("parity", {"group": "energy"}, "energy", ["parity", "energy"]), Grace(0.2, 0.2, 0.2))
        await job.start(str(python))
        while job.state == "running":
            if (python.parent / "ready").exists():
                await job.stop()
                break
            await asyncio.sleep(0.02)
        return [event async for event in job.events(1)][-1]

    return asyncio.run(asyncio.wait_for(told(), 10))


def test_a_child_that_is_deaf_and_mute_is_ended_all_the_same(short_folder: Path) -> None:
    story = f"trap '' INT TERM; touch {short_folder}/ready; while :; do sleep 0.05; done"
    assert last_event_of(short_folder / "python", story)["type"] == "stopped"


def test_an_interpreter_without_twinstore_is_named_with_what_to_install(short_folder: Path) -> None:
    python = short_folder / "python"
    last = last_event_of(python, 'echo "$0: No module named twinstore" >&2; exit 1')
    assert last["type"] == "failed"
    assert last["error"]["message"] == f"The interpreter of this job, {python}, has no twinstore."
    assert f"{python} -m pip install twinstore" in last["error"]["remedy"]


def test_a_failing_cell_is_named_and_says_what_to_do(server: Server, client: httpx.Client) -> None:
    write_notebook(server.root / "a.ipynb", "x = 1", "# Divide\n1 / 0")
    told = events(client, start(client))
    error = told[-1]["error"]
    assert told[-1]["type"] == "failed"
    assert error["message"] == "Cell 2 of 2 (Divide) failed: ZeroDivisionError: division by zero."
    assert error["remedy"]
    assert "1 / 0" in error["details"]
    assert "\x1b" not in error["details"]


def test_a_child_that_is_killed_is_told_as_failed(server: Server, client: httpx.Client) -> None:
    write_notebook(server.root / "a.ipynb", SLEEP)
    job = start(client)
    wait_for_log(client, job, "asleep")
    kernels = running_below(server.process.pid, "ipykernel_launcher")
    (child,) = running_below(server.process.pid, "--until-stdin-closes")
    os.kill(child, signal.SIGKILL)
    told = events(client, job)
    assert told[-1]["type"] == "failed"
    assert "by signal SIGKILL" in told[-1]["error"]["message"]
    assert kernels
    until(lambda: not any(map(is_alive, kernels)), "the kernel to follow its runner")


def test_a_flood_of_printing_is_cut_and_the_end_still_told(server: Server, client: httpx.Client) -> None:
    write_notebook(server.root / "a.ipynb", "for _ in range(3000):\n    print('y' * 999)")
    told = events(client, start(client))
    text = "".join(event["text"] for event in told if event["type"] == "log")
    assert len(text) < 1_010_000
    assert "not kept" in text
    assert told[-1]["type"] == "result"


def test_the_demo_stack_is_started_by_the_command(own_server: StartServer, tmp_path: Path) -> None:
    # Settings that are there stay in use, so that nothing starts and the refusal can be seen.
    settings = tmp_path / "twinstore.toml"
    settings.write_text("")
    with own_server(TWINSTORE_CONFIG=str(settings)).client() as client:
        response = client.post("jobs", json={"verb": "demo", "args": {}})
        told = events(client, response.json()["id"])
    assert [event["type"] for event in told] == ["started", "failed"]
    assert told[-1]["error"]["code"] == "conflict"
    assert str(settings) in told[-1]["error"]["message"]


@pytest.mark.parametrize("example", ["", "energy_features.ipynb"])
def test_the_demo_stack_brings_notebooks_where_there_are_none(tmp_path: Path, example: str) -> None:
    if example:
        write_notebook(tmp_path / example)
    copies = [] if example else ["--notebooks", str(tmp_path / "notebooks")]
    assert job_request({"verb": "demo", "args": {}}, tmp_path).arguments == ["stack", "demo", "--job", *copies]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (None, "A job is"),
        ([], "A job is"),
        ({"verb": "run"}, "A job is"),
        ({"verb": "drop", "args": {}}, "is not a verb"),
        ({"verb": ["run"], "args": {}}, "is not a verb"),
        ({"verb": "run", "args": []}, "must be an object"),
        ({"verb": "run", "args": {}}, "must be a path"),
        ({"verb": "run", "args": {"notebook": "a.txt"}}, "is not a notebook"),
        ({"verb": "run", "args": {"notebook": "a.ipynb", "kernel": "x"}}, "does not know kernel"),
        ({"verb": "run", "args": {"notebook": "a.ipynb", "parameters": {"a b": 1}}}, "cannot name a parameter"),
        ({"verb": "run", "args": {"notebook": "a.ipynb", "parameters": {"a\n": 1}}}, "cannot name a parameter"),
        ({"verb": "run", "args": {"notebook": "a.ipynb", "parameters": {"a": [1]}}}, "must be a text"),
        ({"verb": "parity", "args": {"group": "--full"}}, "cannot name a feature group"),
        ({"verb": "parity", "args": {"group": "energy", "how": "sampled"}}, "how is one of"),
        ({"verb": "retry", "args": {"group": 5}}, "cannot name a feature group"),
        ({"verb": "retry", "args": {"group": "a\n"}}, "cannot name a feature group"),
        ({"verb": "demo", "args": {"name": "x"}}, "does not know name"),
        ({"verb": "materialize", "args": {"group": "a", "version": -1}}, "version is a Delta version"),
    ],
)
def test_what_cannot_be_a_job_is_refused_in_words(
    server: Server, client: httpx.Client, body: object, says: str
) -> None:
    write_notebook(server.root / "a.ipynb")
    (server.root / "a.txt").touch()
    known = client.get("jobs").json()
    response = client.post("jobs", json=body)
    assert response.status_code == 400
    assert says in response.json()["message"]
    assert client.get("jobs").json() == known


def test_a_notebook_outside_of_the_served_folder_is_refused(server: Server, client: httpx.Client) -> None:
    outside = write_notebook(server.folder / "out.ipynb", "1")
    (server.root / "link.ipynb").unlink(missing_ok=True)
    (server.root / "link.ipynb").symlink_to(outside)
    for path in ("../out.ipynb", "link.ipynb", "sub/../../out.ipynb"):
        response = client.post("jobs", json={"verb": "run", "args": {"notebook": path}})
        assert response.status_code == 403
        assert "leads out of" in response.json()["message"]
    assert client.post("jobs", json={"verb": "run", "args": {"notebook": str(outside)}}).status_code == 404


def test_a_job_that_is_not_known_is_not_found(client: httpx.Client) -> None:
    for response in (client.get("jobs/nope"), client.get("jobs/nope/events"), client.delete("jobs/nope")):
        assert response.status_code == 404
        assert response.json()["code"] == "not_found"
    assert client.get("jobs/nope/events", params={"from": "x"}).status_code == 404


def test_a_server_that_is_stopped_ends_its_children(own_server: StartServer) -> None:
    server = own_server("--with-child")
    children = _busy(server)
    stop_server(server)
    assert server.process.returncode == 0
    until(lambda: not any(map(is_alive, children)), "all children to be gone")
    assert not list((server.folder / "run").glob("ts-*"))


def test_a_server_that_is_killed_leaves_no_child(own_server: StartServer) -> None:
    server = own_server()
    children = _busy(server)
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    until(lambda: not any(map(is_alive, children)), "all children to be gone", 30)


def _busy(server: Server) -> set[int]:
    """Every process below a server that runs the companion and a job with its kernel."""
    write_notebook(server.root / "a.ipynb", SLEEP)
    with server.client() as client:
        assert client.get("api/health").status_code == 200
        wait_for_log(client, start(client), "asleep")
    children = descendants(server.process.pid)
    assert len(children) >= 3
    return children
