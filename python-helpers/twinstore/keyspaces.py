"""What Amazon Keyspaces refuses that Cassandra takes, found before any byte is written.

The limits are those of its developer guide (quotas, functional differences, client-side timestamps).
"""

from __future__ import annotations

from collections.abc import Iterator

from .config import Settings
from .dialect import CassandraDialect, custom_properties, table_name
from .feature_group import Definition
from .online import OnlineShape
from .problem import Problem
from .twins import Twins

_MURMUR3 = "Murmur3Partitioner"


def settings_problems(twins: Twins, settings: Settings) -> Iterator[Problem]:
    """What of the settings and of the definition the server would refuse. Asks the server nothing."""
    definition, dialect = twins.definition, twins.dialect
    levels = dialect.read_consistencies
    if levels is not None and settings.online.consistency not in levels:
        yield Problem(
            f"Amazon Keyspaces does not read at {settings.online.consistency}.",
            f"Set `consistency` of the online store to one of {', '.join(levels)}; writes are at "
            f"{dialect.write_consistency} in any case.",
        )
    yield from _width_problems(dialect, definition)


def _width_problems(dialect: CassandraDialect, definition: Definition) -> Iterator[Problem]:
    most = dialect.max_columns(definition)
    if most is None:
        return
    expiring = "" if definition.ttl_seconds is None else " of a table whose rows expire"
    for part in definition.parts:
        columns = len(dialect.columns(part)) - len(part.keys)
        if columns > most:
            yield Problem(
                f"{part.online} of {definition.name} has {columns} columns beside its key, and Amazon Keyspaces takes "
                f"{most} in one statement{expiring}.",
                f"Declare that other tables keep the features that are too many: "
                f"split={proposed_split(definition, most)}. Which table keeps a feature cannot be changed later.",
            )
            return


def proposed_split(definition: Definition, most: int) -> dict[str, list[str]]:
    """Which other tables are to keep features (see `FeatureGroup.split`), so that none has more than `most` columns
    beside its key: a feature for which its own table has no room goes to a new one."""
    found: dict[str, list[str]] = {}
    overflow: list[str] = []
    for part in definition.parts:
        names = [column.name for column in part.features]
        # The commit version, and in the first one the event time.
        room = most - 1 - (len(part.columns) - len(part.keys) - len(names))
        found[part.table] = names[:room]
        overflow += names[room:]
    number = 2
    while overflow:
        table = f"{definition.table[:45]}_{number}"
        if table not in found:
            found[table], overflow = overflow[: most - 1], overflow[most - 1 :]
        number += 1
    del found[definition.table]
    return found


def server_problems(twins: Twins) -> Iterator[Problem]:
    """What of the account the Spark connector cannot work with."""
    if not twins.dialect.needs_murmur3:
        return
    (local,) = twins.cql.rows("SELECT JSON partitioner FROM system.local")
    if not local["partitioner"].endswith(_MURMUR3):
        yield Problem(
            f"The partitioner of the account is {local['partitioner']}, with which the Spark connector cannot read.",
            "Change it for the account, wait some ten minutes, then start a new session: UPDATE system.local "
            f"SET partitioner = 'org.apache.cassandra.dht.{_MURMUR3}' WHERE key = 'local'.",
        )


def table_problems(dialect: CassandraDialect, definition: Definition, shape: OnlineShape) -> Iterator[Problem]:
    """Properties that the existing table of a definition lacks."""
    needed = {
        "client_side_timestamps": "rows are written at the time of their commit",
        "ttl": "the rows of the group expire",
    }
    for name in dialect.enabled(definition.ttl_seconds is not None):
        if name not in shape.enabled:
            literal = custom_properties({name: {"status": "enabled"}})
            yield Problem(
                f"The table {definition.online} has {name} off, and {needed[name]}.",
                f"ALTER TABLE {table_name(definition)} WITH CUSTOM_PROPERTIES = {literal}. It cannot be undone.",
            )
