"""What is remembered of one column in one window: small, mergeable, and the same in whichever order it was merged.

As long as a column has few different values, these are kept with their counts, and everything derived is exact. Past
that, numbers fold into integer counts between fixed edges, learnt once from the baseline, and strings keep the counts
of the values whose hashes are smallest: which values those are depends on the values alone, so that two windows keep
the same ones, their counts are exact, and the others are pooled as one category.
"""

# ruff: noqa: PD011 - `values` is a field of our own, not pandas'
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from headwater.monitoring.distances import weighted_unique

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "BODY_EDGES",
    "ColumnState",
    "bin_edges",
    "bins_of",
    "counted_numbers",
    "counted_strings",
    "hashes_of_numbers",
    "kept_values",
    "merge_states",
    "number_state",
    "string_state",
    "upper_edges",
]

MOST_NUMBERS: Final = 1024
MOST_STRINGS: Final = 4096
BODY_EDGES: Final = 3072
_EVEN_EDGES: Final = 512
_TAIL_EDGES: Final = 256
_GROWTH: Final = 13  # bins beyond the edges until their width has doubled
_RATE: Final = 2 ** (1 / _GROWTH) - 1
_INFINITE: Final = 1 << 20
_NO_HASHES: Final = np.empty(0, dtype=np.uint64)


@dataclass
class ColumnState:
    """The counts and values of a column over some rows.

    `count` is the non-null values (NaN among them), `mean` and `m2` (the sum of squared deviations) and `total`, the
    number behind them, are over finite values, `minimum` and `maximum` over all but NaN. `values` are all different
    values, or the kept ones of strings; numbers that have folded have `bins` instead, in ascending order. Lengths are in
    characters (strings) or bytes.
    """

    count: int = 0
    num_nulls: int = 0
    num_nan: int = 0
    num_zeros: int = 0
    total: int = 0
    mean: float = 0.0
    m2: float = 0.0
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    sum_length: int | None = None
    values: NDArray[Any] | None = None
    counts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    bins: NDArray[np.int64] | None = None
    hashes: NDArray[np.uint64] = field(default_factory=lambda: _NO_HASHES)

    @property
    def distinct(self) -> int:
        """Number of different values: exact until they are too many to keep, then estimated within some 3 %."""
        if len(self.hashes) == 0:
            return 0 if self.values is None else len(self.values)
        return round((len(self.hashes) - 1) / (float(self.hashes[-1]) / 2.0**64))

    def sample(self, edges: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the numbers as ascending values and counts; of a bin its upper edge, within minimum and maximum."""
        if self.bins is None:
            return (np.empty(0) if self.values is None else self.values), self.counts
        low, high = self.minimum, self.maximum
        points = upper_edges(self.bins, edges)
        return points if low is None or high is None else np.clip(points, low, high), self.counts

    def binned(self, edges: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the numbers as ascending bins and counts; see :func:`bins_of`."""
        if self.bins is not None:
            return self.bins, self.counts
        values = np.empty(0) if self.values is None else self.values
        bins, counts = weighted_unique(bins_of(values, edges), self.counts)
        return bins.astype(np.int64), counts


def number_state(numbers: NDArray[np.float64], nulls: int, edges: NDArray[np.float64]) -> ColumnState:
    """Return the state of non-null numbers and a number of nulls."""
    nan = np.isnan(numbers)
    # Adding 0.0 makes -0.0 and 0.0 one value.
    values, counts = np.unique(numbers[~nan] + 0.0, return_counts=True)
    folded = lambda: (bins_of(values, edges), hashes_of_numbers(values))  # noqa: E731
    return counted_numbers(values, counts.astype(np.int64), nulls, int(nan.sum()), folded)


def counted_numbers(
    values: NDArray[np.float64],
    counts: NDArray[np.int64],
    nulls: int,
    nans: int,
    folded: Callable[[], tuple[NDArray[np.int64], NDArray[np.uint64]]],
) -> ColumnState:
    """Return the state of ascending different numbers and their counts; `folded` gives their bins and hashes if they are many."""
    state = ColumnState(count=int(counts.sum()) + nans, num_nulls=nulls, num_nan=nans, values=values, counts=counts)
    if len(values):
        state.minimum, state.maximum = float(values[0]), float(values[-1])
        zero = int(np.searchsorted(values, 0.0))
        state.num_zeros = int(counts[zero]) if zero < len(values) and values[zero] == 0 else 0
        first, last = int(values[0] == -np.inf), len(values) - int(values[-1] == np.inf)
        finite, often = values[first:last], counts[first:last]
        state.total = int(often.sum())
        if state.total:
            state.mean = float((finite * often).sum() / state.total)
            state.m2 = float((np.square(finite - state.mean) * often).sum())
    if len(values) > MOST_NUMBERS:
        bins, hashes = folded()
        state.bins, state.counts = _summed(bins, counts)
        state.hashes, state.values = np.sort(np.partition(hashes, MOST_NUMBERS - 1)[:MOST_NUMBERS]), None
    return state


def string_state(values: NDArray[Any], counts: NDArray[np.int64], nulls: int) -> ColumnState:
    """Return the state of different strings, their counts and a number of nulls."""
    order = np.argsort(values, kind="stable")
    values = values[order]
    lengths = np.fromiter(map(len, values), dtype=np.int64, count=len(values))
    return counted_strings(values, counts[order].astype(np.int64), nulls, lengths)


def counted_strings(
    values: NDArray[Any], counts: NDArray[np.int64], nulls: int, lengths: NDArray[np.int64]
) -> ColumnState:
    """Return the state of ascending different strings, their counts and their lengths."""
    state = ColumnState(count=int(counts.sum()), num_nulls=nulls, values=values, counts=counts)
    if len(values):
        state.min_length, state.max_length = int(lengths.min()), int(lengths.max())
        state.sum_length = int((lengths * counts).sum())
    return _trimmed(state)


def merge_states(one: ColumnState, two: ColumnState, edges: NDArray[np.float64]) -> ColumnState:
    """Return the state of both sets of rows together; `edges` are the ones that both were made with."""
    total = one.total + two.total
    shift = two.mean - one.mean
    merged = ColumnState(
        count=one.count + two.count,
        num_nulls=one.num_nulls + two.num_nulls,
        num_nan=one.num_nan + two.num_nan,
        num_zeros=one.num_zeros + two.num_zeros,
        total=total,
        mean=one.mean + shift * two.total / total if total else 0.0,
        m2=one.m2 + two.m2 + shift * shift * one.total * two.total / total if total else 0.0,
        minimum=_least(one.minimum, two.minimum),
        maximum=_most(one.maximum, two.maximum),
        min_length=_least(one.min_length, two.min_length),
        max_length=_most(one.max_length, two.max_length),
        sum_length=_sum(one.sum_length, two.sum_length),
        hashes=np.union1d(one.hashes, two.hashes),
    )
    if one.bins is None and two.bins is None:
        if one.values is None or two.values is None:
            present = one if two.values is None else two
            merged.values, merged.counts = present.values, present.counts
            return merged
        both = np.concatenate([one.values, two.values])
        merged.values, merged.counts = weighted_unique(both, np.concatenate([one.counts, two.counts]))
        return _trimmed(merged) if both.dtype == object else _folded(merged, edges)
    for state in (one, two):
        if state.bins is None and state.values is not None:
            merged.hashes = np.union1d(merged.hashes, hash_numbers(state.values))
    merged.hashes = merged.hashes[:MOST_NUMBERS]
    parts = [one.binned(edges), two.binned(edges)]
    bins, counts = weighted_unique(np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]))
    merged.bins, merged.counts = bins.astype(np.int64), counts
    return merged


def settled(state: ColumnState) -> ColumnState:
    """Return the state with mean and deviations computed anew where all values are known, so that no bit depends on order."""
    if state.values is not None and state.total and state.values.dtype != object:
        finite = np.isfinite(state.values)
        values, counts = state.values[finite], state.counts[finite]
        state.mean = float((values * counts).sum() / state.total)
        state.m2 = float((np.square(values - state.mean) * counts).sum())
    return state


def kept_values(one: ColumnState, two: ColumnState) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64], bool]:
    """Return the categories of both states, the counts of each, and whether the last one pools what was not kept."""
    limit = min((int(s.hashes[-1]) for s in (one, two) if len(s.hashes)), default=None)
    columns = []
    for state in (one, two):
        values = np.empty(0, dtype=object) if state.values is None else state.values
        kept = np.ones(len(values), dtype=bool) if limit is None else hash_strings(values) <= np.uint64(limit)
        columns.append((values[kept], state.counts[kept], state.count - int(state.counts[kept].sum())))
    names = np.union1d(columns[0][0], columns[1][0])
    aligned = []
    for values, counts, rest in columns:
        row = np.zeros(len(names) + 1, dtype=np.int64)
        row[np.searchsorted(names, values)] = counts
        row[-1] = rest
        aligned.append(row)
    pooled = limit is not None
    return names, aligned[0] if pooled else aligned[0][:-1], aligned[1] if pooled else aligned[1][:-1], pooled


def bin_edges(quantiles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return bin edges from a baseline's quantiles: at most 4,096, most of them as dense as the baseline.

    512 of them are evenly spaced over the baseline's range, for windows that fill what was sparse.
    Beyond the baseline's range the bins go on, from half a percent of the range, each 5.5 % wider than the one before, to
    some 85,000 times the range.

    Examples
    --------
    >>> edges = bin_edges(np.array([0.0, 1.0, 1.0, 5.0]))
    >>> len(edges), int(edges[0]), int(edges[-1])
    (1025, -423589, 423594)
    """
    body = np.unique(quantiles[np.isfinite(quantiles)])
    if len(body) == 0:
        body = np.zeros(1)
    spread = float(body[-1] - body[0]) or max(abs(float(body[0])), 1.0)
    even = np.linspace(body[0], body[-1], _EVEN_EDGES)
    tail = spread * 0.1 * (np.exp2(np.arange(1, _TAIL_EDGES + 1) / 13) - 1)
    return np.unique(np.concatenate([body[0] - tail, body, even, body[-1] + tail]))


def bins_of(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the bin of each number: bin i holds edges[i-1] < value ≤ edges[i].

    Beyond the edges bins go on without end, each 5.5 % wider than the one before: from ``len(edges)`` upwards, and from 0
    downwards to negative ones, so that numbers of any size keep their order and, within 5.5 %, their distance from the edges.

    Examples
    --------
    >>> edges = np.array([0.0, 1.0, 2.0])
    >>> bins_of(np.array([-50.0, -0.5, 0.5, 2.0, 2.5, 1e9, np.inf]), edges).tolist()
    [-24, 0, 1, 2, 3, 337, 1048576]
    """
    found = np.searchsorted(edges, values).astype(np.int64)
    below, above = values < edges[0], values > edges[-1]
    first, last = _ends(edges)
    with np.errstate(over="ignore"):
        found[below] = -_steps((edges[0] - values[below]) / first, np.floor)
        found[above] = len(edges) - 1 + _steps((values[above] - edges[-1]) / last, np.ceil)
    found[values == np.inf], found[values == -np.inf] = _INFINITE, -_INFINITE
    return found


def upper_edges(bins: NDArray[np.int64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the greatest number of each bin of :func:`bins_of`."""
    first, last = _ends(edges)
    points = edges[np.clip(bins, 0, len(edges) - 1)].astype(float)
    below, above = bins < 0, bins >= len(edges)
    with np.errstate(over="ignore"):
        points[below] -= first * (np.exp2(-bins[below] / _GROWTH) - 1) / _RATE
        points[above] += last * (np.exp2((bins[above] - len(edges) + 1) / _GROWTH) - 1) / _RATE
    largest = np.finfo(float).max
    points = np.clip(points, -largest, largest)
    points[bins >= _INFINITE], points[bins <= -_INFINITE] = np.inf, -np.inf
    return np.asarray(points)


def _ends(edges: NDArray[np.float64]) -> tuple[float, float]:
    """Return the widths of the first and the last bin between edges."""
    if len(edges) == 1:
        return (max(abs(float(edges[0])), 1.0),) * 2
    return float(edges[1] - edges[0]), float(edges[-1] - edges[-2])


def _steps(distance: NDArray[np.float64], rounded: np.ufunc) -> NDArray[np.int64]:
    return np.asarray(rounded(np.log2(1 + np.minimum(distance, 1e300) * _RATE) * _GROWTH)).astype(np.int64)


def hash_numbers(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return the hashes of :func:`hashes_of_numbers`, ascending and different."""
    return np.unique(hashes_of_numbers(values))


def hashes_of_numbers(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return well-mixed hashes of doubles (the finaliser of SplitMix64): different ones for different numbers."""
    bits = values.view(np.uint64).copy()
    with np.errstate(over="ignore"):
        bits += np.uint64(0x9E3779B97F4A7C15)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(bits ^ (bits >> np.uint64(31)))


def hash_strings(values: NDArray[Any]) -> NDArray[np.uint64]:
    """Return hashes of strings, in the values' order; the same in every process."""
    from pandas.util import hash_array

    return hash_array(values.astype(object), categorize=False).astype(np.uint64)


def _folded(state: ColumnState, edges: NDArray[np.float64]) -> ColumnState:
    if state.values is not None and len(state.values) > MOST_NUMBERS:
        state.hashes = hash_numbers(state.values)[:MOST_NUMBERS]
        state.bins, state.counts = state.binned(edges)
        state.values = None
    return state


def _summed(bins: NDArray[np.int64], counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the different bins of ascending ones, and the sum of each one's counts."""
    starts = np.concatenate([[0], np.flatnonzero(np.diff(bins)) + 1])
    return bins[starts], np.add.reduceat(counts, starts)


def _trimmed(state: ColumnState) -> ColumnState:
    if state.values is None or (len(state.values) <= MOST_STRINGS and len(state.hashes) == 0):
        return state
    hashes = hash_strings(state.values)
    state.hashes = np.union1d(state.hashes, hashes)[:MOST_STRINGS]
    kept = hashes <= state.hashes[-1]
    state.values, state.counts = state.values[kept], state.counts[kept]
    return state


def _least(one: Any, two: Any) -> Any:
    return two if one is None else one if two is None else min(one, two)


def _most(one: Any, two: Any) -> Any:
    return two if one is None else one if two is None else max(one, two)


def _sum(one: Any, two: Any) -> Any:
    return two if one is None else one if two is None else one + two
