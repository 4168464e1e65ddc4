"""Drift rows from pairs of column states: how a column changed since the previous window, or since the baseline.

Distances are over the values that are there: nulls, and with numbers NaN, are a drift of their own (`percent_null_delta`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from headwater.monitoring import distances as statistics
from headwater.monitoring.metrics.profile import as_text
from headwater.monitoring.states.column_state import ColumnState, kept_values, upper_edges
from headwater.monitoring.states.state_rows import state_of
from headwater.monitoring.tables.schemas import drift_schema, renamed

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame

    from headwater.monitoring.definitions.monitor import Monitor
    from headwater.monitoring.states.stored_states import States

__all__ = ["as_categories", "drift_row", "drifts"]


def drifts(
    pairs: States, edges: Mapping[str, NDArray[np.float64]], monitor: Monitor, *, compared: bool = False
) -> DataFrame:
    """Return a row of ``…_drift_metrics`` per pair of states; with `compared` also the model of the other, ``cmp_model_id``."""
    wanted = drift_schema(monitor.model_id_col)
    if compared:
        wanted = wanted.add("cmp_model_id", "string")
    schema = renamed(wanted, monitor.model_id_col, "model_id")
    log = monitor.inference
    classes = {log.prediction_col, log.label_col} if log and log.problem_type == "classification" else set()
    names = tuple(schema.names)

    def compare(row: dict[str, Any]) -> dict[str, Any]:
        name = row["column_name"]
        kind = "class" if name in classes else _common_kind(row["column_kind"], row["cmp_column_kind"])
        kept = {c: row[c] for c in names if c in row}
        kept["window_cmp"] = row["cmp_window"] if row["drift_type"] == "CONSECUTIVE" else None
        return kept | drift_row(state_of(row), state_of(row, "cmp_"), kind, edges.get(name, np.zeros(1)))

    return pairs.derived(compare, schema).toDF(*wanted.names)


def _common_kind(kind: str, other: str) -> str:
    """Return as what two states are compared: as classes or by counts alone where the column's type changed between them."""
    if kind == other:
        return kind
    return "class" if {kind, other} == {"number", "string"} else "other"


def drift_row(state: ColumnState, other: ColumnState, kind: str, edges: NDArray[np.float64]) -> dict[str, Any]:
    """Return the deltas (state - other) and distances; a distance is NULL where one side has no value.

    `kind` is that of the column, or ``class`` for the prediction and the label of a classifier, which are categories
    even if they are numbers, and for a column that has numbers on one side and text on the other.
    """
    if kind == "table":
        names, others = _names(state), _names(other)
        changed = {"added": len(names - others), "missing": len(others - names)}
        return {"count_delta": state.count - other.count, "non_null_columns_delta": changed}
    row: dict[str, Any] = {
        "count_delta": state.count - other.count,
        "percent_null_delta": _delta(_share(state.num_nulls, state), _share(other.num_nulls, other)),
    }
    if kind in ("number", "string", "time", "class"):
        row["percent_distinct_delta"] = _delta(_share(state.distinct, state), _share(other.distinct, other))
    if kind in ("number", "class") and not (_is_text(state) or _is_text(other)):
        row["avg_delta"] = _delta(state.mean if state.total else None, other.mean if other.total else None)
        row["percent_zeros_delta"] = _delta(_share(state.num_zeros, state), _share(other.num_zeros, other))
    if kind == "number":
        row |= _numeric(state, other, edges)
    if kind in ("string", "class"):
        row |= _categorical(as_categories(state), as_categories(other))
    return row


def _numeric(state: ColumnState, other: ColumnState, edges: NDArray[np.float64]) -> dict[str, Any]:
    if state.count == state.num_nan or other.count == other.num_nan:
        return {}
    if state.bins is None and other.bins is None:
        samples = (*state.sample(edges), *other.sample(edges))
        points = samples
    else:
        (bins, counts), (others, other_counts) = state.binned(edges), other.binned(edges)
        samples = (bins.astype(float), counts, others.astype(float), other_counts)
        points = (upper_edges(bins, edges), counts, upper_edges(others, edges), other_counts)
    statistic, pvalue = statistics.kolmogorov_smirnov(*samples)
    finite = np.isfinite(points[0]), np.isfinite(points[2])
    row: dict[str, Any] = {
        "ks_test": {"statistic": statistic, "pvalue": pvalue},
        "population_stability_index": statistics.population_stability_index(*samples),
    }
    if finite[0].any() and finite[1].any():
        row["wasserstein_distance"] = statistics.wasserstein(
            points[0][finite[0]], points[1][finite[0]], points[2][finite[1]], points[3][finite[1]]
        )
    return row


def _categorical(state: ColumnState | None, other: ColumnState | None) -> dict[str, Any]:
    if state is None or other is None:
        return {}
    _, counts, others, _ = kept_values(state, other)
    if not counts.sum() or not others.sum():
        return {}
    statistic, pvalue = statistics.chi_squared(counts, others)
    return {
        "js_distance": statistics.js_distance(counts, others),
        "chi_squared_test": {"statistic": statistic, "pvalue": pvalue},
        "tv_distance": statistics.tv_distance(counts, others),
        "l_infinity_distance": statistics.l_infinity_distance(counts, others),
    }


def as_categories(state: ColumnState) -> ColumnState | None:
    """Return the state with its numbers as text; None if there were too many to know them one by one."""
    if state.bins is not None or state.values is None:
        return None
    if _is_text(state):
        return state
    names = np.array([*map(as_text, state.values), None], dtype=object)[:-1]
    return ColumnState(count=int(state.counts.sum()), values=names, counts=state.counts)


def _is_text(state: ColumnState) -> bool:
    return state.values is not None and state.values.dtype == object


def _names(state: ColumnState) -> set[str]:
    return set() if state.values is None else set(state.values)


def _share(part: int, state: ColumnState) -> float | None:
    rows = state.count + state.num_nulls
    return 100.0 * part / rows if rows else None


def _delta(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other
