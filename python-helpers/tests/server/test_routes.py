"""Who may call which route, and how a refusal looks."""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from .live import BASE, TOKEN, Server, StartServer

CONTRACT = Path(__file__).parents[3] / "src" / "contract"
TABLE = json.loads((CONTRACT / "routes.json").read_text())
ROUTES = [
    (entry["method"], entry["path"].replace("{id}", "0123456789ab"), entry["action"]) for entry in TABLE["server"]
]
ROUTES += [(entry["method"], "api/" + entry["path"], entry["action"]) for entry in TABLE["companion"]]
LIMIT = 64 * 1024 * 1024

every_route = pytest.mark.parametrize(("method", "path", "action"), ROUTES, ids=lambda value: str(value))


def error_of(response: httpx.Response) -> dict[str, str]:
    """The body, which must be an error of the contract."""
    body: dict[str, str] = response.json()
    assert body.keys() == {"code", "message", "remedy", "side", "details", "requestId"}
    assert body["message"]
    assert body["remedy"]
    return body


@pytest.fixture(autouse=True)
def all_rights(server: Server) -> None:
    server.allow("read", "write", "execute")


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[httpx.Client]:
    browser = server.browser()
    assert "_xsrf" in browser.cookies
    yield browser
    browser.close()


@every_route
def test_a_request_without_login_is_refused(server: Server, method: str, path: str, action: str) -> None:
    with server.anonymous() as anonymous:
        response = anonymous.request(method, path)
    assert response.status_code == 403
    assert error_of(response)["code"] == "forbidden"


@every_route
def test_a_login_cookie_without_the_xsrf_token_is_refused(
    browser: httpx.Client, method: str, path: str, action: str
) -> None:
    response = browser.request(method, path)
    assert response.status_code == 403
    assert error_of(response)["code"] == "forbidden"


@every_route
def test_a_foreign_origin_is_refused_whatever_it_shows(
    client: httpx.Client, method: str, path: str, action: str
) -> None:
    response = client.request(method, path, headers={"Origin": "https://elsewhere.example"})
    assert response.status_code == 403
    assert "elsewhere.example" in error_of(response)["message"]


@every_route
def test_a_foreign_host_is_refused_whatever_it_shows(client: httpx.Client, method: str, path: str, action: str) -> None:
    response = client.request(method, path, headers={"Host": "elsewhere.example"})
    assert response.status_code == 403
    assert "elsewhere.example" in error_of(response)["message"]


@every_route
def test_a_route_needs_the_right_that_the_contract_names(
    server: Server, client: httpx.Client, method: str, path: str, action: str
) -> None:
    server.allow(*({"read", "write", "execute"} - {action}))
    response = client.request(method, path)
    assert response.status_code == 403
    assert f"may not {action}" in error_of(response)["message"]


@every_route
def test_a_route_needs_no_other_right(
    server: Server, client: httpx.Client, method: str, path: str, action: str
) -> None:
    server.allow(action)
    with client.stream(method, path) as response:
        assert response.status_code != 403


@every_route
def test_cookie_and_xsrf_token_together_are_enough(browser: httpx.Client, method: str, path: str, action: str) -> None:
    with browser.stream(method, path, headers={"X-XSRFToken": browser.cookies["_xsrf"]}) as response:
        assert response.status_code != 403


@every_route
def test_a_method_that_the_contract_lacks_is_refused(client: httpx.Client, method: str, path: str, action: str) -> None:
    for other in ("PUT", "PATCH", "OPTIONS"):
        response = client.request(other, path)
        assert response.status_code == 405
        assert method in response.headers["Allow"]
        error_of(response)


@pytest.mark.parametrize(
    "path", ["nothing", "api/nothing", "api", "api/groups/get/more", "api/health/", "jobs/../jobs"]
)
def test_a_path_that_the_contract_lacks_is_not_found(client: httpx.Client, path: str) -> None:
    url = f"{client.base_url}{path}"
    for method in ("GET", "POST", "PUT"):
        response = client.request(method, url.replace("../", "%2e%2e%2f"))
        assert response.status_code == 404
        assert error_of(response)["code"] == "not_found"


def test_only_the_base_url_is_served(server: Server, client: httpx.Client) -> None:
    assert client.get(f"{server.url}twinstore/status").status_code == 200
    assert client.get(f"{server.url.removesuffix(BASE)}/twinstore/status").status_code == 404


def test_a_body_above_the_limit_is_refused_before_it_is_read(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 20) as connection:
        head = f"POST {BASE}twinstore/api/groups HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: token {TOKEN}\r\n"
        connection.sendall(f"{head}Content-Length: {LIMIT + 1}\r\n\r\n".encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 413
        assert "64 MiB" in json.loads(answer.read())["message"]


def test_a_body_without_length_is_counted(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 20) as connection:
        head = f"POST {BASE}twinstore/api/groups HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: token {TOKEN}\r\n"
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        chunk = bytes(LIMIT // 64)
        for _ in range(64):
            connection.sendall(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        connection.sendall(b"1\r\nx")
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 413


def test_a_body_that_is_not_json_is_named(client: httpx.Client) -> None:
    for body in (b"{", b"\xff", b'{"verb": NaN}'):
        response = client.post("jobs", content=body)
        assert response.status_code == 400
        assert error_of(response)["code"] == "bad_request"


def test_a_fault_of_the_server_has_a_body_without_its_trace(server: Server, client: httpx.Client) -> None:
    rights = server.folder / "rights.json"
    kept = rights.read_text()
    rights.write_text("{")
    try:
        response = client.get("status")
    finally:
        rights.write_text(kept)
    assert response.status_code == 500
    assert error_of(response)["code"] == "internal"
    assert "Traceback" not in response.text


def test_polls_do_not_count_as_activity(server: Server, client: httpx.Client) -> None:
    def last() -> str:
        return str(client.get(f"{server.url}api/status", params={"no_track_activity": "1"}).json()["last_activity"])

    before = last()
    client.get("status", params={"no_track_activity": "1"})
    client.get("api/health", params={"no_track_activity": "1"})
    assert last() == before
    client.get("status")
    assert last() > before


def test_status_tells_what_runs_without_starting_it(client: httpx.Client) -> None:
    status = client.get("status").json()
    assert status.keys() == {
        "companion", "since_us", "log", "versions", "user", "root", "config", "config_candidates", "config_is_named",
        "error"
    }  # fmt: skip
    assert len(status["config_candidates"]) == (1 if status["config_is_named"] else 2)


def test_the_codes_have_the_status_of_the_contract() -> None:
    from twinstore.errors import HTTP_STATUS

    table = re.search(r"HTTP_STATUS[^{]*\{([^}]*)\}", (CONTRACT / "errors.ts").read_text())
    assert table is not None
    assert {code: int(status) for code, status in re.findall(r"(\w+): (\d+)", table[1])} == HTTP_STATUS


def test_the_extension_is_enabled_by_the_wheel() -> None:
    helpers = Path(__file__).parents[2]
    config = json.loads((helpers / "jupyter-config" / "jupyter_server_config.d" / "twinstore.json").read_text())
    from twinstore.server import _jupyter_server_extension_points

    assert config == {"ServerApp": {"jpserver_extensions": {"twinstore.server": True}}}
    assert [point["module"] for point in _jupyter_server_extension_points()] == ["twinstore.server.app"]


def test_first_settings_are_taken_once(own_server: StartServer, tmp_path: Path) -> None:
    path = tmp_path / "twinstore.toml"
    text = '[stores.offline]\n[stores.online]\nhosts = ["127.0.0.1:9042"]\ndatacenter = "datacenter1"\n'
    with own_server(TWINSTORE_CONFIG=str(path)).client() as client:
        assert client.get("status").json()["config"] is None
        for body in (None, {"text": 1}, {"text": text, "path": "/etc/passwd"}):
            assert client.post("settings", json=body).status_code == 400
        assert client.post("settings", json={"text": "stores = 1"}).status_code == 400
        assert client.post("settings", content=b"[" * 100_000).status_code == 400
        assert not path.exists()
        assert client.post("settings", json={"text": text}).json() == {"path": str(path)}
        assert client.get("status").json()["config"] == str(path)
        assert client.post("settings", json={"text": text}).status_code == 409
    assert path.read_text() == text
