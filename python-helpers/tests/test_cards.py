"""What a receipt and a verdict say, and that what they show is only ever text."""

from __future__ import annotations

import dataclasses
import re
import sys
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest

from twinstore.cards import (
    PARITY_MIME,
    RECEIPT_MIME,
    receipt_bundle,
    receipt_sentence,
    receipt_text,
    report_bundle,
    report_sentence,
    report_text,
    show,
)
from twinstore.comparison import AGREEMENTS, STATES
from twinstore.parity_report import Coverage, Offender, ParityReport
from twinstore.receipts import Gap, Receipt
from twinstore.schemas import problems

RECEIPT = Receipt(
    run_id="57348dc0",
    operation="write",
    group="energy",
    table_id="t",
    gap=Gap(40, 41),
    write_timestamp_us=1_795_581_261_901_000,
    by="ada",
    at_us=1_795_581_262_000_000,
    version=41,
    rows_in=5_560,
    appended=5_560,
    written=5_548,
    late=12,
    durations_s={"append": 0.43},
    kept=True,
)

OFFENDER = Offender(
    key={"household_id": "MAC003221"},
    state="mismatch",
    columns=["energy_sum", "energy_std"],
    offline={"household_id": "MAC003221", "energy_sum": "512.3", "energy_std": None},
    online={"household_id": "MAC003221", "energy_sum": "470.6", "energy_std": "0.0"},
    offline_commit=41,
    online_commit=41,
    online_write_us=1_795_581_261_901_000,
    reason="changed outside twinstore at 2026-11-25 04:34:21 UTC",
)

IN_PARITY = ParityReport(
    id="580830931a20",
    group="energy",
    table_id="t",
    verdict="in_parity",
    coverage=Coverage("full", 5_560, 5_560, True),
    version=41,
    receipt_run_id="57348dc0",
    states={**dict.fromkeys(STATES, 0), "match": 5_560},
    columns=[{"name": "energy_sum", **dict.fromkeys(AGREEMENTS, 0), "equal": 5_560, "max_abs": 0.0, "max_rel": 0.0,
              "smape": 0.0}],
    tolerances={},
    offenders_total=0,
    engine="spark 3.5.6",
    by="ada",
    at_us=1_795_581_262_000_000,
    duration_s=0.94,
    kept=True,
)  # fmt: skip

OUT_OF_PARITY = dataclasses.replace(
    IN_PARITY,
    verdict="out_of_parity",
    states={**dict.fromkeys(STATES, 0), "match": 5_559, "mismatch": 1},
    columns=[{"name": "energy_sum", **dict.fromkeys(AGREEMENTS, 0), "equal": 5_559, "value_mismatch": 1,
              "max_abs": 41.7, "max_rel": 0.0814, "smape": 0.00001}],
    offenders_total=1,
    found=(OFFENDER,),
)  # fmt: skip


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def words(html: str) -> str:
    """The text of HTML as it is read."""
    reader = Reader()
    reader.feed(html)
    return re.sub(r"\s+", " ", " ".join(reader.found))


def sentence_of(**changes: Any) -> str:
    return receipt_sentence(dataclasses.replace(RECEIPT, **changes).to_dict())


def test_a_receipt_says_what_happened_first() -> None:
    expected = "5,560 rows added to history and 5,548 rows written online. 12 late rows are kept in history only."
    assert receipt_text(RECEIPT).startswith(f"energy: {expected}")
    assert expected in words(receipt_bundle(RECEIPT)["text/html"])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"appended": 0, "written": 0, "late": 0, "rows_in": 5, "unchanged": 5},
            "Nothing to write: history holds every row already.",
        ),
        (
            {"appended": 0, "written": 0, "late": 0, "rows_in": 5, "unchanged": 0},
            "Nothing to write: this run was written before.",
        ),
        (
            {"appended": 0, "written": 0, "late": 0, "rows_in": 0, "unchanged": 0},
            "Nothing to write: the DataFrame has no rows.",
        ),
        (
            {"appended": 1, "written": 1, "late": 1},
            "1 row added to history and 1 row written online. 1 late row is kept",
        ),
        ({"appended": 0, "written": 0, "deleted": 3, "late": 0}, "3 rows deleted online."),
        ({"failed": 2}, "2 rows can never be written and were set aside."),
        ({"unconfirmed": 7}, "Up to 7 rows are not confirmed online: run the write again, or retry."),
        ({"version": None}, "5,560 rows would be added to history and 5,548 rows would be written online."),
    ],
)
def test_a_receipt_tells_what_is_special(changes: dict[str, Any], sentence: str) -> None:
    assert sentence in sentence_of(**changes)


def test_a_verdict_comes_first() -> None:
    assert (
        report_text(IN_PARITY).splitlines()[0] == "● energy: In parity: all 5,560 keys agree at v41, proved in 0.9 s."
    )
    assert (
        report_text(OUT_OF_PARITY).splitlines()[0]
        == "▲ energy: 1 row differs, of 5,560 keys compared at v41, in 0.9 s."
    )


def test_a_changed_proof_never_claims_all_keys() -> None:
    changed = dataclasses.replace(IN_PARITY, coverage=Coverage("changed", 12, None, False, "base"))
    sentence = report_sentence(changed.to_dict())
    assert "12 keys touched since the last proof" in sentence
    assert "all" not in sentence
    assert "not searched for" in words(report_bundle(changed)["text/html"])


def test_unknown_is_not_green() -> None:
    unknown = dataclasses.replace(IN_PARITY, verdict="unknown", version=None, coverage=Coverage("full", 0, 0, False))
    assert report_sentence(unknown.to_dict()) == "Unknown: nothing was compared."
    assert "success" not in report_bundle(unknown)["text/html"]
    unproved = dataclasses.replace(IN_PARITY, verdict="unknown")
    assert "cannot be judged" in report_sentence(unproved.to_dict())
    assert "success" in report_bundle(IN_PARITY)["text/html"]


def test_a_report_shows_where_and_why_the_stores_differ() -> None:
    bundle = report_bundle(OUT_OF_PARITY)
    for text in (bundle["text/plain"], words(bundle["text/html"])):
        for part in ("MAC003221", "mismatch", "energy_sum and 1 more", "512.3", "470.6", OFFENDER.reason):
            assert part in text
    assert "41.7 (8.1%)" in words(bundle["text/html"])


def test_rows_beyond_those_shown_are_counted() -> None:
    found = tuple(dataclasses.replace(OFFENDER, key={"household_id": f"MAC{n:06}"}) for n in range(150))
    many = dataclasses.replace(OUT_OF_PARITY, offenders_total=150, found=found)
    assert "and 130 more rows" in report_text(many)
    assert len(many.to_dict()["offenders"]["shown"]) == 100
    assert problems(many.to_dict(), "parity_report") == []


@pytest.mark.parametrize("report", [IN_PARITY, OUT_OF_PARITY], ids=lambda report: report.verdict)
def test_the_json_of_a_report_is_the_contracts(report: ParityReport) -> None:
    bundle = report._repr_mimebundle_()
    assert problems(bundle[PARITY_MIME], "parity_report") == []
    assert problems(receipt_bundle(RECEIPT)[RECEIPT_MIME], "receipt") == []


HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(1)">'


def test_data_is_text_never_html() -> None:
    offender = dataclasses.replace(
        OFFENDER,
        key={HOSTILE: HOSTILE},
        columns=[HOSTILE],
        offline={HOSTILE: HOSTILE},
        online={HOSTILE: HOSTILE + "2"},
        reason=HOSTILE,
    )
    column = {**OUT_OF_PARITY.columns[0], "name": HOSTILE}
    report = dataclasses.replace(
        OUT_OF_PARITY, group=HOSTILE, by=HOSTILE, notes=(HOSTILE,), found=(offender,), columns=[column]
    )
    receipt = dataclasses.replace(RECEIPT, group=HOSTILE, by=HOSTILE, notes=(HOSTILE,), run_id=HOSTILE)
    for html in (report_bundle(report)["text/html"], receipt_bundle(receipt)["text/html"]):
        assert "<script" not in html
        assert "<img" not in html
        assert "alert(1)" in words(html)


def test_long_values_are_cut() -> None:
    offender = dataclasses.replace(OFFENDER, online={**(OFFENDER.online or {}), "energy_sum": "9" * 1_000_000})
    html = report_bundle(dataclasses.replace(OUT_OF_PARITY, found=(offender,)))["text/html"]
    assert len(html) < 20_000


def test_outside_a_notebook_text_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    show(IN_PARITY)
    assert capsys.readouterr().out == report_text(IN_PARITY) + "\n"


def test_in_a_notebook_the_card_is_displayed(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, Any]] = []
    kernel = SimpleNamespace(
        get_ipython=lambda: SimpleNamespace(kernel=object()),
        display=SimpleNamespace(display=lambda bundle, raw: shown.append(bundle)),
    )
    monkeypatch.setitem(sys.modules, "IPython", kernel)
    RECEIPT.show()
    assert shown == [receipt_bundle(RECEIPT)]
