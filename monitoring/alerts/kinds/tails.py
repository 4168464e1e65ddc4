"""Numbers beyond the past: under the lowest 0.1 % quantile of its windows, or over their highest 99.9 % quantile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from headwater.monitoring import distances
from headwater.monitoring.alerts.kinds.kind import Change, Column, shares_differ

if TYPE_CHECKING:
    from headwater.monitoring.states.column_state import ColumnState

__all__ = ["KIND"]

_SHARE = 0.001


class _Tails:
    name, concerns = "tails", "drift"

    def fits(self, column: Column) -> bool:
        return column.kind == "number"

    def change(self, column: Column, window: ColumnState, past: Sequence[ColumnState]) -> Change | None:
        known = [state for state in past if state.count > state.num_nan]
        if not known or window.count == window.num_nan:
            return None
        cuts = [distances.quantiles(*state.sample(column.edges), [_SHARE, 1 - _SHARE]) for state in known]
        low, high = min(cut[0] for cut in cuts), max(cut[1] for cut in cuts)
        shares = [_outside(column, state, low, high) for state in (window, *known)]
        (part, rows), others = shares[0], shares[1:]
        near, of = min(others, key=lambda other: abs(other[0] / other[1] - part / rows))
        words = f"{part / rows:.1%} lie outside {low:.3g} to {high:.3g}, the range of the past"
        return Change(max(0.0, part / rows - near / of), shares_differ(part, rows, near, of), words)


def _outside(column: Column, state: ColumnState, low: float, high: float) -> tuple[int, int]:
    values, counts = state.sample(column.edges)
    out = np.asarray(counts)[(values < low) | (values > high)]
    return int(out.sum()), int(np.asarray(counts).sum())


KIND = _Tails()
