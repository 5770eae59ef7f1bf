"""The online store: cells that are kept by their write timestamp, tombstones, and times to live."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .delta import FEATURES
from .safeguards import Refused

#: (write timestamp, kind, expires, value): of two cells the greater one is kept, which is Cassandra's rule. At one
#: timestamp what expires wins over what does not, a tombstone over both, a longer life over a shorter, and then the
#: greater value.
Cell = tuple[int, int, int, int]
_LIVE, _EXPIRING, _TOMBSTONE = 0, 1, 2

#: The cell that says that a row is there, whatever its columns hold.
_MARKER = ""


class OnlineTable:
    """A table of one key column. `window` is how old a write timestamp may be, None for any (Keyspaces has one)."""

    def __init__(self, window: int | None) -> None:
        self.window = window
        self.exists = False
        self.columns: tuple[str, ...] = ()
        self._rows: dict[int, dict[str, Cell]] = {}
        self._deleted: dict[int, int] = {}

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(name for name in self.columns if name in FEATURES)

    def create(self, columns: Iterable[str]) -> None:
        """Makes the table; leaves one that is there as it is."""
        if not self.exists:
            self.exists = True
            self.columns = tuple(columns)

    def add_columns(self, columns: Iterable[str]) -> None:
        if not self.exists:
            raise Refused("the online table is gone")
        self.columns = (*self.columns, *(name for name in columns if name not in self.columns))

    def drop(self) -> None:
        self.exists = False
        self.columns = ()
        self._rows.clear()
        self._deleted.clear()

    def write(
        self, key: int, cells: Sequence[tuple[str, int | None]], timestamp: int, ttl: int | None, now: int
    ) -> None:
        """Writes cells of a row; a None is a null."""
        self._check(timestamp, now)
        if any(name not in self.columns for name, _ in cells):
            raise Refused("the online table lacks a column")
        kind, expires = (_LIVE, 0) if ttl is None else (_EXPIRING, now + ttl)
        row = self._rows.setdefault(key, {})
        for name, value in ((_MARKER, 0), *cells):
            cell = (timestamp, _TOMBSTONE, 0, 0) if value is None else (timestamp, kind, expires, value)
            if name not in row or cell > row[name]:
                row[name] = cell

    def delete(self, key: int, timestamp: int, now: int) -> None:
        self._check(timestamp, now)
        self._deleted[key] = max(timestamp, self._deleted.get(key, -1))

    def read(self, key: int, now: int) -> dict[str, int | None] | None:
        """The values of a row, null where there is none; None when there is no row."""
        deleted = self._deleted.get(key, -1)
        alive = {
            name: value
            for name, (timestamp, kind, expires, value) in self._rows.get(key, {}).items()
            if timestamp > deleted and (kind == _LIVE or (kind == _EXPIRING and expires > now))
        }
        return {name: alive.get(name) for name in self.columns} if alive else None

    def keys(self, now: int) -> set[int]:
        """The keys of a scan."""
        return {key for key in self._rows if self.read(key, now) is not None}

    def purge(self, now: int) -> None:
        """What compaction does when the grace time of tombstones is over."""
        for key, row in self._rows.items():
            deleted = self._deleted.get(key, -1)
            for name, (timestamp, kind, expires, _) in list(row.items()):
                if timestamp <= deleted or kind == _TOMBSTONE or (kind == _EXPIRING and expires <= now):
                    del row[name]
        self._deleted.clear()

    def _check(self, timestamp: int, now: int) -> None:
        if not self.exists:
            raise Refused("the online table is gone")
        if self.window is not None and timestamp < now - self.window:
            raise Refused("the online store takes no write timestamp that old")
