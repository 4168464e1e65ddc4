"""A share of rows without a value that no window of the past had; NaN counts as none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.monitoring.alerts.kinds.kind import Change, Column, shares_differ

if TYPE_CHECKING:
    from headwater.monitoring.states.column_state import ColumnState

__all__ = ["KIND"]


class _Nulls:
    name, concerns = "nulls", "data"

    def fits(self, column: Column) -> bool:
        return column.kind != "table"

    def change(self, _: Column, window: ColumnState, past: Sequence[ColumnState]) -> Change | None:
        empty, rows = _empty(window)
        others = [_empty(state) for state in past]
        others = [(part, of) for part, of in others if of]
        if not rows or not others:
            return None
        part, of = min(others, key=lambda other: abs(other[0] / other[1] - empty / rows))
        words = f"{empty / rows:.1%} have no value, in the nearest past window {part / of:.1%}"
        return Change(abs(empty / rows - part / of), shares_differ(empty, rows, part, of), words)


def _empty(state: ColumnState) -> tuple[int, int]:
    return state.num_nulls + state.num_nan, state.count + state.num_nulls


KIND = _Nulls()
