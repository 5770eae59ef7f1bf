"""What a write would cost, and how long it would take at least, where each row that is written is billed."""

from __future__ import annotations

from functools import reduce
from operator import add

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from .config import Settings
from .counted import counted
from .row_size import STAMP_BYTES, row_bytes
from .twins import Twins


def cost_notes(twins: Twins, settings: Settings, rows: DataFrame, written: int) -> tuple[str, ...]:
    """One sentence on the write units, price and time of `written` rows that are as large as `rows` are on average;
    none where writes are not billed. Reads `rows` once."""
    unit_bytes = twins.dialect.unit_bytes
    if unit_bytes is None or not written:
        return ()
    parts = twins.definition.parts
    units = [
        sf.avg(reduce(add, (sf.ceil(row_bytes(part, stamp_bytes) / sf.lit(unit_bytes)) for part in parts)))
        for stamp_bytes in (0, STAMP_BYTES)
    ]
    least, most = (round((each or len(parts)) * written) for each in rows.agg(*units).collect()[0])
    amount = f"{least}" if least == most else f"{least} to {most}"
    price, time = _price(settings, least, most), _time(settings, written * len(parts))
    return (f"Online: about {amount} write units, {price}; {time}.",)


def _price(settings: Settings, least: int, most: int) -> str:
    price = settings.write_units_price_per_million
    if price is None:
        return "at a price that the settings do not say (budgets.write_units_price_per_million)"
    costs = [f"{units * price / 1_000_000:.2f}" for units in sorted({least, most})]
    return f"which cost {' to '.join(dict.fromkeys(costs))} at the price of the settings"


def _time(settings: Settings, written: int) -> str:
    rate = settings.online_rows_per_second
    if rate is None:
        return "as fast as the table takes them, for no budget is set (budgets.online_rows_per_second)"
    minutes, seconds = divmod(-(-written // rate), 60)
    took = [counted(minutes, "minute", "minutes")] if minutes else []
    took += [f"{seconds} s"] if seconds else []
    return f"at least {' '.join(took)} at {rate} rows a second"
