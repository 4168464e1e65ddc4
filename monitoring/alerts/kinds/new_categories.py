"""Categories that no window of the past had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.monitoring.alerts.kinds.kind import Change, Column, shares_differ
from headwater.monitoring.metrics.drift import as_categories

if TYPE_CHECKING:
    from headwater.monitoring.states.column_state import ColumnState

__all__ = ["KIND"]


@dataclass(frozen=True)
class _Categories:
    """Rows by value, of all rows with a value, and whether all values are kept."""

    counts: Mapping[str, int]
    rows: int
    all_kept: bool


class _NewCategories:
    name, concerns = "new categories", "data"

    def fits(self, column: Column) -> bool:
        return column.kind in ("string", "class")

    def scale(self, _: Column, __: Sequence[ColumnState]) -> None:
        return None

    def summary(self, _: Column, state: ColumnState, __: None) -> _Categories | None:
        found = as_categories(state)
        if found is None or not found.count:
            return None
        values = [] if found.values is None else found.values.astype(str).tolist()
        return _Categories(dict(zip(values, found.counts.tolist(), strict=True)), found.count, not len(found.hashes))

    def change(self, now: _Categories, past: Sequence[_Categories]) -> Change | None:
        """Columns of so many values that not all are kept have none: a value not kept is not a new one."""
        if not now.all_kept or not all(other.all_kept for other in past):
            return None
        seen = set().union(*(other.counts for other in past))
        new = {name: count for name, count in now.counts.items() if name not in seen}
        rows, of = sum(new.values()), sum(other.rows for other in past)
        told = ", ".join(sorted(new, key=lambda name: (-new[name], name))[:3])
        words = f"{rows / now.rows:.1%} of the rows have values never seen before: {told}" if rows else "no new value"
        return Change(rows / now.rows, shares_differ(rows, now.rows, 0, of) if rows else 1.0, words)


KIND = _NewCategories()
