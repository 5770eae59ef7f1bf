"""The first rows of a DataFrame as a notebook shows them: a grid in JupyterLab, a table elsewhere."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf
from pyspark.sql import types as st

from ..counted import counted
from ..errors import TwinstoreError
from ..types import quoted

MIME = "application/vnd.twinstore.rows+json"

#: Most rows, and most bytes of Arrow, that an output holds: it is kept in the notebook's file.
MAX_ROWS = 1_000
MAX_BYTES = 512 * 1024
#: Rows of the table that stands for the grid where there is none.
_TABLE_ROWS = 20

#: What the grid shows exactly; of anything else the text that Spark gives it.
_EXACT = (
    st.BooleanType, st.ByteType, st.ShortType, st.IntegerType, st.LongType, st.FloatType, st.DoubleType,
    st.DecimalType, st.StringType, st.BinaryType, st.DateType, st.TimestampType, st.TimestampNTZType,
)  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """Rows as an Arrow IPC stream, with what is to be said of them."""

    #: Name, Spark SQL type and nullability of each column.
    columns: list[dict[str, Any]]
    arrow: bytes
    rows: int
    #: Whether these are all rows that the DataFrame has.
    complete: bool
    what: str
    #: The first of them as texts, null as None.
    texts: list[list[str | None]]

    @classmethod
    def of(cls, frame: DataFrame, limit: int = MAX_ROWS) -> Rows:
        """The first rows, at most `limit` and `MAX_ROWS`, and so many as fit in `MAX_BYTES`.

        Raises `TwinstoreError` where pyarrow is missing.
        """
        try:
            import pyarrow as pa
        except ImportError as error:
            raise TwinstoreError(
                "unavailable",
                "Rows are shown by pyarrow, which is not installed here.",
                'pip install "twinstore[spark]"',
            ) from error
        limit = min(limit, MAX_ROWS)
        fields = frame.schema.fields
        # Columns are told by their place, for a name may come twice.
        places = [str(place) for place in range(len(fields))]
        shown = [_shown(place, field.dataType) for place, field in zip(places, fields)]
        batches = frame.toDF(*places).select(*shown).limit(limit + 1)._collect_as_arrow()
        table = pa.Table.from_batches(batches) if batches else pa.table({place: [] for place in places})
        table = table.rename_columns([field.name for field in fields])
        found = table.num_rows
        table = table.slice(0, limit)
        arrow = _ipc(pa, table)
        while len(arrow) > MAX_BYTES and table.num_rows > 0:
            table = table.slice(0, table.num_rows // 2)
            arrow = _ipc(pa, table)
        return cls(
            columns=[
                {"name": field.name, "type": field.dataType.simpleString(), "nullable": field.nullable}
                for field in fields
            ],
            arrow=arrow,
            rows=table.num_rows,
            complete=found == table.num_rows,
            what=_what(found, table.num_rows, limit),
            texts=[
                [None if value is None else _text(value) for value in row]
                for row in zip(*(column.to_pylist() for column in table.slice(0, _TABLE_ROWS).columns))
            ],
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/plain": repr(self), "text/html": self._html(), MIME: self.to_dict()}

    def to_dict(self) -> dict[str, Any]:
        """What JupyterLab's grid takes."""
        return {
            "columns": self.columns,
            "arrow": base64.b64encode(self.arrow).decode(),
            "rows": self.rows,
            "complete": self.complete,
            "what": self.what,
        }

    def __repr__(self) -> str:
        cells = [[column["name"] for column in self.columns], *([text or "null" for text in row] for row in self.texts)]
        widths = [max(map(len, column)) for column in zip(*cells)]
        drawn = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in cells]
        return "\n".join([self.what, *(f"  {line}" for line in drawn)])

    def _html(self) -> str:
        head = "".join(
            f'<th scope="col">{escape(column["name"])}<br><small>{escape(column["type"])}</small></th>'
            for column in self.columns
        )
        body = "".join(
            "<tr>" + "".join(f"<td>{'<em>null</em>' if text is None else escape(text)}</td>" for text in row) + "</tr>"
            for row in self.texts
        )
        shown = "" if len(self.texts) == self.rows else f" Here the first {len(self.texts)}."
        return (
            f"<table><caption>{escape(self.what + shown)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


def _shown(place: str, data_type: st.DataType) -> Any:
    column = sf.col(quoted(place))
    return column if isinstance(data_type, _EXACT) else column.cast("string").alias(place)


def _ipc(pa: Any, table: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _what(found: int, shown: int, limit: int) -> str:
    if found == shown:
        return f"All {counted(shown, 'row', 'rows')}." if shown else "The DataFrame has no rows."
    cut = f" More than {MAX_BYTES // 1024} KiB are not kept in a notebook." if shown < min(found, limit) else ""
    return f"The first {counted(shown, 'row', 'rows')}; there are more.{cut}"


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
