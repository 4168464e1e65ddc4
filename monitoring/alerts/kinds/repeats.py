"""Values that repeat more than in the past: a source that does not come in any more gives its last values again and again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.monitoring.alerts.kinds.kind import Change, Column

if TYPE_CHECKING:
    from headwater.monitoring.states.column_state import ColumnState

__all__ = ["KIND"]

_MOST = 1_000
"""So many equally frequent values are as good as all different: past them a window of a few hundred rows says nothing."""


@dataclass(frozen=True)
class _Repeats:
    """The chance that two rows have one value (Simpson's index, without bias, so that it does not hang on the number of rows)."""

    chance: float
    error: float

    @property
    def values(self) -> float:
        """How many equally frequent values repeat so."""
        return 1 / self.chance


class _Repetition:
    name, concerns = "repeats", "data"

    def fits(self, column: Column) -> bool:
        return column.kind == "number"

    def scale(self, _: Column, __: Sequence[ColumnState]) -> None:
        return None

    def summary(self, column: Column, state: ColumnState, _: None) -> _Repeats | None:
        """Return the chance, with its standard error (Simpson 1949); numbers that are kept in bins alone count as their bins."""
        counts = state.sample(column.edges)[1]
        rows = float(counts.sum())
        if rows < 2:
            return None
        shares = counts / rows
        square, cube = float((shares**2).sum()), float((shares**3).sum())
        chance = max((square * rows - 1) / (rows - 1), 1 / _MOST)
        variance = 4 * (cube - square**2) / rows + 2 * square / rows**2
        return _Repeats(chance, math.sqrt(max(variance, 0.0)))

    def change(self, now: _Repeats, past: Sequence[_Repeats]) -> Change:
        nearest = min(past, key=lambda other: abs(math.log(other.chance / now.chance)))
        error = math.hypot(now.error, nearest.error)
        rise = now.chance - nearest.chance
        pvalue = 1.0 if rise <= 0 else 0.5 * math.erfc(rise / error / math.sqrt(2)) if error else 0.0
        words = (
            f"values repeat as if there were {now.values:.3g} of them, in the nearest past window {nearest.values:.3g}: look "
            "whether new ones come in"
        )
        return Change(max(0.0, 1 - now.values / nearest.values), pvalue, words)


KIND = _Repetition()
