"""What of W0 concerns the online tables: what they lack, and what is wrong with those that are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .address import same_place
from .delta_log import Snapshot
from .dialect import quote_name
from .feature_group import Definition
from .keyspaces import table_problems
from .online import OnlineShape, OnlineTable
from .problem import Problem
from .twins import Twins


@dataclass(frozen=True)
class Lack:
    """An online table that is not there (`columns` is None), or columns of features that one lacks."""

    table: OnlineTable
    columns: tuple[str, ...] | None

    def lost(self, kept: Definition | None) -> str | None:
        """What a group of this definition had of it, so that rows or values were lost, as the beginning of a sentence
        that ends in `missing`; None for what is yet to come. Without a definition the group may have had it all."""
        if self.columns is None:
            had_it = kept is None or self.table.name in (part.online for part in kept.parts)
            return f"The online table {self.table.name} was" if had_it else None
        columns = self.columns if kept is None else [each.name for each in kept.columns if each.name in self.columns]
        return f"In the online table {self.table.name} the columns {', '.join(columns)} were" if columns else None

    def make_up(self, table_id: str) -> None:
        """Makes the table, for the Delta table of this id, or adds the columns."""
        if self.columns is None:
            self.table.create(table_id)
        else:
            self.table.add_features(self.columns)


def lacks(shapes: Iterable[tuple[OnlineTable, OnlineShape | None]]) -> Iterator[Lack]:
    """What must be made online before rows are written."""
    for table, shape in shapes:
        if shape is None:
            yield Lack(table, None)
            continue
        columns = tuple(each.name for each in table.definition.features if each.name not in shape.columns)
        if columns:
            yield Lack(table, columns)


def no_keyspace(twins: Twins) -> Problem:
    """What to do about a keyspace that is not there."""
    keyspace = twins.definition.keyspace
    return Problem(
        f"The online store at {twins.cql.address} has no keyspace {keyspace}.",
        f"Create it: CREATE KEYSPACE {keyspace} WITH replication = {twins.dialect.replication}.",
    )


def online_problems(
    twins: Twins, table: OnlineTable, shape: OnlineShape, snapshot: Snapshot | None
) -> Iterator[Problem]:
    """What is wrong with a table that is there, beside what it merely lacks."""
    online, definition = table.name, table.definition
    another = f"Choose another online table, or DROP TABLE {online} if nothing needs its rows."
    table_id = shape.marker.get("table_id")
    if table_id is None:
        yield Problem(f"The table {online} was not made by twinstore.", another)
        return
    offline = str(shape.marker.get("offline"))
    # A table's copy by its files has the same id.
    if snapshot is None or table_id != snapshot.table_id or not same_place(offline, definition.offline):
        yield Problem(
            f"The table {online} belongs to another Delta table (id {table_id}, {offline}).",
            another,
        )
        return
    wanted = twins.dialect.columns(definition)
    features = {column.name for column in definition.features}
    for name in sorted({*wanted, *shape.columns}):
        if name not in shape.columns:
            # A feature that is not there can come; the rest of the table is what it was made as.
            if name not in features:
                yield Problem(f"The table {online} has no column {name}.", another)
        elif name not in wanted:
            # It cannot be left alone: where rows expire, its cells would outlive them.
            drop = f"ALTER TABLE {online} DROP {quote_name(name)}, if a RESTORE took this feature away. Otherwise: "
            yield Problem(
                f"The table {online} has the column {name}, which the group does not know.",
                f"{drop if twins.dialect.drops_columns else ''}{another}",
            )
        elif shape.columns[name].replace(" ", "") != wanted[name].replace(" ", ""):
            yield Problem(f"Column {name} of {online} is {shape.columns[name]} and must be {wanted[name]}.", another)
    if shape.partition_key != definition.keys or shape.clustering_key:
        kept = ", ".join((*shape.partition_key, *shape.clustering_key))
        yield Problem(f"The key of {online} is ({kept}) and must be ({', '.join(definition.keys)}).", another)
    if shape.default_ttl_s:
        yield Problem(
            f"The table {online} has a default time to live of {shape.default_ttl_s} s: rows would expire unasked.",
            f"ALTER TABLE {online} WITH default_time_to_live = 0.",
        )
    yield from table_problems(twins.dialect, definition, shape)
