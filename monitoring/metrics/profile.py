"""Profile rows from column states: what one column looked like in one window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from headwater.monitoring.distances import quantiles
from headwater.monitoring.metrics.quality import CLASSIFICATION, REGRESSION
from headwater.monitoring.states.state_rows import state_of
from headwater.monitoring.tables.schemas import profile_schema, renamed

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame

    from headwater.monitoring.definitions.monitor import Monitor
    from headwater.monitoring.states.column_state import ColumnState
    from headwater.monitoring.states.stored_states import States

__all__ = ["profile_row", "profiles"]

_QUANTILES: Final = np.linspace(0, 1, 1000)
_MOST_ITEMS: Final = 100
_KEPT: Final = (
    "window", "log_type", "logging_table_commit_version", "monitor_version", "granularity", "slice_key", "slice_value",
    "model_id", "column_name", "data_type", "window_index", *CLASSIFICATION, *REGRESSION,
)  # fmt: skip


def profiles(
    states: States,
    quality: DataFrame | None,
    edges: Mapping[str, NDArray[np.float64]],
    monitor: Monitor,
    *,
    indexed: bool = False,
) -> DataFrame:
    """Return a row of ``…_profile_metrics`` per row of ``…_histograms``; quality goes to the ``:table`` rows.

    With `indexed` the rows have the index of their window too, as ``window_index``.
    """
    wanted = profile_schema(monitor.model_id_col)
    if indexed:
        wanted = wanted.add("window_index", "long")

    def profile(row: dict[str, Any]) -> dict[str, Any]:
        of = edges.get(row["column_name"], np.zeros(1))
        return {name: row.get(name) for name in _KEPT} | profile_row(state_of(row), row["column_kind"], of)

    if quality is not None:
        states = states.with_metrics(quality)
    return states.derived(profile, renamed(wanted, monitor.model_id_col, "model_id")).toDF(*wanted.names)


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
