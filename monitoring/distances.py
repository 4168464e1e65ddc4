"""Two-sample statistics over weighted values: NumPy and SciPy, no Spark. What SciPy has in a weighted form is SciPy's.

A numeric sample is given as different values in ascending order and how often each occurs; a histogram is the same
thing with the bins' upper edges as values. Samples are never empty here; callers leave a statistic NULL if one is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "benjamini_hochberg",
    "chi_squared",
    "js_distance",
    "kolmogorov_smirnov",
    "l_infinity_distance",
    "population_stability_index",
    "quantiles",
    "tv_distance",
    "wasserstein",
    "weighted_unique",
]

SMALLEST_SHARE = 1e-4
"""PSI takes a smaller share of a bin as this one, so that an empty bin gives a large number and not infinity."""
SMALLEST_EXPECTED = 5.0
"""Chi-squared pools the categories that are expected less often than this in either sample."""


def weighted_unique(
    values: NDArray[np.generic], counts: NDArray[np.int64]
) -> tuple[NDArray[np.generic], NDArray[np.int64]]:
    """Return the different values in ascending order and the sum of the counts of each.

    Examples
    --------
    >>> values, counts = weighted_unique(np.array([2.0, 1.0, 2.0]), np.array([1, 1, 3]))
    >>> values.tolist(), counts.tolist()
    ([1.0, 2.0], [1, 4])
    """
    if len(values) == 0:
        return values, counts.astype(np.int64)
    order = np.argsort(values, kind="stable")
    values, counts = values[order], counts[order]
    firsts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    return values[firsts], np.add.reduceat(counts, firsts).astype(np.int64)


def quantiles(values: NDArray[np.float64], counts: NDArray[np.int64], at: ArrayLike) -> NDArray[np.float64]:
    """Return the quantiles `at` (0 to 1), linearly interpolated between neighbours as NumPy and pandas do.

    Examples
    --------
    >>> quantiles(np.array([1.0, 2.0, 10.0]), np.array([1, 1, 2]), [0.0, 0.5, 1.0]).tolist()
    [1.0, 6.0, 10.0]
    """
    ends = np.cumsum(counts)
    position = np.asarray(at, dtype=float) * (ends[-1] - 1)
    below = np.floor(position)
    low = values[np.searchsorted(ends, below, side="right")]
    high = values[np.searchsorted(ends, np.minimum(below + 1, ends[-1] - 1), side="right")]
    part = position - below
    with np.errstate(invalid="ignore"):
        between = low + (high - low) * part
    return np.asarray(np.where((part == 0) | (low == high), low, between), dtype=np.float64)


def kolmogorov_smirnov(
    values: NDArray[np.float64], counts: NDArray[np.int64], others: NDArray[np.float64], other_counts: NDArray[np.int64]
) -> tuple[float, float]:
    """Return the largest distance of the two distribution functions (0 to 1), and its p-value.

    The p-value is ``scipy.stats.kstwo.sf(D, round(n1 * n2 / (n1 + n2)))``, SciPy's ``ks_2samp`` with
    ``method="asymp"``.

    Examples
    --------
    >>> ones = np.ones(500, dtype=int)
    >>> statistic, pvalue = kolmogorov_smirnov(np.arange(500.0), ones, np.arange(500.0) + 50, ones)
    >>> statistic, round(pvalue, 9)
    (0.1, 0.012520345)
    """
    _, below, other_below = _cumulative(values, counts, others, other_counts)
    n, other_n = int(counts.sum()), int(other_counts.sum())
    statistic = float(np.abs(below * other_n - other_below * n).max() / n / other_n)
    return statistic, ks_pvalue(statistic, n, other_n)


def ks_pvalue(statistic: float, n: int, other_n: int) -> float:
    """Return how likely a KS distance of at least this is between two samples of one distribution.

    Examples
    --------
    >>> ks_pvalue(0.049, 941, 523)
    0.3829208808885818
    """
    from scipy.stats import kstwo

    rows = max(1, round(n * other_n / (n + other_n)))
    return float(np.clip(kstwo.sf(statistic, rows), 0.0, 1.0))


def wasserstein(
    values: NDArray[np.float64], counts: NDArray[np.int64], others: NDArray[np.float64], other_counts: NDArray[np.int64]
) -> float:
    """Return the earth mover's distance, in the unit of the values.

    Examples
    --------
    >>> wasserstein(np.array([0.0, 1.0, 3.0]), np.array([1, 1, 1]), np.array([5.0, 6.0, 8.0]), np.array([1, 1, 1]))
    5.0
    """
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance(values, others, counts, other_counts))


def population_stability_index(
    values: NDArray[np.float64], counts: NDArray[np.int64], others: NDArray[np.float64], other_counts: NDArray[np.int64]
) -> float:
    """Return the PSI over the ten bins that the deciles of the *other* sample (the comparison) cut.

    Under 0.1 is no change, under 0.2 a moderate one, from 0.2 a significant one. Bins are open below and closed above;
    deciles that coincide make fewer bins; of a comparison with one value only the bins are: up to it, above it.

    Examples
    --------
    >>> same = np.arange(100.0), np.ones(100, dtype=int)
    >>> population_stability_index(*same, *same)
    0.0
    """
    ends = np.cumsum(other_counts)
    ranks = -(-np.arange(1, 10) * ends[-1] // 10) - 1
    cuts = np.unique(others[np.searchsorted(ends, ranks, side="right")])
    if len(cuts) > 1 and cuts[-1] == others[-1]:
        cuts = cuts[:-1]
    bins = len(cuts) + 1
    share = np.bincount(np.searchsorted(cuts, values), weights=counts, minlength=bins) / counts.sum()
    other = np.bincount(np.searchsorted(cuts, others), weights=other_counts, minlength=bins) / ends[-1]
    share, other = np.maximum(share, SMALLEST_SHARE), np.maximum(other, SMALLEST_SHARE)
    return float(np.sum((share - other) * np.log(share / other)))


def chi_squared(
    counts: ArrayLike, others: ArrayLike, *, smallest_expected: float = SMALLEST_EXPECTED
) -> tuple[float, float]:
    """Return Pearson's statistic of the two-sample contingency table, and its p-value.

    Categories that are expected fewer than `smallest_expected` times in either sample are pooled into one, and that
    one, if still small, with the smallest of the rest. No continuity correction. One category only is no difference: 0 and 1.

    Examples
    --------
    >>> chi_squared([10, 10, 20], [20, 20, 20])
    (2.7777777777777777, 0.2493522087772962...)
    """
    from scipy.stats import chi2

    table = np.array([counts, others], dtype=float)
    totals = table.sum(axis=0)
    table, totals = table[:, totals > 0], totals[totals > 0]
    smaller = table.sum(axis=1).min() / table.sum()
    order = np.argsort(-totals, kind="stable")
    table, totals = table[:, order], totals[order]
    kept = int(np.sum(totals * smaller >= smallest_expected))
    if kept < len(totals):
        if totals[kept:].sum() * smaller < smallest_expected:
            kept = max(kept - 1, 0)
        table = np.column_stack([table[:, :kept], table[:, kept:].sum(axis=1)])
    if table.shape[1] < 2:
        return 0.0, 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    statistic = float(np.sum((table - expected) ** 2 / expected))
    return statistic, float(chi2.sf(statistic, table.shape[1] - 1))


def js_distance(counts: ArrayLike, others: ArrayLike) -> float:
    """Return the Jensen-Shannon distance with natural logarithms: 0 to sqrt(ln 2) = 0.8326, as SciPy's default base.

    Examples
    --------
    >>> round(js_distance([1, 0], [0.5, 0.5]), 15)
    0.464501404022459
    """
    from scipy.special import rel_entr  # jensenshannon itself gives NaN where rounding makes equal shares differ

    share, other = _shares(counts, others)
    middle = (share + other) / 2
    return float(np.sqrt(max(0.0, float(np.sum(rel_entr(share, middle) + rel_entr(other, middle))) / 2)))


def tv_distance(counts: ArrayLike, others: ArrayLike) -> float:
    """Return the total variation distance: the share of rows that would have to change category, 0 to 1.

    Examples
    --------
    >>> tv_distance([1, 3], [3, 1])
    0.5
    """
    share, other = _shares(counts, others)
    return float(np.abs(share - other).sum() / 2)


def l_infinity_distance(counts: ArrayLike, others: ArrayLike) -> float:
    """Return the largest change of one category's share, 0 to 1.

    Examples
    --------
    >>> l_infinity_distance([1, 1, 2], [1, 3, 0])
    0.5
    """
    share, other = _shares(counts, others)
    return float(np.abs(share - other).max())


def benjamini_hochberg(pvalues: ArrayLike) -> NDArray[np.float64]:
    """Return p-values corrected for their number: those under 0.05 hold at most 5 % false discoveries.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.04, 0.04]
    """
    from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(np.asarray(pvalues, dtype=float)), dtype=np.float64)


def _cumulative(
    values: NDArray[np.float64], counts: NDArray[np.int64], others: NDArray[np.float64], other_counts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return all values in ascending order, and how many of each sample are at most that."""
    points = np.union1d(values, others)
    below = np.concatenate([[0.0], np.cumsum(counts)])[np.searchsorted(values, points, side="right")]
    other_below = np.concatenate([[0.0], np.cumsum(other_counts)])[np.searchsorted(others, points, side="right")]
    return points, below, other_below


def _shares(counts: ArrayLike, others: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    share, other = np.asarray(counts, dtype=float), np.asarray(others, dtype=float)
    return share / share.sum(), other / other.sum()
