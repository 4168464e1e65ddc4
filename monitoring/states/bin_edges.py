"""Bin edges of numeric columns: learnt once, from the first rows in which a column varies, then fixed for ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from headwater.monitoring.states.column_state import BODY_EDGES, bin_edges

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame

    from headwater.monitoring.states.columns import ProfiledColumn

__all__ = ["edges_of", "learn_edges"]

_ACCURACY = 10_000


def learn_edges(
    rows: DataFrame, columns: Sequence[ProfiledColumn], wanted: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Return at most 4,096 edges for each wanted numeric column of the prepared rows: their quantiles, and tails beyond.

    A column without two different values has none: nothing is known of its spread. One aggregation;
    NULL, NaN and infinite values are left out. Spark's approximate percentiles may come out a little
    different if learnt again, which is why the caller stores them before it uses them.
    """
    from pyspark.sql import functions as F

    probabilities = " ".join(f"{i / (BODY_EDGES - 1):.8f}" for i in range(BODY_EDGES))
    at = F.split(F.lit(probabilities), " ").cast("array<double>")
    numeric = [
        (i, about) for i, about in enumerate(columns) if about.kind in ("number", "time") and about.name in wanted
    ]
    if not numeric:
        return {}
    sums = []
    for i, _ in numeric:
        value = F.col(f"c{i}")
        finite = F.when(F.abs(value) < float("inf"), value)
        sums.append(F.percentile_approx(finite, at, _ACCURACY).alias(f"c{i}"))
    found = rows.agg(*sums).toArrow().to_pydict()
    quantiles = {about.name: np.array(found[f"c{i}"][0] or [], dtype=float) for i, about in numeric}
    return {name: bin_edges(values) for name, values in quantiles.items() if len(np.unique(values)) > 1}


def edges_of(numbers: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the same edges of a column's finite numbers, from their exact quantiles; None if they do not differ."""
    if len(numbers) == 0:
        return None
    ordered = np.sort(numbers)
    if ordered[0] == ordered[-1]:
        return None
    ranks = np.ceil(np.linspace(0, 1, BODY_EDGES) * len(ordered)).astype(np.int64) - 1
    return bin_edges(ordered[np.clip(ranks, 0, None)])
