"""One pass over the data: rows to column states per window, slice and model.

Each Spark task turns its rows into partial states (``mapInArrow``), which are then merged by key. What is shuffled is
states, not rows, and their size is bounded whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from headwater.monitoring.definitions.windows import BASELINE, SNAPSHOT, Span, window_end, window_index, window_start
from headwater.monitoring.states.column_state import ColumnState, merge_states, number_state, settled, string_state
from headwater.monitoring.states.state_rows import KEY_DDL, STATE_DDL, arrow_schema, rows_of, state_of, state_row
from headwater.monitoring.tables.schemas import parsed

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

    from headwater.monitoring.states.columns import ProfiledColumn

__all__ = ["Scan", "merged_states", "partial_states"]

TABLE: Final = ":table"
_CHUNK_ROWS: Final = 131_072
_MOST_STATES: Final = 20_000
_BATCH_ROWS: Final = 500
_KEY: Final = (
    "granularity",
    "window_index",
    "slice_key",
    "slice_value",
    "model_id",
    "column_name",
    "data_type",
    "column_kind",
)
_NO_EDGES: Final[NDArray[np.float64]] = np.zeros(1)

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Scan:
    """What the pass needs to know; Spark sends it to its workers.

    The rows have the columns ``time`` (microseconds), ``model``, ``s0``… (slices) and ``c0``… (values), as
    :func:`headwater.monitoring.states.columns.prepared` gives them. `edges` has the bin edges by column name.
    """

    columns: tuple[ProfiledColumn, ...]
    slices: tuple[str, ...]
    spans: tuple[Span, ...]
    edges: Mapping[str, NDArray[np.float64]]
    out: pa.Schema

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give the partial states of one task's rows."""
        states: dict[Key, ColumnState] = {}
        waiting: list[pa.RecordBatch] = []
        for batch in batches:
            waiting.append(batch)
            if sum(b.num_rows for b in waiting) >= _CHUNK_ROWS:
                self._add(waiting, states)
                waiting = []
            if len(states) >= _MOST_STATES:
                yield _batch(states, self.out)
                states = {}
        if waiting:
            self._add(waiting, states)
        if states:
            yield _batch(states, self.out)

    def _add(self, batches: Sequence[pa.RecordBatch], states: dict[Key, ColumnState]) -> None:
        import pyarrow as pa

        table = pa.Table.from_batches(batches).combine_chunks()
        if table.num_rows == 0:
            return
        time = table["time"].to_numpy()
        models, model_names = _coded(table["model"])
        values = [_Values.of(table[f"c{i}"], column) for i, column in enumerate(self.columns)]
        for span in self.spans:
            index = (
                np.full(len(time), span.first) if span.granularity == SNAPSHOT else window_index(time, span.granularity)
            )
            inside = span.holds(index)
            for number, slice_key in enumerate((None, *self.slices)):
                if slice_key is None:
                    slices, slice_names = np.zeros(len(time), dtype=np.int64), np.array([None])
                else:
                    slices, slice_names = _coded(table[f"s{number - 1}"])
                for rows in _groups(index, slices, models, inside & (slices >= 0)):
                    first = rows[0]
                    model = model_names[models[first]] if models[first] >= 0 else None
                    window = (span.granularity, int(index[first]), slice_key, slice_names[slices[first]], model)
                    self._add_group(window, rows, values, states)

    def _add_group(
        self, window: Key, rows: NDArray[np.int64], values: list[_Values], states: dict[Key, ColumnState]
    ) -> None:
        present: dict[str, int] = {}
        for column, data in zip(self.columns, values, strict=True):
            edges = self.edges.get(column.name, _NO_EDGES)
            state = data.state(rows, edges)
            if state.count:
                present[column.name] = state.count
            _merge_into(states, (*window, column.name, column.data_type, column.kind), state, edges)
        table = string_state(np.array(list(present), dtype=object), np.array(list(present.values()), dtype=np.int64), 0)
        table.count = len(rows)
        _merge_into(states, (*window, TABLE, None, "table"), table, _NO_EDGES)


@dataclass(frozen=True)
class _Values:
    """One column of a chunk: numbers, or codes into different strings (-1: null), or lengths, or presence alone."""

    kind: str
    valid: NDArray[np.bool_]
    values: NDArray[Any]
    names: NDArray[Any]

    @classmethod
    def of(cls, column: pa.ChunkedArray, about: ProfiledColumn) -> _Values:
        valid = column.is_valid().to_numpy()
        if about.kind == "string":
            codes, names = _coded(column)
            return cls("string", valid, codes, names)
        if about.kind in ("number", "time", "binary"):
            return cls(about.kind, valid, column.fill_null(0).to_numpy(), valid)
        return cls("other", valid, valid, valid)

    def state(self, rows: NDArray[np.int64], edges: NDArray[np.float64]) -> ColumnState:
        valid = self.valid[rows]
        nulls = len(rows) - int(valid.sum())
        present = self.values[rows][valid]
        if self.kind == "string":
            codes, counts = np.unique(present, return_counts=True)
            return string_state(self.names[codes], counts, nulls)
        if self.kind in ("number", "time"):
            return number_state(present, nulls, edges)
        state = ColumnState(count=len(present), num_nulls=nulls)
        if self.kind == "binary" and len(present):
            state.min_length, state.max_length = int(present.min()), int(present.max())
            state.sum_length = int(present.sum())
        return state


def partial_states(rows: DataFrame, scan: Scan, *, models: bool) -> DataFrame:
    """Return partial states: several per key, to be merged; with `models`, each counts for its model and for all (``'*'``)."""
    from pyspark.sql import functions as F

    states = rows.mapInArrow(scan, state_schema())
    all_models = F.lit("*")
    if not models:
        return states.withColumn("model_id", all_models)
    own = F.filter(F.array(F.col("model_id"), all_models), lambda model: model.isNotNull())
    return states.withColumn("model_id", F.explode(own))


def merged_states(partial: DataFrame, edges: Mapping[str, NDArray[np.float64]]) -> DataFrame:
    """Return one row per key with its merged state, and the window's bounds in microseconds. One shuffle, of states.

    The states of a key come to one task side by side (sorted) and are merged as they stream by: calling a function per
    group (``applyInArrow``) costs milliseconds for each of thousands of keys.
    """
    schema = parsed(f"{KEY_DDL}, start_micros bigint, end_micros bigint, {STATE_DDL}")
    merge = _Merge(edges, arrow_schema(schema))
    return partial.repartition(*_KEY).sortWithinPartitions(*_KEY).mapInArrow(merge, schema)


@dataclass(frozen=True)
class _Merge:
    """Merges the states of each key, which follow one another."""

    edges: Mapping[str, NDArray[np.float64]]
    out: pa.Schema

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        waiting: list[dict[str, Any]] = []
        for key, rows in groupby(rows_of(batches), key=lambda row: tuple(row[name] for name in _KEY)):
            waiting.append(self._merged(dict(zip(_KEY, key, strict=True)), [state_of(row) for row in rows]))
            if len(waiting) == _BATCH_ROWS:
                yield pa.RecordBatch.from_pylist(waiting, schema=self.out)
                waiting = []
        if waiting:
            yield pa.RecordBatch.from_pylist(waiting, schema=self.out)

    def _merged(self, key: dict[str, Any], states: list[ColumnState]) -> dict[str, Any]:
        bins = self.edges.get(key["column_name"], _NO_EDGES)
        states.sort(key=lambda s: (s.count, s.num_nulls, s.mean, s.m2, s.minimum or 0.0))
        state = settled(reduce(lambda one, two: merge_states(one, two, bins), states))
        granularity, index = key["granularity"], key["window_index"]
        bounds: dict[str, int | None] = {"start_micros": None, "end_micros": None}
        if granularity != BASELINE:
            bounds = {"start_micros": window_start(index, granularity), "end_micros": window_end(index, granularity)}
        return key | bounds | state_row(state)


def state_schema() -> StructType:
    """Return the columns of partial states."""
    return parsed(f"{KEY_DDL}, {STATE_DDL}")


def _merge_into(states: dict[Key, ColumnState], key: Key, state: ColumnState, edges: NDArray[np.float64]) -> None:
    there = states.get(key)
    states[key] = state if there is None else merge_states(there, state, edges)


def _batch(states: Mapping[Key, ColumnState], schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    rows = [dict(zip(_KEY, key, strict=True)) | state_row(state) for key, state in states.items()]
    return pa.RecordBatch.from_pylist(rows, schema=schema)


def _coded(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return each row's position in the different strings, -1 for null, and these strings."""
    import pyarrow as pa

    joined = column.combine_chunks()
    joined = pa.concat_arrays(joined.chunks) if isinstance(joined, pa.ChunkedArray) else joined
    coded = joined.dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy().astype(np.int64)
    return codes, np.array([*coded.dictionary.to_pylist(), None], dtype=object)[:-1]


def _groups(
    index: NDArray[np.int64], slices: NDArray[np.int64], models: NDArray[np.int64], inside: NDArray[np.bool_]
) -> Iterator[NDArray[np.int64]]:
    """Give the row numbers of each window, slice and model."""
    rows = np.flatnonzero(inside)
    if len(rows) == 0:
        return
    _, windows = np.unique(index[rows], return_inverse=True)
    code = (windows * (int(slices.max()) + 1) + slices[rows]) * (int(models.max()) + 2) + models[rows] + 1
    order = np.argsort(code, kind="stable")
    breaks = np.flatnonzero(np.diff(code[order])) + 1
    yield from np.split(rows[order], breaks)
