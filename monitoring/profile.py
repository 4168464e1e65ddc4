"""Profile rows from column states: what one column looked like in one window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from monitoring.cells import CELL, same_cell
from monitoring.quality import CLASSIFICATION, REGRESSION
from monitoring.schemas import parsed, profile_schema
from monitoring.state_rows import arrow_schema, rows_of, state_of
from monitoring.statistics import quantiles

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame

    from monitoring.histograms import ColumnState
    from monitoring.monitor import Monitor

__all__ = ["profile_row", "profiles"]

_QUANTILES: Final = np.linspace(0, 1, 1000)
_MOST_ITEMS: Final = 100
_PLAIN: Final = (
    "count bigint, num_nulls bigint, avg double, quantiles array<double>, min double, max double, stddev double, "
    "num_zeros bigint, num_nan bigint, min_length double, max_length double, avg_length double, "
    "non_null_columns array<string>, frequent_items array<struct<item:string,count:bigint>>, median double, "
    "distinct_count bigint, percent_nan double, percent_null double, percent_zeros double, percent_distinct double"
)
_KEPT: Final = (
    "window struct<start:timestamp,end:timestamp>, log_type string, logging_table_commit_version int, "
    "monitor_version bigint, granularity string, window_index bigint, slice_key string, slice_value string, "
    "model_id string, column_name string, data_type string"
)


def profiles(
    states: DataFrame, quality: DataFrame | None, edges: Mapping[str, NDArray[np.float64]], monitor: Monitor
) -> DataFrame:
    """Return a row of ``…_profile_metrics`` per row of ``…_histograms``; quality goes to the ``:table`` rows.

    No action; a shuffle of the `quality` rows at most.
    """
    from pyspark.sql import functions as F

    schema = parsed(f"{_KEPT}, {_PLAIN}")
    out = arrow_schema(schema)
    kept = [name for name in schema.names if name in states.columns]

    def profile(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for batch in batches:
            rows = []
            for row in rows_of([batch]):
                of = edges.get(row["column_name"], np.zeros(1))
                rows.append({name: row[name] for name in kept} | profile_row(state_of(row), row["column_kind"], of))
            yield pa.RecordBatch.from_pylist(rows, schema=out)

    found = states.mapInArrow(profile, schema)
    if quality is not None:
        metrics = [name for name in quality.columns if name not in CELL]
        table = found.alias("found")
        condition = same_cell(found, quality) & (found["column_name"] == F.lit(":table"))
        found = table.join(quality, condition, "left").select("found.*", *[quality[name] for name in metrics])
    wanted = profile_schema(monitor.model_id_col)
    there = set(found.columns) | {monitor.model_id_col}
    missing = {f.name: F.lit(None).cast(f.dataType) for f in wanted if f.name not in there}
    assert set(missing) <= {*CLASSIFICATION, *REGRESSION}
    found = found.withColumns(missing)
    if monitor.model_id_col:
        found = found.withColumnRenamed("model_id", monitor.model_id_col)
    return found.select(*[F.col("`" + name.replace("`", "``") + "`") for name in wanted.names])


def profile_row(state: ColumnState, kind: str, edges: NDArray[np.float64]) -> dict[str, Any]:
    """Return the profile's plain columns of one state.

    `avg` and `stddev` (of the sample, n - 1) are over finite values, NULL where there are none; `quantiles` and `median`
    over all values but NaN; percentages are of all rows, nulls among them. `frequent_items` has the 100 most frequent
    values, ties in ascending order; it is NULL for numbers with over 1,024 different values. Exact up to 1,024
    different numbers and 4,096 different strings per window; past that, quantiles are those of the histogram,
    `distinct_count` is estimated, and items are those of a hashed sample of the values.
    """
    rows = state.count + state.num_nulls
    row: dict[str, Any] = {"count": state.count, "num_nulls": state.num_nulls}
    if kind == "table":
        return row | {"num_nulls": None, "non_null_columns": sorted(state.values) if state.values is not None else []}
    row["percent_null"] = _percent(state.num_nulls, rows)
    if kind in ("number", "string", "time"):
        row |= {"distinct_count": state.distinct, "percent_distinct": _percent(state.distinct, rows)}
        if state.values is not None:
            row["frequent_items"] = _items(state, kind)
    if kind in ("number", "time"):
        values, counts = state.sample(edges)
        row |= {"min": state.minimum, "max": state.maximum}
        if len(values):
            row["median"] = float(quantiles(values, counts, 0.5))
    if kind == "number":
        row |= {
            "avg": state.mean if state.total else None,
            "stddev": float(np.sqrt(state.m2 / (state.total - 1))) if state.total > 1 else None,
            "quantiles": quantiles(values, counts, _QUANTILES) if len(values) else None,
            "num_zeros": state.num_zeros,
            "percent_zeros": _percent(state.num_zeros, rows),
            "num_nan": state.num_nan,
            "percent_nan": _percent(state.num_nan, rows),
        }
    if state.sum_length is not None and state.count:
        row |= {"min_length": float(state.min_length or 0), "max_length": float(state.max_length or 0)}
        row["avg_length"] = state.sum_length / state.count
    return row


def as_text(number: float) -> str:
    """Return a number as an item or a class: whole ones without a fraction.

    Examples
    --------
    >>> as_text(1.0), as_text(0.1), as_text(float("inf"))
    ('1', '0.1', 'inf')
    """
    return str(int(number)) if np.isfinite(number) and number == int(number) else repr(float(number))


def _items(state: ColumnState, kind: str) -> list[dict[str, Any]]:
    assert state.values is not None
    top = np.lexsort((np.arange(len(state.counts)), -state.counts))[:_MOST_ITEMS]
    names = state.values[top] if kind == "string" else map(as_text, state.values[top])
    return [{"item": name, "count": int(count)} for name, count in zip(names, state.counts[top], strict=True)]


def _percent(part: int, rows: int) -> float | None:
    return 100.0 * part / rows if rows else None
