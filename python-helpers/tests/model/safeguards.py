"""What keeps the two stores from diverging: a switch for each safeguard, and for each need of the protocol."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import NamedTuple

#: The library has the safeguard. It is none of the protocol's, but asked of whatever the protocol runs on.
BUILT, NEEDED = "built", "needed"


class Refused(Exception):  # noqa: N818
    """A store or a safeguard refused to go on."""


class Facts(NamedTuple):
    """Of one switch: what the safeguard is, in words, and what it stands against."""

    kind: str
    what: str
    against: str


def _switch(kind: str, what: str, against: str) -> bool:
    return field(default=True, metadata=Facts(kind, what, against)._asdict())


@dataclass(frozen=True)
class Safeguards:
    """All are on unless taken away."""

    whole_gap: bool = _switch(
        BUILT, "the whole gap goes online, not a run's own version alone", "runs that crashed, and what others commit"
    )
    commit_stamp: bool = _switch(
        BUILT, "rows are written at the time of a commit, not of their event", "late rows and deletes"
    )
    snapshot_stamp: bool = _switch(
        BUILT,
        "rows are written at the time of their snapshot, not at this moment",
        "a slow writer of an older snapshot",
    )
    total_order: bool = _switch(BUILT, "of two records of one event the same one wins everywhere", "ties")
    history: bool = _switch(BUILT, "a late row is held against the history", "late rows")
    explicit_nulls: bool = _switch(BUILT, "a null is written as a null", "old values that a null leaves")
    deletes: bool = _switch(BUILT, "keys that history lacks are deleted online", "DELETE and RESTORE")
    removed_rows: bool = _switch(BUILT, "rows that left the history touch their keys too", "DELETE and RESTORE")
    keys_on_their_way: bool = _switch(
        BUILT,
        "where all keys are due, those leave that a slower writer may yet bring",
        "a slow writer of rows that were deleted",
    )
    all_keys_fallback: bool = _switch(
        BUILT, "where the log or its files are gone, all keys are due", "VACUUM and log cleanup"
    )
    touch_all: bool = _switch(BUILT, "a change of the definition writes every key again", "another ttl, a new column")
    definition_at_head: bool = _switch(
        BUILT, "a writer of an older definition than the head's writes nothing", "a stale writer"
    )
    lost_online: bool = _switch(BUILT, "a lost online table makes every key due", "a dropped online table")
    confirmed_receipt: bool = _switch(
        BUILT, "a receipt is kept after its rows are online, not before", "a crash while rows go online"
    )
    ttl_from_event: bool = _switch(BUILT, "the time to live counts from the event", "retries that lengthen lives")
    expired_leave: bool = _switch(
        BUILT, "a winner that has expired is deleted, not skipped", "an older row that lives on"
    )
    no_delete_of_alive: bool = _switch(
        BUILT, "a row that is written is not deleted at the same time before", "a tombstone of the same time"
    )
    lease: bool = _switch(
        BUILT,
        "where the log store lets commits be overwritten, writers take turns",
        "a log store without put-if-absent",
    )

    ttl_when_sent: bool = _switch(BUILT, "the time to live is what is left when the row is sent", "tasks that wait")
    stamp_above_all: bool = _switch(
        BUILT, "a write timestamp is greater than all that came before it", "clocks that were ahead and were set right"
    )
    clock_checked: bool = _switch(
        BUILT, "a clock that differs from the online store's is refused", "a writer whose clock is ahead"
    )
    definition_seen: bool = _switch(
        BUILT,
        "a definition is changed from the one that was seen, or not at all",
        "two writers that change it at once",
    )
    feed_of_schema: bool = _switch(
        BUILT,
        "a change feed of a schema that the table has left counts as one with a hole",
        "RESTORE to before a column",
    )
    keys_of_removed_files: bool = _switch(
        BUILT, "where the change feed has a hole, removed files tell the keys", "DELETE while a table is adopted"
    )
    fresh_stamp: bool = _switch(BUILT, "a stamp too old for the online store is made anew", "a late retry (Keyspaces)")

    tasks_end: bool = _switch(NEEDED, "no task lives longer than files, log and tombstones are kept", "zombies")
    commits_are_quick: bool = _switch(
        NEEDED, "a commit lands, or not at all, while the lease is held", "a commit that outlives its lease"
    )
    lost_in_quiet: bool = _switch(
        NEEDED, "nobody writes while the online table is taken away", "zombies that write into a new table"
    )
    honest_rows: bool = _switch(
        NEEDED,
        "rows that are equal in their order (event, creation, hash) are equal in value",
        "internal columns written by hand",
    )

    def without(self, *names: str) -> Safeguards:
        """These, some taken away."""
        return replace(self, **dict.fromkeys(names, False))


#: The facts of each by its name, in the order of the table.
ALL = {each.name: Facts(**each.metadata) for each in fields(Safeguards)}
