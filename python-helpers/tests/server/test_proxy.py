"""What crosses between browser and companion, and what happens when either leaves."""

from __future__ import annotations

import json
import re
import socket
import time

import httpx
import pytest

from .live import BASE, TOKEN, Server, until


def test_only_listed_headers_and_no_login_reach_the_companion(server: Server, client: httpx.Client) -> None:
    response = client.post(
        "api/groups",
        params={"token": TOKEN, "_xsrf": "planted", "no_track_activity": "1", "at": "5", "1700000000": ""},
        headers={"Cookie": "session=planted", "X-XSRFToken": "planted", "X-Forwarded-For": "planted",
                 "X-Twinstore-Secret": "planted", "Accept": "application/json"},
        json={"a": 1},
    )  # fmt: skip
    seen = response.json()
    assert seen["url"] == "/groups?at=5&1700000000="
    assert json.loads(seen["text"]) == {"a": 1}
    assert seen["headers"].keys() == {
        "accept", "content-type", "content-length", "host", "connection", "x-request-id", "x-twinstore-secret",
    }  # fmt: skip
    assert "planted" not in json.dumps(seen)
    assert TOKEN not in json.dumps(seen)


def test_only_listed_headers_reach_the_browser(client: httpx.Client) -> None:
    response = client.post("api/groups", json={})
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Request-Id"] == response.json()["headers"]["x-request-id"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert "planted" not in response.headers.get("Set-Cookie", "")
    assert "X-Powered-By" not in response.headers


def test_an_error_of_the_companion_passes_as_it_is(client: httpx.Client) -> None:
    response = client.post("api/groups/get", json={"fault": "conflict"})
    assert response.status_code == 409
    assert response.json()["message"] == "Taken."


def test_an_answer_arrives_piece_by_piece(client: httpx.Client) -> None:
    with client.stream("POST", "api/receipts") as response:
        assert response.headers["Content-Type"] == "application/vnd.twinstore.frames"
        times = []
        for _ in response.iter_lines():
            times.append(time.monotonic())
            if len(times) == 4:
                break
    assert times[-1] - times[0] > 0.1


def test_a_browser_that_leaves_ends_the_work_of_the_companion(client: httpx.Client) -> None:
    def gone() -> int:
        return int(client.get("api/health").json()["gone"])

    before = gone()
    with client.stream("POST", "api/receipts") as response:
        next(response.iter_lines())
    until(lambda: gone() == before + 1, "the companion to see that its reader left")


def test_a_browser_that_leaves_while_it_sends_ends_the_request(server: Server, client: httpx.Client) -> None:
    before = client.get("api/health").json()["gone"]
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = f"POST {BASE}twinstore/api/groups HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: token {TOKEN}\r\n"
        connection.sendall(f"{head}Content-Length: 1000000\r\n\r\n{'x' * 1000}".encode())
        time.sleep(0.2)
    until(lambda: client.get("api/health").json()["gone"] == before + 1, "the companion to see that its sender left")


def test_a_slow_reader_slows_the_companion_down(server: Server, client: httpx.Client) -> None:
    with client.stream("POST", "api/proofs") as response:
        pieces = response.iter_raw()
        size = len(next(pieces))
        time.sleep(1)
        log = client.get("status").json()["log"]
        flooded = [int(match[1]) for line in log if (match := re.fullmatch(r"flooded (\d+) MiB", line))]
        # What fits into the sockets' buffers, not the whole of it.
        assert 0 < flooded[-1] < 64
        size += sum(map(len, pieces))
    assert size == 256 * 1024 * 1024


def test_a_large_body_passes_whole(client: httpx.Client) -> None:
    def pieces() -> object:
        for _ in range(32):
            yield bytes(1024 * 1024)

    assert client.post("api/groups", content=pieces()).json()["bytes"] == 32 * 1024 * 1024  # type: ignore[arg-type]
    assert client.post("api/groups", content=bytes(1024 * 1024)).json()["bytes"] == 1024 * 1024


def test_an_answer_that_breaks_off_looks_broken(client: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("api/groups/get", json={"fault": "break"})


def test_a_companion_that_dies_while_asked_is_told_and_is_back(client: httpx.Client) -> None:
    response = client.post("api/groups/get", json={"fault": "exit"})
    assert response.status_code == 503
    assert response.json()["code"] == "unavailable"
    assert response.json()["remedy"]
    # Asked while it still dies; the restart is a second away.
    found = client.get("api/health")
    assert found.status_code == 200, found.text
