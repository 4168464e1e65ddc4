"""One pass over the data: rows to column states per window, slice and model.

Each Spark task turns its rows into partial states (``mapInArrow``), which are then merged by key. What is shuffled is
states, not rows, and their size is bounded whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from headwater.monitoring.definitions.windows import BASELINE, SNAPSHOT, Span, window_end, window_index, window_start
from headwater.monitoring.states.chunk_columns import ChunkColumn, chunk_column, coded
from headwater.monitoring.states.column_state import ColumnState, merge_states, settled, string_state
from headwater.monitoring.states.state_rows import KEY_DDL, STATE_DDL, arrow_schema, rows_of, state_of, state_row
from headwater.monitoring.tables.schemas import parsed

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

    from headwater.monitoring.states.columns import ProfiledColumn

__all__ = ["TABLE", "Key", "Scan", "merged_rows", "merged_schema", "merged_states", "partial_states"]

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
    :func:`headwater.monitoring.states.columns.prepared` gives them. `edges` has the bin edges by column name,
    `out` the columns of what a task gives.
    """

    columns: tuple[ProfiledColumn, ...]
    slices: tuple[str, ...]
    spans: tuple[Span, ...]
    edges: Mapping[str, NDArray[np.float64]]
    out: pa.Schema | None

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give the partial states of one task's rows."""
        for states in self.states(batches):
            yield _batch(states, self.out)

    def states(self, batches: Iterable[pa.RecordBatch]) -> Iterator[dict[Key, ColumnState]]:
        """Give the partial states of the rows: a key is the fields of `Key`, and may come again."""
        states: dict[Key, ColumnState] = {}
        waiting: list[pa.RecordBatch] = []
        for batch in batches:
            waiting.append(batch)
            if sum(b.num_rows for b in waiting) >= _CHUNK_ROWS:
                self._add(waiting, states)
                waiting = []
            if len(states) >= _MOST_STATES:
                yield states
                states = {}
        if waiting:
            self._add(waiting, states)
        if states:
            yield states

    def _add(self, batches: Sequence[pa.RecordBatch], states: dict[Key, ColumnState]) -> None:
        import pyarrow as pa

        table = pa.Table.from_batches(batches).combine_chunks()
        if table.num_rows == 0:
            return
        time = table["time"].to_numpy()
        models, model_names = coded(table["model"])
        columns = [
            chunk_column(table[f"c{i}"], about.kind, self.edges.get(about.name, _NO_EDGES))
            for i, about in enumerate(self.columns)
        ]
        for span in self.spans:
            index = (
                np.full(len(time), span.first) if span.granularity == SNAPSHOT else window_index(time, span.granularity)
            )
            inside = span.holds(index)
            for number, slice_key in enumerate((None, *self.slices)):
                if slice_key is None:
                    slices, slice_names = np.zeros(len(time), dtype=np.int64), np.array([None])
                else:
                    slices, slice_names = coded(table[f"s{number - 1}"])
                rows, breaks = _grouped(index, slices, models, inside & (slices >= 0))
                if not len(rows):
                    continue
                windows = []
                for first in rows[breaks[:-1]]:
                    model = model_names[models[first]] if models[first] >= 0 else None
                    windows.append((span.granularity, int(index[first]), slice_key, slice_names[slices[first]], model))
                self._add_groups(windows, rows, breaks, columns, states)

    def _add_groups(
        self,
        windows: Sequence[Key],
        rows: NDArray[np.int64],
        breaks: NDArray[np.int64],
        columns: Sequence[ChunkColumn],
        states: dict[Key, ColumnState],
    ) -> None:
        """Add the states of groups of rows, which follow one another: group i is from ``breaks[i]`` to ``breaks[i + 1]``."""
        present: list[dict[str, int]] = [{} for _ in windows]
        for about, column in zip(self.columns, columns, strict=True):
            edges = self.edges.get(about.name, _NO_EDGES)
            codes = column.codes if len(rows) == len(column.codes) and len(windows) == 1 else column.codes[rows]
            for i, window in enumerate(windows):
                state = column.state(codes[breaks[i] : breaks[i + 1]])
                if state.count:
                    present[i][about.name] = state.count
                _merge_into(states, (*window, about.name, about.data_type, about.kind), state, edges)
        for i, (window, counts) in enumerate(zip(windows, present, strict=True)):
            names, often = np.array(list(counts), dtype=object), np.array(list(counts.values()), dtype=np.int64)
            table = string_state(names, often, 0)
            table.count = int(breaks[i + 1] - breaks[i])
            _merge_into(states, (*window, TABLE, None, "table"), table, _NO_EDGES)


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
    schema = merged_schema()
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
            waiting.append(_merged_row(key, [state_of(row) for row in rows], self.edges))
            if len(waiting) == _BATCH_ROWS:
                yield pa.RecordBatch.from_pylist(waiting, schema=self.out)
                waiting = []
        if waiting:
            yield pa.RecordBatch.from_pylist(waiting, schema=self.out)


def merged_rows(
    partial: Mapping[Key, Sequence[ColumnState]], edges: Mapping[str, NDArray[np.float64]]
) -> Iterator[dict[str, Any]]:
    """Give the rows of :func:`merged_states` from partial states in process."""
    for key, states in partial.items():
        yield _merged_row(key, states, edges)


def _merged_row(key: Key, partial: Sequence[ColumnState], edges: Mapping[str, NDArray[np.float64]]) -> dict[str, Any]:
    named = dict(zip(_KEY, key, strict=True))
    bins = edges.get(named["column_name"], _NO_EDGES)
    states = sorted(partial, key=lambda s: (s.count, s.num_nulls, s.mean, s.m2, s.minimum or 0.0))
    state = settled(reduce(lambda one, two: merge_states(one, two, bins), states))
    granularity, index = named["granularity"], named["window_index"]
    bounds: dict[str, int | None] = {"start_micros": None, "end_micros": None}
    if granularity != BASELINE:
        bounds = {"start_micros": window_start(index, granularity), "end_micros": window_end(index, granularity)}
    return named | bounds | state_row(state)


def merged_schema() -> StructType:
    """Return the columns of merged states."""
    return parsed(f"{KEY_DDL}, start_micros bigint, end_micros bigint, {STATE_DDL}")


def state_schema() -> StructType:
    """Return the columns of partial states."""
    return parsed(f"{KEY_DDL}, {STATE_DDL}")


def _merge_into(states: dict[Key, ColumnState], key: Key, state: ColumnState, edges: NDArray[np.float64]) -> None:
    there = states.get(key)
    states[key] = state if there is None else merge_states(there, state, edges)


def _batch(states: Mapping[Key, ColumnState], schema: pa.Schema | None) -> pa.RecordBatch:
    import pyarrow as pa

    rows = [dict(zip(_KEY, key, strict=True)) | state_row(state) for key, state in states.items()]
    return pa.RecordBatch.from_pylist(rows, schema=schema)


def _grouped(
    index: NDArray[np.int64], slices: NDArray[np.int64], models: NDArray[np.int64], inside: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers of the rows inside, those of a window, slice and model together, where each starts, and the end."""
    rows = np.flatnonzero(inside)
    if len(rows) == 0:
        return rows, np.zeros(1, dtype=np.int64)
    of = index[rows]
    code = ((of - of.min()) * (int(slices.max()) + 1) + slices[rows]) * (int(models.max()) + 2) + models[rows] + 1
    order = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.diff(code[order])) + 1
    return rows[order], np.concatenate([[0], starts, [len(rows)]])
