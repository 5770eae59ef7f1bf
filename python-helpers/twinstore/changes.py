"""What a propagation changed online: the latest rows of history at both ends of its gap, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from .delta_log import Snapshot
from .errors import TwinstoreError, from_foreign
from .feature_group import Definition
from .foreign import FOREIGN
from .gap import changes_of
from .receipts import Receipt
from .row_hash import row_hash
from .twins import Twins
from .types import event_us, quoted
from .winners import key_names, winners

if TYPE_CHECKING:
    from .store import GroupLike, Store

_HASHES_BEFORE, _HASHES_AFTER = "_hashes_before", "_hashes_after"


def changes(store: Store, group: GroupLike, receipt: Receipt | None) -> DataFrame:
    """See `Store.changes`."""
    definition = store.definition(group)
    twins = store.twins(definition)
    head = twins.offline.snapshot()
    receipt = receipt or (None if head is None else twins.receipts.last(head.table_id))
    if receipt is None or head is None:
        raise TwinstoreError(
            "not_found",
            f"{definition.name} has no receipt.",
            "Write the group, or run `store.retry(group)` where its rows are in history alone.",
        )
    if head.table_id != receipt.table_id:
        raise TwinstoreError(
            "bad_request",
            f"The receipt is of {receipt.group} in another table than {definition.offline}.",
            "Give the group that the receipt is of.",
        )
    _refuse_what_history_lacks(twins, receipt, head)
    first, last = receipt.gap.from_version, receipt.gap.to_version
    if receipt.operation == "materialize" and receipt.version is not None:
        last = receipt.version
    elif receipt.gap.empty:
        first = last = head.version
    try:
        after = twins.offline.read_as(head.schema, last)
        before = after.limit(0) if first < 0 else twins.offline.read_as(head.schema, first)
        if last > first >= 0 and not changes_of(twins, receipt.gap).every_key:
            keys = twins.offline.changed_keys(first, last, list(definition.keys))
            before, after = (rows.join(keys, list(definition.keys), "left_semi") for rows in (before, after))
        rows_before = _latest(before, definition, "before", _HASHES_BEFORE)
        rows_after = _latest(after, definition, "after", _HASHES_AFTER)
        pairs = rows_before.join(rows_after, list(definition.keys), "full_outer")
        return _differing(pairs, definition).localCheckpoint()
    except FOREIGN as error:
        raise from_foreign(
            error,
            f"What changed from version {first} to {last} of {definition.offline} can no longer be told: VACUUM or the "
            "clean-up of the log took part of it.",
            "Ask sooner after a write, or let the table keep its files longer (delta.deletedFileRetentionDuration).",
            code="not_found",
        ) from error


def _refuse_what_history_lacks(twins: Twins, receipt: Receipt, head: Snapshot) -> None:
    """Raises `TwinstoreError` where the online store did not hold what history tells, before or after."""
    if receipt.operation == "repair":
        raise TwinstoreError(
            "bad_request", "What a repair mended is not in history.", "See the report that it was asked to mend."
        )
    set_to = twins.receipts.set_version(head.table_id, receipt.gap.from_version)
    if set_to is not None:
        raise TwinstoreError(
            "bad_request",
            f"The online store was set to version {set_to} before that, so that history does not tell what it held.",
            f"Compare `store.offline(group, version={set_to}, latest=True)` with what it holds now.",
        )


def _latest(rows: DataFrame, definition: Definition, name: str, hashes: str) -> DataFrame:
    """The keys, the other columns of each entity's latest row as the struct `name`, and a hash of each in `hashes`."""
    columns = [sf.col(quoted(column)) for column in _others(definition)]
    each = [event_us(definition.event_column), *(row_hash([feature]) for feature in definition.features)]
    return winners(rows, definition).select(
        *key_names(definition), sf.struct(*columns).alias(name), sf.array(*each).alias(hashes)
    )


def _differing(pairs: DataFrame, definition: Definition) -> DataFrame:
    before, after = sf.col(_HASHES_BEFORE), sf.col(_HASHES_AFTER)
    change = sf.when(before.isNull(), "insert").when(after.isNull(), "delete").otherwise("update")
    names = sf.array(*(sf.lit(name) for name in _others(definition)))
    differ = sf.filter(names, lambda _, i: ~sf.get(before, i).eqNullSafe(sf.get(after, i)))
    columns = sf.when(change == "update", differ).otherwise(sf.array().cast("array<string>"))
    return pairs.where(~before.eqNullSafe(after)).select(
        *key_names(definition), change.alias("change"), columns.alias("columns"), "before", "after"
    )


def _others(definition: Definition) -> list[str]:
    return [definition.event_timestamp, *(feature.name for feature in definition.features)]
