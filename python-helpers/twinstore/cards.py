"""A receipt and a verdict as people read them: one sentence first, then the figures, then details folded.

HTML without script or style sheet, so that it looks the same in a saved or untrusted notebook; JupyterLab's variables
where there are any, else the colours around it. Everything that comes from data is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Protocol

from .comparison import STATES
from .counted import counted
from .progress import notebook_display
from .reasons import utc

RECEIPT_MIME = "application/vnd.twinstore.receipt+json"
PARITY_MIME = "application/vnd.twinstore.parity+json"

#: Offenders that a card shows.
_ROWS = 20

_CALM = "var(--jp-ui-font-color1, inherit)"
_LINE = "var(--jp-border-color2, #8888)"
_GOOD = "var(--jp-success-color1, #2e7d32)"
_BAD = "var(--jp-error-color1, #c62828)"
_VERDICTS = {
    "in_parity": ("●", _GOOD),
    "no_difference_found": ("●", _CALM),
    "out_of_parity": ("▲", _BAD),
    "unknown": ("○", _CALM),
}
_STATE_WORDS = {state: state.replace("_", " ") for state in STATES}


class Shown(Protocol):
    """What can be shown: it has the contract's JSON."""

    def to_dict(self) -> dict[str, Any]: ...

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]: ...


def show(shown: Shown) -> None:
    """Shows a receipt or a report: as a card in a notebook, as text elsewhere."""
    bundle = shown._repr_mimebundle_()
    display = notebook_display()
    if display is None:
        print(bundle["text/plain"])
    else:
        display(bundle, raw=True)


def receipt_bundle(receipt: Shown) -> dict[str, Any]:
    """The receipt by MIME type."""
    facts = receipt.to_dict()
    return {"text/plain": _receipt_text(facts), "text/html": _receipt_html(facts), RECEIPT_MIME: facts}


def together(*shown: Shown) -> dict[str, Any]:
    """Several by MIME type, one below the other."""
    bundles = [each._repr_mimebundle_() for each in shown]
    whole = {kind: value for bundle in bundles for kind, value in bundle.items()}
    return {**whole, **{kind: "\n".join(bundle[kind] for bundle in bundles) for kind in ("text/plain", "text/html")}}


def receipt_text(receipt: Shown) -> str:
    """The receipt as plain text."""
    return _receipt_text(receipt.to_dict())


def report_bundle(report: Shown) -> dict[str, Any]:
    """The report by MIME type."""
    facts = report.to_dict()
    return {"text/plain": _report_text(facts), "text/html": _report_html(facts), PARITY_MIME: facts}


def report_text(report: Shown) -> str:
    """The report as plain text."""
    return _report_text(report.to_dict())


def receipt_sentence(facts: Mapping[str, Any]) -> str:
    """What a propagation did, in one or two sentences."""
    # Rows are appended by a commit of the run, and what a repair did is kept: else this is the plan of a dry run.
    planned = facts["appended"] and facts["version"] is None
    planned = planned or (facts["operation"] == "repair" and not facts["kept"] and not facts["unconfirmed"])
    would_be = "would be " if planned else ""
    counts = [(facts["appended"], "added to history"), (facts["written"], "written online")]
    counts.append((facts["deleted"], "deleted online"))
    parts = [f"{_rows(n)} {would_be}{what}" for n, what in counts if n]
    sentence = _listed(parts) + "." if parts else _nothing(facts)
    if facts["late"]:
        sentence += f" {counted(facts['late'], 'late row is', 'late rows are')} kept in history only."
    if facts["failed"]:
        sentence += (
            f" {counted(facts['failed'], 'row', 'rows')} can never be written and {_was(facts['failed'])} set aside."
        )
    if facts["unconfirmed"]:
        sentence += (
            f" Up to {counted(facts['unconfirmed'], 'row is', 'rows are')} not confirmed online: "
            "run the write again, or retry."
        )
    return sentence


def _nothing(facts: Mapping[str, Any]) -> str:
    """Why there was nothing to do."""
    if facts["operation"] != "write":
        return f"Nothing to bring online: all up to v{facts['gap']['to']} was online before."
    if not facts["rows_in"]:
        return "Nothing to write: the DataFrame has no rows."
    if facts["unchanged"] < facts["rows_in"]:
        return "Nothing to write: this run was written before."
    return "Nothing to write: history holds every row already."


def report_sentence(facts: Mapping[str, Any]) -> str:
    """The verdict, in one sentence."""
    coverage = facts["coverage"]
    compared = coverage["keys_compared"]
    seconds = f"{facts['duration_s']:.1f} s"
    at = "" if facts["version"] is None else f" at v{facts['version']}"
    if facts["verdict"] == "unknown":
        if not compared:
            return "Unknown: nothing was compared."
        return f"Unknown: {counted(compared, 'key', 'keys')} compared{at}, and what is absent online cannot be judged."
    touched = coverage["how"] == "changed"
    if facts["verdict"] == "in_parity":
        what = (
            f"{counted(compared, 'key', 'keys')} touched since the last proof" if touched else f"all {compared:,} keys"
        )
        later = facts["states"]["in_flight"]
        but = f", but for {counted(later, 'one', 'ones')} that later versions changed" if later else ""
        return f"In parity: {what} agree{at}{but}, proved in {seconds}."
    if facts["verdict"] == "no_difference_found":
        return f"No difference found among {counted(compared, 'key', 'keys')}{at}, in {seconds}."
    differ = counted(facts["offenders"]["total"], "row differs", "rows differ")
    return f"{differ}, of {counted(compared, 'key', 'keys')} compared{at}, in {seconds}."


def _receipt_text(facts: Mapping[str, Any]) -> str:
    lines = [f"{facts['group']}: {receipt_sentence(facts)}"]
    lines += [f"  {name}: {value}" for name, value in _receipt_facts(facts)]
    lines += [f"  {note}" for note in facts["notes"]]
    return "\n".join(lines)


def _receipt_html(facts: Mapping[str, Any]) -> str:
    counts = [
        ("rows in", facts["rows_in"]), ("added to history", facts["appended"]), ("unchanged", facts["unchanged"]),
        ("written online", facts["written"]), ("deleted online", facts["deleted"]), ("late", facts["late"]),
        ("corrected", facts["corrected"]), ("superseded", facts["superseded"]), ("expired", facts["expired"]),
        ("failed", facts["failed"]), ("unconfirmed", facts["unconfirmed"]),
    ]  # fmt: skip
    durations = [(f"{stage} took", f"{seconds:.2f} s") for stage, seconds in facts["durations_s"].items()]
    bad = facts["failed"] or facts["unconfirmed"]
    return _card(
        ("▲", _BAD) if bad else ("✓", _GOOD),
        facts["group"],
        receipt_sentence(facts),
        _figures([(name, f"{n:,}") for name, n in counts if n]) + _notes(facts["notes"]),
        _facts([*_receipt_facts(facts), *durations]),
    )


def _version(version: int) -> str:
    return "nothing yet" if version < 0 else f"v{version}"


def _receipt_facts(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    gap = facts["gap"]
    versions = f"v{gap['to']}" if gap["to"] - gap["from"] == 1 else f"v{gap['from'] + 1} to v{gap['to']}"
    found = [
        (
            "online up to",
            f"{versions}, all at {_write_time(facts)}" if gap["to"] > gap["from"] else _version(gap["to"]),
        ),
        ("run", facts["run_id"] + ("" if facts["repeatable"] else " (random: running it again is another run)")),
        ("by", f"{facts['by']}, {utc(facts['at_us'])}"),
    ]
    if facts["resumed"]:
        found.append(("finished for", ", ".join(facts["resumed"])))
    if not facts["kept"]:
        found.append(("kept", "no"))
    return found


def _write_time(facts: Mapping[str, Any]) -> str:
    return f"write time {utc(facts['write_timestamp_us'])}"


def _report_text(facts: Mapping[str, Any]) -> str:
    glyph, _ = _VERDICTS[facts["verdict"]]
    lines = [f"{glyph} {facts['group']}: {report_sentence(facts)}"]
    states = ", ".join(f"{_STATE_WORDS[state]} {n:,}" for state, n in _present_states(facts))
    if states:
        lines.append(f"  {states}")
    for offender in facts["offenders"]["shown"][:_ROWS]:
        lines.append("  " + "  ".join(_offender_cells(offender)))
    hidden = facts["offenders"]["total"] - min(_ROWS, len(facts["offenders"]["shown"]))
    if hidden > 0:
        lines.append(f"  … and {counted(hidden, 'more row', 'more rows')}: see .offenders")
    lines += [f"  {note}" for note in facts["notes"]]
    return "\n".join(lines)


def _report_html(facts: Mapping[str, Any]) -> str:
    differing = [column for column in facts["columns"] if _differing(column)]
    body = _figures([(_STATE_WORDS[state], f"{n:,}") for state, n in _present_states(facts)])
    if differing:
        rows = [(column["name"], f"{_differing(column):,}", _worst(column)) for column in differing]
        body += _table("Columns that differ", ("column", "rows", "largest difference"), rows)
    if facts["offenders"]["shown"]:
        shown = facts["offenders"]["shown"][:_ROWS]
        title = f"Rows that differ: {len(shown):,} of {facts['offenders']['total']:,}"
        cells = [_offender_cells(offender) for offender in shown]
        body += _table(title, ("key", "state", "column", "offline", "online", "why"), cells)
    agreements = [name for name in facts["columns"][0] if name not in _MEASURES] if facts["columns"] else []
    columns = [[_cell(column[name]) for name in agreements] for column in facts["columns"]]
    every = _table("Every column", [name.replace("_", " ") for name in agreements], columns) if columns else ""
    return _card(
        _VERDICTS[facts["verdict"]],
        facts["group"],
        report_sentence(facts),
        body + _notes(facts["notes"]),
        _facts(_report_facts(facts)) + every,
    )


_MEASURES = ("max_abs", "max_rel", "smape")


def _report_facts(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    coverage = facts["coverage"]
    total = "" if coverage["keys_total"] is None else f" of {coverage['keys_total']:,}"
    searched = "extra rows searched for" if coverage["extra_checked"] else "extra rows of other keys not searched for"
    found = [
        ("coverage", f"{coverage['how']}: {coverage['keys_compared']:,}{total} keys compared, {searched}"),
        ("anchor", "none" if facts["version"] is None else f"v{facts['version']}"),
        ("receipt", facts["receipt_run_id"] or "none"),
        ("proof", facts["id"] + ("" if facts["kept"] else " (not kept)")),
        ("by", f"{facts['by']}, {utc(facts['at_us'])}, {facts['engine']}"),
    ]
    if coverage["base_proof"]:
        found.append(("builds on proof", coverage["base_proof"]))
    if facts["tolerances"]:
        found.append(("tolerances", ", ".join(f"{name} ± {value:g}" for name, value in facts["tolerances"].items())))
    return found


def _present_states(facts: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(state, facts["states"][state]) for state in STATES if facts["states"][state]]


def _differing(column: Mapping[str, Any]) -> int:
    names = ("offline_only_null", "online_only_null", "value_mismatch", "type_mismatch")
    return sum(int(column[name]) for name in names)


def _worst(column: Mapping[str, Any]) -> str:
    if column.get("max_abs"):
        relative = "" if column.get("max_rel") is None else f" ({column['max_rel']:.1%})"
        return f"{column['max_abs']:,.6g}{relative}"
    nulls = column["offline_only_null"] + column["online_only_null"]
    return "null in one store" if nulls else ""


def _offender_cells(offender: Mapping[str, Any]) -> tuple[str, ...]:
    """Key, state, first differing column with its two values, and the reason."""
    key = ", ".join(offender["key"].values())
    state = _STATE_WORDS[offender["state"]]
    offline, online = offender["offline"], offender["online"]
    if offline is None or online is None or not offender["columns"]:
        return (key, state, "", "no row" if offline is None else "row", "no row" if online is None else "row",
                offender["reason"])  # fmt: skip
    name = offender["columns"][0]
    more = "" if len(offender["columns"]) == 1 else f" and {len(offender['columns']) - 1} more"
    return (key, state, name + more, _cell(offline.get(name)), _cell(online.get(name)), offender["reason"])


def _cell(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, int):
        return f"{value:,}"
    text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _rows(n: int) -> str:
    return counted(n, "row", "rows")


def _was(n: int) -> str:
    return "was" if n == 1 else "were"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _card(mark: tuple[str, str], title: str, sentence: str, body: str, details: str) -> str:
    glyph, colour = mark
    return (
        f'<div style="color: {_CALM}; border: 1px solid {_LINE}; border-left: 4px solid {colour}; '
        'padding: 8px 12px; margin: 4px 0; overflow-x: auto">'
        f'<p style="margin: 0 0 6px"><span aria-hidden="true" style="color: {colour}">{glyph}</span> '
        f"<strong>{escape(title)}</strong> {escape(sentence)}</p>{body}"
        f"<details><summary>Details</summary>{details}</details></div>"
    )


def _figures(figures: Iterable[tuple[str, str]]) -> str:
    items = "".join(
        f'<span style="margin-right: 16px; white-space: nowrap">{escape(name)} <strong>{escape(value)}</strong></span>'
        for name, value in figures
    )
    return f'<p style="margin: 0 0 6px">{items}</p>' if items else ""


def _notes(notes: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f'<ul style="margin: 0 0 6px; padding-left: 20px">{items}</ul>' if items else ""


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    rows = "".join(
        f'<tr><th scope="row" style="text-align: left">{escape(name)}</th>'
        f'<td style="text-align: left">{escape(value)}</td></tr>'
        for name, value in facts
    )
    return f"<table>{rows}</table>"


def _table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col" style="text-align: left">{escape(name)}</th>' for name in header)
    body = "".join(
        "<tr>" + "".join(f'<td style="text-align: left">{escape(cell)}</td>' for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<table><caption style="text-align: left">{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
