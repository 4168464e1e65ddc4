"""What a kind of change is. A new kind is a new file in this folder that has a ``KIND``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headwater.monitoring.states.column_state import ColumnState

__all__ = ["Change", "Column", "Kind", "shares_differ"]


@dataclass(frozen=True)
class Column:
    """A column by its name, its kind (``number``, ``string``, ``time``, ``class``, ``other``) and its bin edges."""

    name: str
    kind: str
    edges: NDArray[np.float64]


@dataclass(frozen=True)
class Change:
    """How far a window lies from the past: the effect (0 is none), its p-value, and the change in words."""

    effect: float
    pvalue: float
    words: str


class Kind(Protocol):
    """A kind of change: a distance of a window from the nearest window of the past.

    Windows are compared by their summaries, each of which is made once, however many windows it is compared with.
    """

    name: str
    concerns: str  # "drift" or "data", see Threshold

    def fits(self, column: Column) -> bool:
        """Say whether columns of this kind have such changes."""
        ...

    def scale(self, column: Column, past: Sequence[ColumnState]) -> Any:
        """Return what all summaries of the column are made against; None where they need nothing."""
        ...

    def summary(self, column: Column, state: ColumnState, scale: Any) -> Any | None:
        """Return what is compared of a window; None if it has no rows to compare."""
        ...

    def change(self, now: Any, past: Sequence[Any]) -> Change | None:
        """Return how far a window lies from the nearest of the past ones, of which there is at least one, by their summaries."""
        ...


def shares_differ(part: int, rows: int, other_part: int, other_rows: int) -> float:
    """Return the p-value of two shares being one: chi-squared without correction, Fisher's exact test of small counts.

    Examples
    --------
    >>> round(shares_differ(10, 100, 30, 100), 6)
    0.000407
    >>> shares_differ(20, 400, 0, 4800) < 1e-20
    True
    """
    from scipy.stats import fisher_exact

    from headwater.monitoring.distances import SMALLEST_EXPECTED, chi_squared

    both = part + other_part
    smallest = min(both, rows + other_rows - both) * min(rows, other_rows) / (rows + other_rows)
    if smallest >= SMALLEST_EXPECTED:
        return chi_squared([part, rows - part], [other_part, other_rows - other_part])[1]
    return float(fisher_exact([[part, rows - part], [other_part, other_rows - other_part]]).pvalue)
