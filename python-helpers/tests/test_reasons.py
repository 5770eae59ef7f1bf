from __future__ import annotations

from typing import Any

import pytest

from twinstore.reasons import Evidence, reason, utc

FOREIGN_US = 1_795_581_261_901_000
STAMPS = {40: 1_795_000_000_000_000, 41: 1_795_000_100_000_000}


def why(state: str, **known: Any) -> str:
    evidence: dict[str, Any] = {
        "has_offline": True, "nulled": False, "offline_commit": 41, "online_commit": 41,
        "online_write_us": STAMPS[41], "expires_us": None, **known,
    }  # fmt: skip
    return reason(Evidence(state, **evidence), 41, STAMPS)


def test_time_in_words() -> None:
    assert utc(FOREIGN_US) == "2026-11-25 04:34:21 UTC"
    assert utc(-1) == "1969-12-31 23:59:59 UTC"


@pytest.mark.parametrize(
    ("state", "start"),
    [
        ("mismatch", "changed outside twinstore"),
        ("stale_online", "an older row was written outside twinstore"),
        ("ahead_online", "a newer row was written outside twinstore"),
    ],
)
def test_a_write_time_that_is_no_commits_is_another_writers(state: str, start: str) -> None:
    assert why(state, online_write_us=FOREIGN_US) == f"{start} at 2026-11-25 04:34:21 UTC"


def test_a_row_without_commit_is_another_writers() -> None:
    assert "written outside twinstore at" in why("extra_online", has_offline=False, online_commit=None)


def test_an_earlier_commit_online_means_that_a_later_one_was_not_written() -> None:
    known = {"online_commit": 40, "online_write_us": STAMPS[40]}
    assert why("stale_online", **known) == "commit 40 was written online, commit 41 was not"


def test_a_value_that_became_null_has_no_time() -> None:
    assert why("mismatch", nulled=True).startswith("a value was deleted online outside twinstore")


def test_a_missing_row_names_the_commit_that_has_it() -> None:
    assert "its row of commit 41 is not online" in why("missing_online", online_commit=None, online_write_us=None)
    assert why("missing_online", offline_commit=None).startswith("its row is not online")


def test_an_extra_row_is_expired_or_was_not_deleted() -> None:
    assert why("extra_online", expires_us=FOREIGN_US) == "it expired at 2026-11-25 04:34:21 UTC and is still online"
    assert "its deletion did not reach the online store" in why("extra_online", has_offline=False, offline_commit=None)


def test_nobody_is_accused_when_the_commits_time_is_not_known() -> None:
    assert (
        why("mismatch", online_commit=7, online_write_us=FOREIGN_US) == "the values differ; who wrote them is not known"
    )
    assert "outside" not in why("ahead_online", online_commit=99, online_write_us=FOREIGN_US)


def test_the_tables_that_lack_a_row_are_named() -> None:
    assert why("mismatch", lacking="features.energy_2").startswith("its row is not in features.energy_2")
