"""Groups of inputs that say the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.training.models.families import Columns

__all__ = ["redundant_groups", "similarity"]


def similarity(inputs: pd.DataFrame, columns: Columns, *, rows: int = 20_000, seed: int = 0) -> pd.DataFrame:
    """Return how alike each two inputs are, from 0 to 1, as a table of inputs by inputs.

    Two numbers: the absolute rank correlation (Spearman, 1904) of the rows that have both. Two strings: Cramér's V (1946) with
    Bergsma's correction (2013), a missing value being a value. A number and a string: 0, they are not compared. An input that is
    constant is like no other.

    Parameters
    ----------
    rows
        At most so many rows are looked at, drawn by the seed.
    """
    if len(inputs) > rows:
        inputs = inputs.iloc[np.sort(np.random.default_rng(seed).choice(len(inputs), rows, replace=False))]
    names = columns.all
    found = pd.DataFrame(np.eye(len(names)), index=names, columns=names)
    numbers, strings = list(columns.numeric), list(columns.strings)
    if len(numbers) > 1:
        found.loc[numbers, numbers] = (
            inputs[numbers].corr(method="spearman", min_periods=30).abs().fillna(0.0).to_numpy()
        )
    for place, one in enumerate(strings):
        for other in strings[place + 1 :]:
            found.loc[one, other] = found.loc[other, one] = _cramers_v(inputs[one], inputs[other])
    np.fill_diagonal(matrix := found.to_numpy(copy=True), 1.0)
    return pd.DataFrame(matrix, index=names, columns=names)


def redundant_groups(alike: pd.DataFrame, least: float) -> list[list[str]]:
    """Return the inputs in groups; those of a group are on average at least `least` alike.

    Average linkage of the distances 1 less the similarity, cut at 1 less `least`.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    names = [str(name) for name in alike.columns]
    if len(names) < 2:
        return [[name] for name in names]
    distances: NDArray[np.float64] = np.clip(1 - alike.to_numpy(), 0, 1)
    np.fill_diagonal(distances, 0.0)
    labels = fcluster(linkage(squareform(distances, checks=False), "average"), 1 - least, "distance")
    groups: dict[int, list[str]] = {}
    for name, label in zip(names, labels.tolist(), strict=True):
        groups.setdefault(label, []).append(name)
    return sorted(groups.values(), key=lambda group: names.index(group[0]))


def _cramers_v(one: pd.Series, other: pd.Series) -> float:
    from scipy.stats import chi2_contingency

    counts = pd.crosstab(one.fillna("<missing>"), other.fillna("<missing>")).to_numpy()
    rows, (r, k) = counts.sum(), counts.shape
    if min(r, k) < 2:
        return 0.0
    phi = chi2_contingency(counts, correction=False).statistic / rows
    corrected = max(0.0, phi - (k - 1) * (r - 1) / (rows - 1))
    size = min(k - (k - 1) ** 2 / (rows - 1), r - (r - 1) ** 2 / (rows - 1)) - 1
    return float(np.sqrt(corrected / size)) if size > 0 else 0.0
