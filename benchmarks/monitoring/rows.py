"""The tables that are compared: 15 columns of numbers and 5 of categories, of which 4 and 2 differ in the window."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

__all__ = ["CHANGED", "rows"]

CHANGED = ("c3", "c4", "n11", "n12", "n13", "n14")
_CATEGORIES = (3, 10, 50, 500, 2_000)


def rows(count: int, *, changed: bool) -> pa.Table:
    """Return the baseline's rows, or the window's, in which the columns of `CHANGED` have drifted."""
    drawn = np.random.default_rng([int(changed), count])
    numbers = {f"n{i}": drawn.normal(size=count) for i in range(9)}
    numbers |= {"n9": drawn.integers(0, 500, count).astype(float), "n10": drawn.exponential(10, count).round(2)}
    shift = 0.1 if changed else 0.0
    numbers |= {
        "n11": drawn.normal(shift, 1, count),
        "n12": drawn.normal(0, 1 + shift, count),
        "n13": drawn.gamma(2 + shift, 3, count),
        "n14": drawn.normal(size=count) + shift * (drawn.random(count) < 0.5) * 3,
    }
    numbers["n2"][drawn.random(count) < 0.05] = np.nan
    columns = {name: pa.array(values, from_pandas=True) for name, values in numbers.items()}
    for i, different in enumerate(_CATEGORIES):
        shares = 1 / np.arange(1, different + 1)
        if changed and f"c{i}" in CHANGED:
            shares[: different // 2] *= 1.15
        codes = drawn.choice(different, count, p=shares / shares.sum())
        columns[f"c{i}"] = pa.array([f"v{k}" for k in range(different)]).take(pa.array(codes))
    return pa.table(columns)
