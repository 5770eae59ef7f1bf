"""What Amazon Keyspaces refuses that Cassandra takes, found before any byte is written.

The limits are those of its developer guide (quotas, functional differences, client-side timestamps).
"""

from __future__ import annotations

from collections.abc import Iterator

from .config import Settings
from .dialect import custom_properties, table_name
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
    most, columns = dialect.max_columns(definition), len(dialect.columns(definition)) - len(definition.keys)
    if most is not None and columns > most:
        expiring = "" if definition.ttl_seconds is None else " of a table whose rows expire"
        yield Problem(
            f"{definition.name} has {columns} columns beside its key, and Amazon Keyspaces takes {most} in one "
            f"statement{expiring}.",
            f"Split the features into groups of at most {most - 2} (the event time and the commit version count too), "
            "or keep some of them together in one array (nested={…: 'frozen'}).",
        )


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


def table_problems(twins: Twins, shape: OnlineShape) -> Iterator[Problem]:
    """Properties that an existing table lacks."""
    needed = {
        "client_side_timestamps": "rows are written at the time of their commit",
        "ttl": "the rows of the group expire",
    }
    for name in twins.dialect.enabled(twins.definition.ttl_seconds is not None):
        if name not in shape.enabled:
            literal = custom_properties({name: {"status": "enabled"}})
            yield Problem(
                f"The table {twins.definition.online} has {name} off, and {needed[name]}.",
                f"ALTER TABLE {table_name(twins.definition)} WITH CUSTOM_PROPERTIES = {literal}. It cannot be undone.",
            )
