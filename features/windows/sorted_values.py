"""The values of a column over windows, in NumPy: sorted once, each window is a range of them.

Counts and sums of whole numbers and decimals are differences of running totals, which are exact; all else is taken anew from
the range, so that a value does not depend on what else lies in the task.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from headwater.features.windows.exact_sums import RunningTotals, WholeSums

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["Ranges", "SortedValues"]


@dataclass(frozen=True)
class Ranges:
    """Ranges of sorted values: start inclusive, stop exclusive."""

    start: NDArray[np.int64]
    stop: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many values each range has."""
        return self.stop - self.start

    def each(self, value: Callable[[int, int], Any]) -> list[Any]:
        """Return the value of each range; equal ranges are computed once."""
        pairs, of = np.unique(np.stack([self.start, self.stop]), axis=1, return_inverse=True)
        values = [value(start, stop) for start, stop in zip(*pairs.tolist(), strict=True)]
        return [values[i] for i in of.ravel().tolist()]

    def reduced(self, function: np.ufunc, values: NDArray[Any]) -> NDArray[Any]:
        """Return the reduction of the values in each range; anything where a range is empty."""
        if not len(self.start):
            return values[:0]
        ranges = np.empty(2 * len(self.start), dtype=np.int64)
        ranges[::2], ranges[1::2] = self.start, self.stop
        with np.errstate(all="ignore"):
            return np.asarray(function.reduceat(np.append(values, np.zeros(1, dtype=values.dtype)), ranges)[::2])


class SortedValues:
    """The values of one column that are not NULL, sorted by key, time and value, and their places in that order."""

    def __init__(self, column: pa.Array, place: NDArray[np.int64]) -> None:
        valid = column.is_valid().to_numpy(zero_copy_only=False)
        self.unique, rank = _ranked(column.drop_null())
        place = place[valid]
        order = np.lexsort((rank, place))
        self.rank, self.place = rank[order], place[order]

    def between(self, low: NDArray[np.int64], high: NDArray[np.int64]) -> Ranges:
        """Return the ranges of these values for ranges of places."""
        return Ranges(np.searchsorted(self.place, low), np.searchsorted(self.place, high))

    @cached_property
    def numbers(self) -> NDArray[Any]:
        """The values as int64, float64, or Python's integers in a decimal's last place."""
        import decimal

        import pyarrow as pa

        kind = self.unique.type
        if pa.types.is_decimal(kind):
            with decimal.localcontext(prec=60):  # Python's own 28 digits would round long decimals
                whole = [int(value.scaleb(kind.scale)) for value in self.unique.to_pylist()]
            return np.array(whole, dtype=object)[self.rank]
        target = pa.float64() if pa.types.is_floating(kind) else pa.int64()
        return np.asarray(self.unique.cast(target).to_numpy(zero_copy_only=False))[self.rank]

    @cached_property
    def floats(self) -> NDArray[np.float64]:
        """The values as float64."""
        import pyarrow as pa

        scale = self.unique.type.scale if pa.types.is_decimal(self.unique.type) else 0
        return (self.numbers / 10**scale if scale else self.numbers).astype("float64")

    @cached_property
    def totals(self) -> RunningTotals | NDArray[Any]:
        """Running totals from 0: of BIGINT, or of Python's integers, which have no bounds."""
        if self.numbers.dtype.kind == "i":
            return RunningTotals(self.numbers)
        return np.concatenate([np.zeros(1, dtype=self.numbers.dtype), np.cumsum(self.numbers)])

    @cached_property
    def equal_before(self) -> NDArray[np.int64]:
        """For each value the index of the one before it that is equal; -1 for none."""
        order = np.lexsort((np.arange(len(self.rank)), self.rank))
        before = np.full(len(self.rank), -1, dtype=np.int64)
        same = self.rank[order[1:]] == self.rank[order[:-1]]
        before[order[1:][same]] = order[:-1][same]
        return before

    def sums(self, ranges: Ranges) -> WholeSums | NDArray[Any]:
        """Return the sums over ranges: exact ones of whole numbers and decimals."""
        if self.numbers.dtype.kind == "f":
            return ranges.reduced(np.add, self.numbers)
        if isinstance(self.totals, RunningTotals):
            return self.totals.between(ranges.start, ranges.stop)
        return np.asarray(self.totals[ranges.stop] - self.totals[ranges.start])

    def take(self, rank: NDArray[np.int64]) -> pa.Array:
        """Return values by their ranks; anything where a rank is none."""
        import pyarrow as pa

        if not len(self.unique):
            return pa.nulls(len(rank), self.unique.type)
        return self.unique.take(pa.array(np.clip(rank, 0, len(self.unique) - 1)))


def _ranked(column: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
    """Return the different values in order (NaN last), and the rank among them of each value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(column.type):
        unique, rank = np.unique(column.to_numpy(zero_copy_only=False), return_inverse=True)
        return pa.array(unique, column.type, from_pandas=False), rank.astype(np.int64)
    if pa.types.is_integer(column.type):
        unique, rank = np.unique(column.to_numpy(zero_copy_only=False), return_inverse=True)
        return pa.array(unique, column.type), rank.astype(np.int64)
    encoded = column.dictionary_encode()
    if pa.types.is_nested(column.type) or pa.types.is_null(column.type):
        return encoded.dictionary, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    order = pc.sort_indices(encoded.dictionary)
    place = np.empty(len(order), dtype=np.int64)
    place[order.to_numpy()] = np.arange(len(order))
    return encoded.dictionary.take(order), place[encoded.indices.to_numpy(zero_copy_only=False)]
