"""What keeps the two stores from diverging: a switch for each safeguard, and for each need of the protocol."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

#: The library has the safeguard. It has not: what diverges without it diverges in the library too. It is none of the
#: protocol's, but asked of whatever the protocol runs on.
BUILT, OPEN, NEEDED = "built", "open", "needed"


class Refused(Exception):  # noqa: N818
    """A store or a safeguard refused to go on."""


def _switch(kind: str, what: str) -> bool:
    return field(default=True, metadata={"kind": kind, "what": what})


@dataclass(frozen=True)
class Safeguards:
    """All are on unless taken away."""

    whole_gap: bool = _switch(BUILT, "the whole gap goes online, not a run's own version alone")
    commit_stamp: bool = _switch(BUILT, "rows are written at the time of a commit, not of their event")
    snapshot_stamp: bool = _switch(BUILT, "rows are written at the time of their snapshot, not at this moment")
    total_order: bool = _switch(BUILT, "of two records of one event the same one wins everywhere")
    history: bool = _switch(BUILT, "a late row is held against the history")
    explicit_nulls: bool = _switch(BUILT, "a null is written as a null")
    deletes: bool = _switch(BUILT, "keys that history lacks are deleted online")
    removed_rows: bool = _switch(BUILT, "rows that left the history touch their keys too")
    keys_on_their_way: bool = _switch(BUILT, "where all keys are due, those leave that a slower writer may yet bring")
    all_keys_fallback: bool = _switch(BUILT, "where the log or its files are gone, all keys are due")
    touch_all: bool = _switch(BUILT, "a change of the definition writes every key again")
    definition_at_head: bool = _switch(BUILT, "a writer of an older definition than the head's writes nothing")
    lost_online: bool = _switch(BUILT, "a lost online table makes every key due")
    confirmed_receipt: bool = _switch(BUILT, "a receipt is kept after its rows are online, not before")
    ttl_from_event: bool = _switch(BUILT, "the time to live counts from the event")
    expired_leave: bool = _switch(BUILT, "a winner that has expired is deleted, not skipped")
    no_delete_of_alive: bool = _switch(BUILT, "a row that is written is not deleted at the same time before")
    lease: bool = _switch(BUILT, "where the log store lets commits be overwritten, writers take turns")

    ttl_when_sent: bool = _switch(OPEN, "the time to live is what is left when the row is sent")
    stamp_above_all: bool = _switch(OPEN, "a write timestamp is greater than all that came before it")
    clock_checked: bool = _switch(OPEN, "a clock that differs from the online store's is refused")
    all_columns: bool = _switch(OPEN, "a column of the online table that the definition lacks is written as null")
    feed_of_schema: bool = _switch(OPEN, "a change feed of a schema that the table has left counts as one with a hole")
    keys_of_removed_files: bool = _switch(OPEN, "where the change feed has a hole, removed files tell the keys")
    fresh_stamp: bool = _switch(OPEN, "a stamp too old for the online store (Keyspaces) is made anew")

    tasks_end: bool = _switch(NEEDED, "no task lives longer than files, log and tombstones are kept")
    commits_are_quick: bool = _switch(NEEDED, "a commit lands, or not at all, while the lease is held")
    lost_in_quiet: bool = _switch(NEEDED, "nobody writes while the online table is taken away")
    honest_rows: bool = _switch(NEEDED, "rows that are equal in their order (event, creation, hash) are equal in value")

    def without(self, *names: str) -> Safeguards:
        """These, some taken away."""
        return replace(self, **dict.fromkeys(names, False))


#: Name, kind and words of each, in the order of the table.
ALL = tuple((each.name, str(each.metadata["kind"]), str(each.metadata["what"])) for each in fields(Safeguards))

#: What the library lacks.
OPEN_ONES = tuple(name for name, kind, _ in ALL if kind == OPEN)
