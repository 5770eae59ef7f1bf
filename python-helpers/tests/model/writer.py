"""A writer, step by step as the library's is: preflight, append, gap, keys, winners, online, receipt.

It is a generator that yields wherever another may come between. Its methods are named as the functions of the library
that they stand for, under the names of their modules.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, NamedTuple, TypeVar

from .delta import FEATURES, Batch, Definition, File, Row, Version, row_hash
from .foreign import deleted
from .gap import Due, changes_of, due_online
from .safeguards import Refused
from .world import CLOCK_SLACK, LEASE_TRUST, LEASE_TTL, Receipt, Watermark, World, watermark

T = TypeVar("T")
#: Yields at each step, and gives a result at its end.
Steps = Generator[None, None, T]


class Readiness(NamedTuple):
    """What the preflight found: the head, whether there is an online table, the features that it lacks, and whether
    columns, and which properties, are to be set in the offline table."""

    head: Version
    online: bool
    missing: tuple[str, ...]
    columns: bool
    properties: Mapping[str, Any]


class Writer:
    """One `operation` (write, retry, materialize, repair or delete) of one process.

    `ahead` is how far its clock is ahead, `batch` what it appends as the run called `run`, `keys` what it repairs or
    deletes. One that is `dead` has no driver any more: those of its tasks that write online go on.
    """

    def __init__(
        self,
        world: World,
        operation: str,
        definition: Definition,
        ahead: int = 0,
        run: str = "",
        batch: Batch = (),
        keys: frozenset[int] | None = None,
    ) -> None:
        self._world = world
        self._safeguards = world.safeguards
        world.begun += 1
        self._number = world.begun
        self._operation = operation
        self._definition = definition
        self._ahead = ahead
        self._run_id = run
        self._batch = batch
        self._keys = keys
        self.dead = self.writes_online = False
        self.steps = self._run()

    def __repr__(self) -> str:
        return f"{self._operation} {self._number}"

    @property
    def _clock(self) -> int:
        return self._world.now + self._ahead

    # write.py

    def _run(self) -> Steps[None]:
        world = self._world
        ready = self._check()
        yield
        if world.lease is not None and self._safeguards.lease:
            while not world.lease.take(self, world.now):
                yield
            if not ready.online or ready.head is not world.log.head:
                ready = self._check()
        reached = watermark(world.receipts)
        snapshot = yield from self._prepare(ready, reached)
        own = None
        if self._operation == "write":
            own = yield from self._append(snapshot, reached)
        elif self._operation == "delete":
            keys = self._keys or frozenset()
            yield from self._commit(deleted(world.log.head, lambda row: row.key in keys) or Version("stamp"))
        elif self._operation in ("materialize", "repair"):
            yield from self._commit(Version("stamp", touches_all=self._operation == "materialize"))
        yield
        head, stamp = yield from self._start(reached)
        yield
        if head.number > reached.version:
            yield from self._propagate(head, stamp, reached, own)

    def _start(self, reached: Watermark) -> Steps[tuple[Version, int]]:
        """The head, and the write timestamp of what its snapshot gives."""
        log = self._world.log
        if self._needs_stamp(log.head, reached):
            yield from self._commit(Version("stamp"))
            if self._needs_stamp(log.head, reached):
                raise Refused("the clock went back once more")
        if log.head.stamp is None:
            raise Refused("the head has no in-commit timestamp any more")
        if log.head.metadata.definition != self._definition and self._safeguards.definition_at_head:
            raise Refused("the definition was changed meanwhile")
        return log.head, log.head.stamp

    def _needs_stamp(self, head: Version, reached: Watermark) -> bool:
        """Whether the gap can be written only at the time of a commit that is yet to be made."""
        world = self._world
        if head.stamp is None or head.number == reached.version:
            return False
        if self._safeguards.stamp_above_all:
            in_gap = (each.stamp or 0 for each in world.log.commits(reached.version, head.number - 1))
            greatest = max((*(receipt.stamp for receipt in world.receipts), *in_gap), default=0)
            if self._clock <= greatest and head.stamp <= greatest:
                raise Refused("an earlier write timestamp is ahead of this clock")
            if head.stamp <= greatest:
                return True
        window = world.online.window
        return window is not None and self._safeguards.fresh_stamp and head.stamp < world.now - window // 2

    # preflight.py

    def _check(self) -> Readiness:
        world, head, wanted = self._world, self._world.log.head, self._definition
        kept, features = head.metadata, set(wanted.features)
        if self._safeguards.clock_checked and abs(self._ahead) > CLOCK_SLACK:
            raise Refused("this clock is not the online store's")
        if head.stamp is not None and head.stamp > self._clock + CLOCK_SLACK:
            raise Refused("the last commit is ahead of this clock")
        if kept.definition is not None and not features.issuperset(kept.definition.features):
            raise Refused("a column of the group is missing")
        if not features.issuperset((*kept.columns, *world.online.features)):
            raise Refused("a table has a column more than the group")
        missing = tuple(name for name in wanted.features if name not in world.online.columns)
        properties = {"definition": wanted, "in_commit_timestamps": True, "change_feed": True}
        changed = {name: value for name, value in properties.items() if getattr(kept, name) != value}
        return Readiness(head, world.online.exists, missing, not features.issubset(kept.columns), changed)

    def _prepare(self, ready: Readiness, reached: Watermark) -> Steps[Version]:
        """Makes both tables ready; the snapshot of the offline one that it leaves."""
        log, online, features = self._world.log, self._world.online, self._definition.features
        snapshot = ready.head
        if ready.columns or ready.properties:
            # Delta refuses the commit when another one changed the metadata since the transaction began.
            now = log.head.metadata
            if now != ready.head.metadata and self._safeguards.definition_seen:
                raise Refused("another writer changed the definition")
            columns = FEATURES if ready.columns else now.columns
            altered = now._replace(columns=columns, **ready.properties)
            snapshot = yield from self._commit(Version("SET TBLPROPERTIES", changed=altered))
            yield
        lost = not ready.online or (ready.missing and not ready.columns and not ready.properties)
        if lost and reached.version >= 0 and self._safeguards.lost_online:
            snapshot = yield from self._commit(Version("stamp", touches_all=True))
            yield
        if not ready.online:
            online.create((*features, "event", "version"))
        elif ready.missing:
            online.add_columns(ready.missing)
        return snapshot

    # append.py, delta_log.py

    def _append(self, snapshot: Version, reached: Watermark) -> Steps[Version | None]:
        """The run's own commit, if the gap has it. Events that history holds with the same values are left out."""
        log = self._world.log
        own = log.commit_of(self._run_id)
        if own is None:
            # Two writers meet in one step, never in one microsecond.
            created = max(self._clock, (snapshot.stamp or 0) + 1) * 1_000 + self._number
            rows = [Row(key, (event, created, row_hash(values)), values) for key, event, values in self._batch]
            known, batch = _hash_of_event(snapshot.rows()), _hash_of_event(rows)
            fresh = [row for row in rows if known.get((row.key, row.order[0])) != batch[row.key, row.order[0]]]
            yield
            # Another writer of the same run may have been faster.
            own = log.commit_of(self._run_id)
            if own is None and fresh:
                if not set(self._definition.features).issubset(log.head.metadata.columns):
                    raise Refused("the offline table has lost a column")
                own = yield from self._commit(Version("WRITE", adds=(File(fresh),), run=self._run_id))
        return None if own is None or own.cleaned or own.number <= reached.version else own

    def _commit(self, made: Version) -> Steps[Version]:
        """Where the store refuses no second commit of a version, another may be made between look and leap."""
        world, base = self._world, None
        if world.lease is not None:
            base, looked = world.log.head.number, world.now
            if self._safeguards.lease:
                world.lease.check(self, world.now)
            yield
            if self._safeguards.commits_are_quick and world.now > looked + LEASE_TTL - LEASE_TRUST:
                raise Refused("the commit did not land in time")
        world.commit(self, made, self._ahead, base)
        return made

    # propagate.py, fate.py, online.py

    def _propagate(self, head: Version, stamp: int, reached: Watermark, own: Version | None) -> Steps[None]:
        changes = changes_of(self._world, reached, head, own)
        due = due_online(self._world, changes, head, reached, self._keys)
        receipt = Receipt(reached.version, head.number, stamp, reached.max_event if due is None else due.max_event)
        self._world.say(self, f"brings ({reached.version}, {head.number}] online at {stamp}")
        if not self._safeguards.confirmed_receipt:
            yield from self._keep(receipt)
        if due is not None:
            yield
            self.writes_online = True
            yield from self._write(due, head, stamp)
        if self._safeguards.confirmed_receipt and not self.dead:
            yield from self._keep(receipt)

    def _write(self, due: Due, head: Version, stamp: int) -> Steps[None]:
        gone = sorted(due.absent) if self._safeguards.deletes else []
        alive = []
        for row in due.winners.values():
            left = self._left(row)
            if left is None or left > 0:
                alive.append((row, left))
            elif self._safeguards.expired_leave:
                gone.append(row.key)
        for key in gone:
            self._delete_row(key, stamp)
            yield
        for row, left in alive:
            if self._safeguards.ttl_when_sent:
                left = self._left(row)
            if left is None or left > 0:
                self._write_row(row, head, stamp, left)
            else:
                self._delete_row(row.key, stamp)
            yield

    def _left(self, row: Row) -> int | None:
        """How long a row may yet be online; None: for ever."""
        ttl = self._definition.ttl
        return None if ttl is None else row.order[0] + ttl - self._clock

    def _write_row(self, row: Row, head: Version, stamp: int, left: int | None) -> None:
        world, event = self._world, row.order[0]
        if not self._safeguards.commit_stamp:
            stamp = event
        elif not self._safeguards.snapshot_stamp:
            stamp = self._clock
        if not self._safeguards.no_delete_of_alive:
            world.online.delete(row.key, stamp, world.now)
        ttl = left if self._safeguards.ttl_from_event else self._definition.ttl
        values = dict(zip(FEATURES, row.values))
        cells = [*((name, values[name]) for name in self._definition.features), ("event", event)]
        cells.append(("version", head.number))
        if not self._safeguards.explicit_nulls:
            cells = [(name, value) for name, value in cells if value is not None]
        world.online.write(row.key, cells, stamp, ttl, world.now)
        world.say(self, "writes", row, "at", stamp, "" if ttl is None else f"for {ttl}")

    def _delete_row(self, key: int, stamp: int) -> None:
        self._world.online.delete(key, stamp, self._world.now)
        self._world.say(self, f"deletes k{key} at {stamp}")

    # receipts.py

    def _keep(self, receipt: Receipt) -> Steps[None]:
        world = self._world
        if world.lease is not None and self._safeguards.lease:
            world.lease.check(self, world.now)
        world.receipts.append(receipt)
        world.say(self, f"keeps the receipt of ({receipt.from_version}, {receipt.to_version}]")
        yield


def _hash_of_event(rows: list[Row]) -> dict[tuple[int, int], int]:
    """The hash of the newest record of each key and event time."""
    found: dict[tuple[int, int], tuple[int, int, int]] = {}
    for row in rows:
        event = (row.key, row.order[0])
        found[event] = max(row.order, found.get(event, row.order))
    return {event: order[2] for event, order in found.items()}
