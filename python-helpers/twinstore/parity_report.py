"""What a comparison of the twins found: the report that people read, views draw and tables keep."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql import types as t

    from .feature_group import Definition

#: Offenders that the report itself holds; the table of offenders holds more.
SHOWN = 100


@dataclass(frozen=True)
class Coverage:
    """What was compared. `keys_total` counts the keys of both stores together, None when nobody counted them;
    `extra_checked` tells whether the whole online store was searched for keys that history lacks."""

    how: str
    keys_compared: int
    keys_total: int | None
    extra_checked: bool
    base_proof: str | None = None


@dataclass(frozen=True)
class Offender:
    """One key whose rows differ; rows as canonical text by column, None where a store has no row.

    `online_write_us` is the newest CQL write time among the online row's cells, in µs since the epoch.
    """

    key: Mapping[str, str]
    state: str
    columns: Sequence[str]
    offline: Mapping[str, str | None] | None
    online: Mapping[str, str | None] | None
    offline_commit: int | None
    online_commit: int | None
    online_write_us: int | None
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """As in `parity_report.schema.json`."""
        found = asdict(self)
        return {**found, "columns": list(self.columns)}

    def to_row(self) -> tuple[Any, ...]:
        """As in the columns of `OFFENDERS` (`offender_schema`)."""
        found = self.to_dict()
        for name in ("key", "offline", "online"):
            found[name] = None if found[name] is None else as_text(found[name])
        return tuple(found.values())


@dataclass(frozen=True)
class ParityReport:
    """The outcome of one comparison at an anchor version; the fields are those of `parity_report.schema.json`.

    `verdict` is `in_parity`, `out_of_parity` or `unknown`, and says no more than `coverage` allows. `states` counts
    keys by row state, `columns` says how each column compares, `offenders_total` how many keys differ.
    """

    id: str
    group: str
    table_id: str
    verdict: str
    coverage: Coverage
    version: int | None
    receipt_run_id: str | None
    states: Mapping[str, int]
    columns: Sequence[Mapping[str, Any]]
    tolerances: Mapping[str, float]
    offenders_total: int
    engine: str
    by: str
    at_us: int
    duration_s: float
    kept: bool = False
    notes: tuple[str, ...] = ()
    found: Sequence[Offender] = ()
    spark: SparkSession | None = field(default=None, repr=False, compare=False)
    definition: Definition | None = field(default=None, repr=False, compare=False)

    @property
    def offenders(self) -> DataFrame:
        """The offenders, worst states first, as a DataFrame; `key`, `offline` and `online` are JSON texts."""
        if self.spark is None:
            raise ValueError("This report was read without a Spark session.")
        from .local_rows import local_rows

        return local_rows(self.spark, (each.to_row() for each in self.found), offender_schema())

    def to_dict(self) -> dict[str, Any]:
        """As in `parity_report.schema.json`."""
        return {
            "id": self.id,
            "group": self.group,
            "table_id": self.table_id,
            "verdict": self.verdict,
            "coverage": asdict(self.coverage),
            "version": self.version,
            "receipt_run_id": self.receipt_run_id,
            "states": dict(self.states),
            "columns": [dict(column) for column in self.columns],
            "tolerances": dict(self.tolerances),
            "offenders": {
                "total": self.offenders_total,
                "shown": [offender.to_dict() for offender in self.found[:SHOWN]],
            },
            "engine": self.engine,
            "by": self.by,
            "at_us": self.at_us,
            "duration_s": self.duration_s,
            "kept": self.kept,
            "notes": list(self.notes),
        }

    def as_kept(self) -> ParityReport:
        """The report as the table of proofs holds it."""
        return replace(self, kept=True)

    def noting(self, *notes: str) -> ParityReport:
        """The report with more notes."""
        return replace(self, notes=(*self.notes, *notes))

    def naming(self, found: Sequence[Offender]) -> ParityReport:
        """The report with these offenders."""
        return replace(self, found=tuple(found))

    def lasting(self, seconds: float) -> ParityReport:
        """The report with the time that the comparison took."""
        return replace(self, duration_s=round(seconds, 3))

    def show(self) -> None:
        """Shows the report: as a card in a notebook, as text elsewhere."""
        from .cards import show

        show(self)

    def __str__(self) -> str:
        from .cards import report_text

        return report_text(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from .cards import report_bundle

        return report_bundle(self)


def as_text(value: Any) -> str:
    """As JSON text, in the form that the tables of proofs and offenders keep."""
    return json.dumps(value, ensure_ascii=False)


def offender_schema() -> t.StructType:
    """Columns of offenders, in the order of the contract."""
    from pyspark.sql import types as t

    text, number = t.StringType(), t.LongType()
    kinds: dict[str, t.DataType] = {
        "key": text,
        "state": text,
        "columns": t.ArrayType(text),
        "offline": text,
        "online": text,
        "offline_commit": number,
        "online_commit": number,
        "online_write_us": number,
        "reason": text,
    }
    return t.StructType([t.StructField(name, kind) for name, kind in kinds.items()])
