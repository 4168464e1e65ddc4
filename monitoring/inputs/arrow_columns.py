"""Rows of a table as :class:`~headwater.monitoring.states.scan.Scan` takes them, prepared without Spark: the same values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from headwater.monitoring.definitions.windows import bounds

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

    from headwater.lakehouse import ArrowTable
    from headwater.monitoring.definitions.monitor import Monitor
    from headwater.monitoring.definitions.windows import Span
    from headwater.monitoring.states.columns import ProfiledColumn

__all__ = ["ArrowRows", "not_plain"]

_WHOLE: Final = ("tinyint", "smallint", "int", "bigint")
_NUMBERS: Final = (*_WHOLE, "float", "double")
_NAMES: Final = (*_WHOLE, "string", "boolean")


def not_plain(df: DataFrame, columns: Sequence[ProfiledColumn], monitor: Monitor) -> str | None:
    """Return why the rows need Spark's expressions or casts, or None: their values can be read as they are."""
    types = {field.name: field.dataType.simpleString() for field in df.schema}
    for text in monitor.slicing_exprs:
        if types.get(_name(text)) not in _NAMES:
            return f"the slice {text!r} is more than a column of names or whole numbers"
    if types.get(monitor.model_id_col or "", "string") not in (*_WHOLE, "string"):
        return f"the models in {monitor.model_id_col!r} are neither texts nor whole numbers"
    for about in columns:
        found = types.get(about.name, about.data_type)
        if found.startswith("decimal") or (
            found != about.data_type and not (about.kind == "number" and found in _NUMBERS)
        ):
            return f"the column {about.name!r} is {found}, which is converted"
    return None


@dataclass(frozen=True)
class ArrowRows:
    """The rows of a table's files that lie within the spans; all if `timeless`."""

    table: ArrowTable
    names: Sequence[str]
    monitor: Monitor
    spans: tuple[Span, ...]
    timeless: bool

    def parts(
        self, columns: Sequence[ProfiledColumn], extra: Mapping[str, str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Give ``time``, ``model``, ``s0``…, ``c0``… of some rows at a time, and columns as they are by new names, `extra`."""
        import pyarrow as pa

        first, last = (None, None) if self.timeless else bounds(self.spans)
        others = extra or {}
        for rows in self.table.parts(self._needed(columns, others.values())):
            time = self._time(rows)
            if not self.timeless and self.monitor.timestamp_col is not None:
                inside = rows.column(self.monitor.timestamp_col).is_valid().to_numpy(zero_copy_only=False)
                inside &= time >= first if first is not None else True
                inside &= time < last if last is not None else True
                if not inside.all():
                    rows = rows.filter(pa.array(inside))  # noqa: PLW2901 - those within
                    time = time[inside]
            found: dict[str, Any] = {"time": pa.array(time), "model": self._text(rows, self.monitor.model_id_col)}
            for i, text in enumerate(self.monitor.slicing_exprs):
                found[f"s{i}"] = self._text(rows, _name(text))
            for i, about in enumerate(columns):
                found[f"c{i}"] = _value(rows, about)
            for name, own in others.items():
                found[name] = rows.column(own)
            yield pa.RecordBatch.from_pydict(found)

    def _needed(self, columns: Sequence[ProfiledColumn], extra: Iterable[str]) -> list[str]:
        named = [self.monitor.model_id_col, *map(_name, self.monitor.slicing_exprs), *(c.name for c in columns), *extra]
        if not self.timeless:
            named.append(self.monitor.timestamp_col)
        return [name for name in dict.fromkeys(named) if name is not None and name in self.names]

    def _time(self, rows: pa.RecordBatch) -> Any:
        name = self.monitor.timestamp_col
        if self.timeless or name is None:
            return np.zeros(rows.num_rows, dtype=np.int64)
        return _micros(rows.column(name))

    def _text(self, rows: pa.RecordBatch, name: str | None) -> Any:
        import pyarrow as pa

        if name is None or name not in self.names:
            return pa.nulls(rows.num_rows, pa.string())
        return rows.column(name).cast(pa.string())


def _name(text: str) -> str:
    """Return the column that a slicing expression may be."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == "`" else text


def _micros(column: pa.Array) -> Any:
    """Return times or dates as microseconds since 1970; 0 for NULL."""
    import pyarrow as pa

    if pa.types.is_date32(column.type):
        return column.cast(pa.int32()).fill_null(0).to_numpy().astype(np.int64) * 86_400_000_000
    return column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.int64()).fill_null(0).to_numpy()


def _value(rows: pa.RecordBatch, about: ProfiledColumn) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    kinds = {"number": pa.float64(), "time": pa.float64(), "binary": pa.float64(), "string": pa.string()}
    if about.name not in rows.schema.names:
        return pa.nulls(rows.num_rows, kinds.get(about.kind, pa.bool_()))
    column = rows.column(about.name)
    if about.kind == "time":
        valid = column.is_valid().to_numpy(zero_copy_only=False)
        return pa.array(_micros(column) / 1e6, mask=~valid)
    if about.kind == "binary":
        return pc.binary_length(column).cast(pa.float64())
    if about.kind == "other":
        return pc.if_else(column.is_valid(), pa.scalar(True), pa.scalar(None, pa.bool_()))
    return column.cast(kinds[about.kind], safe=False)
