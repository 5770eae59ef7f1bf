"""The one rule of expiry: a row may be online until its event time plus the group's time to live."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as sf

from .feature_group import Definition
from .types import event_us
from .varying import varying

#: Time at the boundary of a row's time to live in which it may be online or not: clocks differ, CQL counts seconds.
SLACK_US = 5_000_000


def expires_us(definition: Definition) -> Column | None:
    """When a row expires, in µs since the epoch (bigint); None for a group whose rows do not."""
    if definition.ttl_seconds is None:
        return None
    return event_us(definition.event_column) + sf.lit(definition.ttl_seconds * 1_000_000)


def remaining_s(definition: Definition, now_us: int | Column) -> Column | None:
    """Whole seconds that a row still has at `now_us` (bigint); not positive when it has expired."""
    expires = expires_us(definition)
    at_us = varying(now_us) if isinstance(now_us, int) else now_us
    return None if expires is None else sf.floor((expires - at_us) / sf.lit(1_000_000))
