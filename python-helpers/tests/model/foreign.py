"""What commits do to a table, whoever makes them: DELETE, UPDATE, INSERT, RESTORE, OPTIMIZE."""

from __future__ import annotations

from random import Random
from typing import Callable

from .delta import File, Log, Row, Values, Version, row_hash


def foreign_row(key: int, event: int, values: Values) -> Row:
    """A row of another writer, who knows of no internal columns."""
    return Row(key, (event, 0, row_hash(values)), values)


def inserted(row: Row) -> Version:
    return Version("INSERT", adds=(File([row]),))


def deleted(head: Version, gone: Callable[[Row], bool]) -> Version | None:
    """A DELETE of rows; None where there is none."""
    return _rewritten(head, "DELETE", lambda row: None if gone(row) else row)


def updated(head: Version, key: int, values: Values) -> Version | None:
    """An UPDATE of a key's rows by hand. Internal columns stay, so that a hash changes only where there is none."""

    def change(row: Row) -> Row:
        event, created, _ = row.order
        if row.key != key:
            return row
        return row._replace(values=values) if created else foreign_row(key, event, values)

    return _rewritten(head, "UPDATE", change)


def copied(head: Version, key: int, values: Values) -> Version | None:
    """An INSERT of a key's latest row with other values and the internal columns of the old ones."""
    row = head.winners().get(key)
    return None if row is None else inserted(row._replace(values=values))


def restored(log: Log, random: Random) -> Version | None:
    """A RESTORE to some earlier version that is whole yet; None where there is none."""
    whole = [each for each in log.versions[:-1] if not each.cleaned and each.whole]
    if not whole:
        return None
    target, head = random.choice(whole), log.head
    adds = tuple(file for file in target.files if file not in head.files)
    removes = tuple(file for file in head.files if file not in target.files)
    # It always sets the metadata, also where that is the same.
    return Version(f"RESTORE to {target.number}", adds, removes, target.metadata)


def optimized(head: Version) -> Version | None:
    """An OPTIMIZE into one file; None where there is no more than one."""
    if len(head.files) < 2:
        return None
    return Version("OPTIMIZE", adds=(File(head.rows()),), removes=head.files, rearranges=True)


def _rewritten(head: Version, operation: str, change: Callable[[Row], Row | None]) -> Version | None:
    """A commit that puts `change` of each row in its place; None where nothing changes."""
    adds, removes = [], []
    for file in head.files:
        rows = tuple(row for row in map(change, file.rows) if row is not None)
        if rows != file.rows:
            removes.append(file)
            adds += [File(rows)] if rows else []
    return Version(operation, tuple(adds), tuple(removes)) if removes else None
