"""Why a key's rows differ, in words, from what the stores say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone


@dataclass(frozen=True)
class Evidence:
    """What is known of an offender. None: not known.

    `nulled`: a value that history holds is null online; `lacking` names the online tables that lack the row which
    another one has. `online_write_us` is the newest write time among the online
    row's cells, `expires_us` when the winner expires.
    """

    state: str
    has_offline: bool
    nulled: bool
    offline_commit: int | None
    online_commit: int | None
    online_write_us: int | None
    expires_us: int | None
    lacking: str | None = None


def reason(evidence: Evidence, version: int, stamps_us: Mapping[int, int]) -> str:
    """One clause. `version` is the anchor; `stamps_us` has the write timestamp T(H) of commits.

    twinstore writes every cell of a row at T of its commit: another write time is another writer's.
    """
    foreign = _written_elsewhere(evidence, stamps_us)
    if evidence.state == "missing_online":
        row = "its row" if evidence.offline_commit is None else f"its row of commit {evidence.offline_commit}"
        return f"{row} is not online: deleted outside twinstore, or lost"
    if evidence.state == "extra_online":
        return _extra(evidence, version, foreign)
    if evidence.lacking:
        return f"its row is not in {evidence.lacking}: deleted outside twinstore, or lost"
    if evidence.state == "stale_online":
        return _stale(evidence, foreign)
    if evidence.state == "ahead_online":
        if foreign:
            return f"a newer row was written outside twinstore at {foreign}"
        return f"the row online is newer than v{version}, though no later version touched the key"
    if foreign:
        return f"changed outside twinstore at {foreign}"
    if evidence.nulled:
        return "a value was deleted online outside twinstore; CQL keeps no time of that"
    if evidence.online_commit in stamps_us and evidence.online_write_us is not None:
        return f"online is as commit {evidence.online_commit} left it, and history holds other values"
    return "the values differ; who wrote them is not known"


def utc(us: int) -> str:
    """A time in words, such as `2026-11-25 11:02:44 UTC`."""
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=us)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _written_elsewhere(evidence: Evidence, stamps_us: Mapping[int, int]) -> str | None:
    """When another writer wrote the row's newest cell; None when nobody did or nobody knows."""
    if evidence.online_write_us is None:
        return None
    if evidence.online_commit is None:
        return utc(evidence.online_write_us)
    stamp = stamps_us.get(evidence.online_commit)
    if stamp is None or stamp == evidence.online_write_us:
        return None
    return utc(evidence.online_write_us)


def _extra(evidence: Evidence, version: int, foreign: str | None) -> str:
    if evidence.has_offline and evidence.expires_us is not None:
        return f"it expired at {utc(evidence.expires_us)} and is still online"
    if foreign:
        return f"written outside twinstore at {foreign}"
    return f"history has no such key at v{version}: its deletion did not reach the online store"


def _stale(evidence: Evidence, foreign: str | None) -> str:
    if foreign:
        return f"an older row was written outside twinstore at {foreign}"
    if evidence.online_commit is None or evidence.offline_commit is None:
        return "an older row of the same key is online"
    if evidence.online_commit >= evidence.offline_commit:
        return f"an older row is online than commit {evidence.online_commit} should have left"
    return f"commit {evidence.online_commit} was written online, commit {evidence.offline_commit} was not"
