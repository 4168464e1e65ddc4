"""Column states as Arrow rows, and back: how they travel between Spark and Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from headwater.monitoring.states.column_state import ColumnState

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql.types import StructType

__all__ = ["KEY_DDL", "STATE_DDL", "arrow_schema", "rows_of", "state_of", "state_row"]

KEY_DDL: Final = (
    "granularity string, window_index bigint, slice_key string, slice_value string, model_id string, "
    "column_name string, data_type string, column_kind string"
)
STATE_DDL: Final = (
    "count bigint, num_nulls bigint, num_nan bigint, num_zeros bigint, total bigint, mean double, m2 double, "
    "minimum double, maximum double, min_length bigint, max_length bigint, sum_length bigint, "
    "number_values array<double>, string_values array<string>, counts array<bigint>, bins array<bigint>, "
    "hashes array<bigint>"
)
_PLAIN: Final = (
    "count", "num_nulls", "num_nan", "num_zeros", "total", "mean", "m2", "minimum", "maximum",
    "min_length", "max_length", "sum_length",
)  # fmt: skip


def state_row(state: ColumnState) -> dict[str, Any]:
    """Return the state as the fields of `STATE_DDL`."""
    strings = state.values is not None and state.values.dtype == object
    return {name: getattr(state, name) for name in _PLAIN} | {
        "number_values": None if strings else state.values,
        "string_values": state.values if strings else None,
        "counts": state.counts,
        "bins": state.bins,
        "hashes": state.hashes.view(np.int64) if len(state.hashes) else None,
    }


def state_of(row: dict[str, Any], prefix: str = "") -> ColumnState:
    """Return the state that the fields of a row hold."""
    state = ColumnState(**{name: row[prefix + name] for name in _PLAIN})
    strings, numbers = row[prefix + "string_values"], row[prefix + "number_values"]
    state.values = numbers if strings is None else strings
    state.counts = np.empty(0, dtype=np.int64) if row[prefix + "counts"] is None else row[prefix + "counts"]
    state.bins = row[prefix + "bins"]
    if row[prefix + "hashes"] is not None:
        state.hashes = row[prefix + "hashes"].view(np.uint64)
    return state


def rows_of(batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    """Give each row as a dict whose lists are NumPy arrays, without a Python object per number."""
    import pyarrow as pa

    for batch in batches:
        columns = {}
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            columns[name] = list(_arrays(column)) if pa.types.is_list(column.type) else column.to_pylist()
        for i in range(batch.num_rows):
            yield {name: values[i] for name, values in columns.items()}


def arrow_schema(schema: StructType) -> pa.Schema:
    """Return the Arrow schema that Spark expects of rows of `schema`."""
    from pyspark.sql.pandas.types import to_arrow_schema

    return to_arrow_schema(schema, timezone="UTC")


def _arrays(column: pa.Array) -> Iterator[Any]:
    values = column.values.to_numpy(zero_copy_only=False)
    offsets, valid = column.offsets.to_numpy(), column.is_valid().to_numpy(zero_copy_only=False)
    for i in range(len(column)):
        yield values[offsets[i] : offsets[i + 1]] if valid[i] else None
