from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from twinstore import errors
from twinstore.errors import HTTP_STATUS, TwinstoreError, Unsupported, WriteUnconfirmed, from_foreign, redact

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "src" / "contract" / "errors.ts"
VECTORS = ROOT / "test" / "vectors" / "redaction.json"


@pytest.fixture
def canary() -> str:
    secret = "c4n4ry/+do-not-show="
    errors.remember_secret(secret)
    return secret


JAVA = """An error occurred while calling o251.load.
: com.example.Broken: no node in dc1
\tat com.example.Connector$.nodes(Connector.scala:190)
\tat com.example.Connector$.$anonfun$sessionCache$3(Connector.scala:161)
\tat java.base/java.lang.reflect.Method.invoke(Method.java:569)
Caused by: java.io.IOException: refused at 127.0.0.1
\t... 28 more"""


def test_the_details_of_an_error_from_java_tell_its_causes_without_their_frames() -> None:
    assert from_foreign(RuntimeError(JAVA), "The store failed.", "Start it.").details.splitlines() == [
        "RuntimeError: An error occurred while calling o251.load.",
        ": com.example.Broken: no node in dc1",
        "Caused by: java.io.IOException: refused at 127.0.0.1",
    ]


def test_codes_and_statuses_are_those_of_the_contract() -> None:
    table = re.search(r"HTTP_STATUS[^{]*\{([^}]*)\}", CONTRACT.read_text(encoding="utf-8"))
    assert table is not None
    assert {code: int(status) for code, status in re.findall(r"(\w+): (\d+)", table[1])} == HTTP_STATUS


@pytest.mark.parametrize(
    ("code", "side"),
    [("bad_request", "request"), ("conflict", "request"), ("store_failed", "store"), ("deadline", "store"),
     ("internal", "twinstore"), ("unavailable", "twinstore")],
)  # fmt: skip
def test_side_follows_from_the_code(code: str, side: str) -> None:
    assert TwinstoreError(code, "It failed.", "Try again.").side == side


def test_a_given_side_wins() -> None:
    assert TwinstoreError("unavailable", "It is down.", "Start it.", side="store").side == "store"


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(ValueError, match="oops"):
        TwinstoreError("oops", "It failed.", "Try again.")


def test_body_has_the_fields_of_the_contract() -> None:
    body = TwinstoreError("not_found", "No group.", "Write it.", details="x").to_body("7")
    assert body == {
        "code": "not_found",
        "message": "No group.",
        "remedy": "Write it.",
        "side": "request",
        "details": "x",
        "requestId": "7",
    }


def test_text_of_an_error_says_what_to_do() -> None:
    assert (
        str(TwinstoreError("not_found", "There is no group.", "Write it first."))
        == "There is no group. Write it first."
    )


def test_kinds_of_errors_have_their_codes() -> None:
    assert Unsupported("Not yet.", "Wait.").code == "unsupported"
    unconfirmed = WriteUnconfirmed("Not confirmed.", "Retry.", receipt="receipt")
    assert unconfirmed.code == "store_failed"
    assert unconfirmed.receipt == "receipt"


def test_a_foreign_error_keeps_its_text_in_the_details() -> None:
    error = from_foreign(RuntimeError("socket closed"), "The store failed.", "Start it.")
    assert error.message == "The store failed."
    assert "socket closed" in error.details


def test_details_of_a_foreign_error_are_bounded() -> None:
    error = from_foreign(RuntimeError("x" * 1_000_000), "The store failed.", "Start it.")
    assert len(error.details) < 10_000


def test_our_own_error_passes_as_it_is() -> None:
    error = TwinstoreError("conflict", "Two writers.", "Wait.")
    assert from_foreign(error, "Other words.", "Other remedy.") is error


def test_a_remembered_secret_appears_nowhere(canary: str) -> None:
    error = from_foreign(
        RuntimeError(f"login with {canary} failed"), f"No login with {canary}.", f"Change {canary}.", code="forbidden"
    )
    for text in (str(error), repr(error), *error.to_body().values(), *map(str, error.args)):
        assert canary not in text
    assert "***" in error.message


@pytest.mark.parametrize(
    "case", json.loads(VECTORS.read_text(encoding="utf-8"))["cases"], ids=lambda case: case["text"]
)
def test_what_looks_like_a_secret_is_taken_out_and_other_text_stays(case: dict[str, str]) -> None:
    assert redact(case["text"]) == case["redacted"].replace("•••", "***")


def test_a_notebook_shows_the_line_of_the_user_and_no_frame_of_ours() -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell: Any = InteractiveShell()  # type: ignore[no-untyped-call]
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        shell.run_cell("from twinstore.config import load_settings\nload_settings({'stores': 1})")
    shell.history_manager.end_session()
    lines = shown.getvalue().splitlines()
    assert lines[0].startswith("TwinstoreError: The settings")
    assert "in line 2: load_settings({'stores': 1})" in lines
    assert "config.py" not in shown.getvalue()
