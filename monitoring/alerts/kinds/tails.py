"""Numbers beyond the past: under the lowest 0.1 % quantile of its windows, or over their highest 99.9 % quantile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headwater.monitoring import distances
from headwater.monitoring.alerts.kinds.kind import Change, Column, shares_differ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headwater.monitoring.states.column_state import ColumnState

__all__ = ["KIND"]

_SHARE = 0.001


@dataclass(frozen=True)
class _Spread:
    """Ascending numbers, the rows before each of them and in all, and the quantiles 0.1 % and 99.9 %."""

    values: NDArray[np.float64]
    before: NDArray[np.int64]
    low: float
    high: float

    @property
    def rows(self) -> int:
        """All rows with a number."""
        return int(self.before[-1])

    def outside(self, low: float, high: float) -> int:
        """Return the rows below `low` or above `high`."""
        first, last = np.searchsorted(self.values, low), np.searchsorted(self.values, high, side="right")
        return int(self.before[first] + self.before[-1] - self.before[last])


class _Tails:
    name, concerns = "tails", "drift"

    def fits(self, column: Column) -> bool:
        return column.kind == "number"

    def scale(self, _: Column, __: Sequence[ColumnState]) -> None:
        return None

    def summary(self, column: Column, state: ColumnState, _: None) -> _Spread | None:
        if state.count == state.num_nan:
            return None
        values, counts = state.sample(column.edges)
        low, high = distances.quantiles(values, counts, [_SHARE, 1 - _SHARE])
        return _Spread(values, np.r_[0, np.cumsum(counts)], float(low), float(high))

    def change(self, now: _Spread, past: Sequence[_Spread]) -> Change:
        low, high = min(other.low for other in past), max(other.high for other in past)
        part, rows = now.outside(low, high), now.rows
        shares = [(other.outside(low, high), other.rows) for other in past]
        near, of = min(shares, key=lambda other: abs(other[0] / other[1] - part / rows))
        words = f"{part / rows:.1%} lie outside {low:.3g} to {high:.3g}, the range of the past"
        return Change(max(0.0, part / rows - near / of), shares_differ(part, rows, near, of), words)


KIND = _Tails()
