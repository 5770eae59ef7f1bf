"""Whether the stores agree, by a rule of its own: what the online table shows against the rows of a snapshot, looked at
from above, where no file is ever gone. No function of the writers has a part in it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from .delta import FEATURES, Definition, Row, Version
from .world import CLOCK_SLACK, KEYS, Receipt, World

#: What no retry comes out of.
STUCK = "no retry gets through"


def difference(world: World) -> str | None:
    """In what the stores differ, in keys that no version after the anchor touched; None when they agree."""
    at = anchor(world.receipts)
    versions = world.log.versions[at:]
    if at <= world.lost_at or any(later.touches_all for later in versions[1:]):
        return None
    settled = [key for key in KEYS if len({tuple(rows_of(version, key)) for version in versions}) == 1]
    return _compared(world, versions[0], settled)


def last_difference(world: World) -> str | None:
    """In what the stores differ when everybody has finished, in any key."""
    at, head = anchor(world.receipts), world.log.head
    if at != head.number:
        return f"{STUCK}: {at} of {head.number} versions are online"
    return _compared(world, head, KEYS)


def anchor(receipts: Iterable[Receipt]) -> int:
    """The version before the first one that no receipt covers."""
    covered = {version for each in receipts for version in range(each.from_version + 1, each.to_version + 1)}
    return next(version for version in count() if version not in covered) - 1


def rows_of(version: Version, key: int) -> list[Row]:
    """A key's rows in a snapshot; the last one is the winner."""
    return sorted((row for file in version.files for row in file.rows if row.key == key), key=lambda row: row.order)


def _compared(world: World, version: Version, keys: Iterable[int]) -> str | None:
    definition = version.metadata.definition
    if definition is None:
        return None
    for key in keys:
        rows = rows_of(version, key)
        left = _left(rows[-1], definition, world.now) if rows else None
        if left is not None and abs(left) <= CLOCK_SLACK + 1:
            # It expires at this moment, by one clock or another.
            continue
        expected = _shown(rows[-1], definition) if rows and (left is None or left > 0) else None
        online = world.online.read(key, world.now)
        found = None if online is None else {name: online.get(name, -1) for name in ("event", *definition.features)}
        if found != expected:
            return f"at {world.now} k{key} is {found} online, and in version {version.number} it is {expected}"
    return None


def _left(row: Row, definition: Definition, now: int) -> int | None:
    return None if definition.ttl is None else row.order[0] + definition.ttl - now


def _shown(row: Row, definition: Definition) -> dict[str, int | None]:
    values = dict(zip(FEATURES, row.values))
    return {"event": row.order[0], **{name: values[name] for name in definition.features}}
