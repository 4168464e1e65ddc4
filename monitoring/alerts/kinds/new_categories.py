"""Categories that no window of the past had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from headwater.monitoring.alerts.kinds.kind import Change, Column, shares_differ
from headwater.monitoring.metrics.drift import as_categories

if TYPE_CHECKING:
    from headwater.monitoring.states.column_state import ColumnState

__all__ = ["KIND"]


class _NewCategories:
    name, concerns = "new categories", "data"

    def fits(self, column: Column) -> bool:
        return column.kind in ("string", "class")

    def change(self, _: Column, window: ColumnState, past: Sequence[ColumnState]) -> Change | None:
        """Columns of so many values that not all are kept have none: a value not kept is not a new one."""
        now = as_categories(window)
        before = [found for state in past if (found := as_categories(state)) is not None and found.count]
        if now is None or not now.count or not before or len(now.hashes) or any(len(state.hashes) for state in before):
            return None
        names = [np.empty(0, dtype=object) if s.values is None else s.values.astype(str) for s in (now, *before)]
        is_new = ~np.isin(names[0], np.concatenate(names[1:]))
        rows, of = int(now.counts[is_new].sum()), sum(state.count for state in before)
        order = np.argsort(-now.counts[is_new], kind="stable")
        told = ", ".join(names[0][is_new][order][:3])
        words = f"{rows / now.count:.1%} of the rows have values never seen before: {told}" if rows else "no new value"
        return Change(rows / now.count, shares_differ(rows, now.count, 0, of) if rows else 1.0, words)


KIND = _NewCategories()
