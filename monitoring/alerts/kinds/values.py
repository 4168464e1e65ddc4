"""Values that no window of the past had in such shares: KS distance of numbers, total variation of categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from headwater.monitoring import distances
from headwater.monitoring.alerts.kinds.kind import Change, Column
from headwater.monitoring.metrics.drift import as_categories
from headwater.monitoring.states.column_state import kept_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headwater.monitoring.states.column_state import ColumnState

__all__ = ["KIND"]


_POINTS = 512
"""The distance is measured at about so many points, evenly over the different values or bins: within some 0.002 of exact."""


class _Values:
    name, concerns = "values", "drift"

    def fits(self, column: Column) -> bool:
        return column.kind in ("number", "string", "class")

    def change(self, column: Column, window: ColumnState, past: Sequence[ColumnState]) -> Change | None:
        if column.kind == "number":
            return _numbers(column, window, past)
        return _categories(window, past)


def _numbers(column: Column, window: ColumnState, past: Sequence[ColumnState]) -> Change | None:
    filled = [state for state in past if state.count > state.num_nan]
    if window.count == window.num_nan or not filled:
        return None
    samples = [
        _sample(column, state, exact=all(s.bins is None for s in (window, *filled))) for state in (window, *filled)
    ]
    points = np.unique(np.concatenate([values for values, _ in samples]))
    points = points[:: max(1, len(points) // _POINTS)]
    below = [np.r_[0, np.cumsum(counts)][np.searchsorted(values, points, side="right")] for values, counts in samples]
    totals = [int(counts.sum()) for _, counts in samples]
    first, *others = [part / total for part, total in zip(below, totals, strict=True)]
    statistics = [float(np.abs(first - other).max()) for other in others]
    at = int(np.argmin(statistics))
    rows, past_rows = totals[0], totals[at + 1]
    words = f"mean {window.mean:.3g}, in the nearest past window {filled[at].mean:.3g}"
    return Change(statistics[at], distances.ks_pvalue(statistics[at], rows, past_rows), words)


def _sample(column: Column, state: ColumnState, *, exact: bool) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    if exact:
        return state.sample(column.edges)
    bins, counts = state.binned(column.edges)
    return bins.astype(float), counts


def _categories(window: ColumnState, past: Sequence[ColumnState]) -> Change | None:
    now = as_categories(window)
    if now is None:
        return None
    aligned = [kept_values(now, other) for state in past if (other := as_categories(state)) is not None]
    pairs = [pair for pair in aligned if pair[1].sum() and pair[2].sum()]
    if not pairs:
        return None
    names, counts, others, pooled = min(pairs, key=lambda pair: distances.tv_distance(pair[1], pair[2]))
    shares, other_shares = counts / counts.sum(), others / others.sum()
    at = int(abs(shares - other_shares).argmax())
    named = "the rest" if pooled and at == len(names) else str(names[at])
    words = f"share of {named} {shares[at]:.1%}, in the nearest past window {other_shares[at]:.1%}"
    return Change(distances.tv_distance(counts, others), distances.chi_squared(counts, others)[1], words)


KIND = _Values()
