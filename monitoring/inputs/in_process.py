"""Rows to profile, read from the table's files in this process: no wait for Spark where it would take longer than the work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from headwater import lakehouse
from headwater.monitoring.definitions.monitor import Monitor
from headwater.monitoring.definitions.windows import BASELINE, Span, bounds, time_of
from headwater.monitoring.inputs.arrow_columns import ArrowRows, not_plain
from headwater.monitoring.inputs.on_spark import OnSpark, first_window_end
from headwater.monitoring.metrics.quality import quality_schema
from headwater.monitoring.metrics.quality_in_process import judged_columns, quality_rows
from headwater.monitoring.states.bin_edges import edges_of
from headwater.monitoring.states.cells import MOST_SLICES
from headwater.monitoring.states.column_state import ColumnState
from headwater.monitoring.states.scan import TABLE, Key, Scan, merged_rows
from headwater.monitoring.states.state_rows import arrow_schema
from headwater.monitoring.tables.schemas import histograms_schema

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["InProcess", "open_in_process"]

MOST_ROWS: Final = 5_000_000
"""Most rows that are read here. Beyond them, and for what needs Spark's expressions, Spark reads them."""
_MOST_STATES: Final = 20_000
_COLUMNS_AT_ONCE: Final = 16


def open_in_process(spark: SparkSession, name: str, rows: OnSpark) -> InProcess | str:
    """Return the rows as files of this machine, or why they need Spark; some 30 ms, no job."""
    if rows.version is None:
        return f"{name} is a view"
    table = lakehouse.open_arrow(spark, lakehouse.resolve(spark, name), rows.version)
    if isinstance(table, str):
        return table
    reason = not_plain(rows.all_rows, rows.columns, rows.monitor)
    if reason is not None:
        return reason
    if not rows.timeless:
        table = table.within(*_times(rows))
    if table.rows is None or table.rows > MOST_ROWS:
        return f"{name} has more than {MOST_ROWS:,} rows there"
    names = rows.all_rows.columns
    return InProcess(spark, rows, ArrowRows(table, names, rows.monitor, rows.spans, rows.timeless))


def _times(rows: OnSpark) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the bounds of the rows' time, both inclusive, by which files are left out."""
    import pyarrow as pa

    name = rows.monitor.timestamp_col
    if name is None:
        return {}, {}
    days = rows.all_rows.schema[name].dataType.typeName() == "date"
    ends: list[dict[str, Any]] = [{}, {}]
    first, last = bounds(rows.spans)
    for at, moment in enumerate((first, None if last is None else last - 1)):
        if moment is not None:
            time = time_of(moment)
            ends[at][name] = pa.scalar(time.date()) if days else pa.scalar(time, pa.timestamp("us", "UTC"))
    return ends[0], ends[1]


@dataclass(frozen=True)
class InProcess:
    """Rows of a table of the embedded store; `on_spark` are the same rows."""

    spark: SparkSession
    on_spark: OnSpark
    rows: ArrowRows

    @property
    def spans(self) -> tuple[Span, ...]:
        """The windows that the rows count for."""
        return self.on_spark.spans

    @property
    def timeless(self) -> bool:
        """Whether all rows count, whatever their time."""
        return self.on_spark.timeless

    @property
    def df(self) -> DataFrame:
        """The rows as Spark has them."""
        return self.on_spark.df

    @property
    def popular(self) -> DataFrame | None:
        """The slices to keep, as Spark has them."""
        return self.on_spark.popular

    def learn_edges(self, wanted: Sequence[str], *, first_window: bool) -> dict[str, NDArray[np.float64]]:
        """Return the bin edges of the wanted columns that vary, from exact quantiles."""
        numeric = [c for c in self.on_spark.columns if c.kind in ("number", "time") and c.name in wanted]
        until = self._first_window_end() if first_window else None
        found: dict[str, NDArray[np.float64]] = {}
        for at in range(0, len(numeric), _COLUMNS_AT_ONCE):
            columns = numeric[at : at + _COLUMNS_AT_ONCE]
            held: list[list[NDArray[np.float64]]] = [[] for _ in columns]
            for batch in self.rows.parts(columns):
                inside = None if until is None else batch["time"].to_numpy() < until
                for i, values in enumerate(held):
                    numbers = batch[f"c{i}"].fill_null(np.nan).to_numpy()
                    numbers = numbers if inside is None else numbers[inside]
                    values.append(numbers[np.isfinite(numbers)])
            for about, values in zip(columns, held, strict=True):
                edges = edges_of(np.concatenate([np.empty(0), *values]))
                if edges is not None:
                    found[about.name] = edges
        return found

    def states(self, log_type: str, edges: Mapping[str, NDArray[np.float64]]) -> DataFrame:
        """Return rows of ``…_histograms``."""
        import pyarrow as pa

        of = self.on_spark
        scan = Scan(of.columns, tuple(of.monitor.slicing_exprs), of.spans, edges, None)
        partial: dict[Key, list[ColumnState]] = {}
        for states in scan.states(self.rows.parts(of.columns)):
            for key, state in states.items():
                for own in _models(key, of.monitor):
                    partial.setdefault(own, []).append(state)
            if len(partial) > _MOST_STATES:
                return of.states(log_type, edges)
        facts = {
            "log_type": log_type, "logging_table_commit_version": of.version,
            "monitor_version": of.monitor.monitor_version,
        }  # fmt: skip
        schema = histograms_schema()
        rows = (_stored(row) | facts for row in merged_rows(_of_popular_slices(partial), edges))
        return self.spark.createDataFrame(pa.Table.from_pylist(list(rows), schema=arrow_schema(schema)), schema)

    def quality(self) -> DataFrame | None:
        """Return quality by cell; None without labels."""
        import pyarrow as pa

        of = self.on_spark
        judged = judged_columns(of.monitor, self.rows.names)
        if not judged:
            return None
        parts = [pa.Table.from_batches([part]) for part in self.rows.parts((), judged)]
        found = quality_rows(pa.concat_tables(parts), of.monitor, of.spans) if parts else []
        if isinstance(found, str):
            return of.quality()
        assert of.monitor.inference is not None
        schema = quality_schema(of.monitor.inference.problem_type)
        return self.spark.createDataFrame(pa.Table.from_pylist(found, schema=arrow_schema(schema)), schema)

    def _first_window_end(self) -> int | None:
        firsts = [int(batch["time"].to_numpy().min()) for batch in self.rows.parts(()) if batch.num_rows]
        return first_window_end(min(firsts), self.on_spark.spans) if firsts else None


def _models(key: Key, monitor: Monitor) -> Iterator[Key]:
    """Give the key for its model, if it has one, and for all models."""
    every = (*key[:4], "*", *key[5:])
    if monitor.model_id_col is not None and key[4] is not None and key[4] != "*":
        yield key
    yield every


def _of_popular_slices(states: Mapping[Key, Sequence[ColumnState]]) -> dict[Key, Sequence[ColumnState]]:
    """Return the states of the whole table, and of the most frequent slices of each window; ties go to the smaller value."""
    counts: dict[tuple[Any, ...], list[tuple[int, str]]] = {}
    for key, parts in states.items():
        granularity, index, slice_key, value, model, column = key[:6]
        if column == TABLE and model == "*" and slice_key is not None:
            counts.setdefault((granularity, index, slice_key), []).append((-sum(s.count for s in parts), value))
    popular = {(*window, value) for window, values in counts.items() for _, value in sorted(values)[:MOST_SLICES]}
    return {key: parts for key, parts in states.items() if key[2] is None or key[:4] in popular}


def _stored(row: dict[str, Any]) -> dict[str, Any]:
    """Return a merged row with its window as ``…_histograms`` has it."""
    start, end = row.pop("start_micros"), row.pop("end_micros")
    window = None
    if row["granularity"] != BASELINE:
        window = {"start": _aware(start), "end": _aware(end)}
    return row | {"window": window, "granularity": row["granularity"] or None}


def _aware(micros: int) -> dt.datetime:
    return time_of(micros).replace(tzinfo=dt.UTC)
