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

    def scale(self, _: Column, __: Sequence[ColumnState]) -> None:
        return None

    def summary(self, _: Column, state: ColumnState, __: None) -> tuple[int, int] | None:
        """Return the number of rows without a value, and of all."""
        rows = state.count + state.num_nulls
        return (state.num_nulls + state.num_nan, rows) if rows else None

    def change(self, now: tuple[int, int], past: Sequence[tuple[int, int]]) -> Change:
        empty, rows = now
        part, of = min(past, key=lambda other: abs(other[0] / other[1] - empty / rows))
        words = f"{empty / rows:.1%} have no value, in the nearest past window {part / of:.1%}"
        return Change(abs(empty / rows - part / of), shares_differ(empty, rows, part, of), words)


KIND = _Nulls()
