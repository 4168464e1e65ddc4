"""Values that no window of the past had in such shares: KS distance of numbers, total variation of categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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


@dataclass(frozen=True)
class _Grid:
    """Points at which shares are taken: values of the past, between which it has none, and edges of bins."""

    values: NDArray[np.float64]
    edges: NDArray[np.float64]


@dataclass(frozen=True)
class _Shares:
    """Shares of rows up to the points of the grid; those by values are None of a window that is kept in bins alone."""

    by_value: NDArray[np.float64] | None
    by_edge: NDArray[np.float64]
    rows: int
    mean: float


class _Values:
    name, concerns = "values", "drift"

    def fits(self, column: Column) -> bool:
        return column.kind in ("number", "string", "class")

    def scale(self, column: Column, past: Sequence[ColumnState]) -> _Grid | None:
        if column.kind != "number":
            return None
        known = [state.values for state in past if state.values is not None]
        values = np.unique(np.concatenate(known)) if known else np.empty(0)
        return _Grid(_thinned(values), _thinned(column.edges))

    def summary(self, column: Column, state: ColumnState, scale: _Grid | None) -> _Shares | ColumnState | None:
        if scale is None:
            found = as_categories(state)
            return found if found is not None and found.count else None
        if state.count == state.num_nan:
            return None
        values, counts = state.sample(column.edges)
        below = np.r_[0, np.cumsum(counts)] / counts.sum()
        # The past is constant between its values, so that the distance is greatest at one, or just before it.
        sides = [below[np.searchsorted(values, scale.values, side=side)] for side in ("left", "right")]
        by_edge = below[np.searchsorted(values, scale.edges, side="right")]
        return _Shares(None if state.values is None else np.concatenate(sides), by_edge, int(counts.sum()), state.mean)

    def change(self, now: _Shares | ColumnState, past: Sequence[Any]) -> Change | None:
        return _numbers(now, past) if isinstance(now, _Shares) else _categories(now, past)


def _thinned(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points[:: max(1, len(points) // _POINTS)]


def _numbers(now: _Shares, past: Sequence[_Shares]) -> Change:
    by_value = [one.by_value for one in (now, *past) if one.by_value is not None]
    shares = np.stack(by_value if len(by_value) == 1 + len(past) else [one.by_edge for one in (now, *past)])
    statistics = np.abs(shares[1:] - shares[0]).max(axis=1)
    nearest = past[int(statistics.argmin())]
    statistic = float(statistics.min())
    words = f"mean {now.mean:.3g}, in the nearest past window {nearest.mean:.3g}"
    return Change(statistic, distances.ks_pvalue(statistic, now.rows, nearest.rows), words)


def _categories(now: ColumnState, past: Sequence[ColumnState]) -> Change:
    pairs = [kept_values(now, other) for other in past]
    apart = [distances.tv_distance(counts, others) for _, counts, others, _ in pairs]
    names, counts, others, pooled = pairs[int(np.argmin(apart))]
    shares, other_shares = counts / counts.sum(), others / others.sum()
    at = int(abs(shares - other_shares).argmax())
    named = "the rest" if pooled and at == len(names) else str(names[at])
    words = f"share of {named} {shares[at]:.1%}, in the nearest past window {other_shares[at]:.1%}"
    return Change(min(apart), distances.chi_squared(counts, others)[1], words)


KIND = _Values()
