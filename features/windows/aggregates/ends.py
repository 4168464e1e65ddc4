"""The earliest and the latest values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from headwater.features.definitions.aggregations.function import OperatorOfSeveral
from headwater.features.windows.aggregates.aggregate import Aggregate

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from headwater.features.definitions.aggregations.function import Function
    from headwater.features.windows.sorted_values import Ranges, SortedValues

__all__ = [
    "FirstAggregate",
    "FirstDistinctAggregate",
    "FirstNAggregate",
    "LastAggregate",
    "LastDistinctAggregate",
    "LastNAggregate",
]


class _End(Aggregate):
    is_last: ClassVar[bool]

    def compute(self, values: SortedValues, ranges: Ranges, function: Function, title: str) -> Any:
        """Return the values at one end of the ranges."""
        del function, title
        return values.take(np.append(values.rank, 0)[ranges.stop - 1 if self.is_last else ranges.start])


class FirstAggregate(_End):
    """Computes First."""

    function, is_last = "first", False


class LastAggregate(_End):
    """Computes Last."""

    function, is_last = "last", True


class _Several(Aggregate):
    is_last: ClassVar[bool]

    def compute(self, values: SortedValues, ranges: Ranges, function: Function, title: str) -> Any:
        """Return as many values as are wanted from one end of the ranges on."""
        del title
        assert isinstance(function, OperatorOfSeveral)
        counts = np.minimum(ranges.lengths, function.n)
        offsets = np.concatenate([[0], np.cumsum(counts)])
        step = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
        first = np.repeat(ranges.stop - 1 if self.is_last else ranges.start, counts)
        return _lists(offsets, values.take(values.rank[first - step if self.is_last else first + step]))


class FirstNAggregate(_Several):
    """Computes FirstN."""

    function, is_last = "first_n", False


class LastNAggregate(_Several):
    """Computes LastN."""

    function, is_last = "last_n", True


class _SeveralDistinct(Aggregate):
    is_last: ClassVar[bool]

    def compute(self, values: SortedValues, ranges: Ranges, function: Function, title: str) -> Any:
        """Return as many different values as are wanted from one end of the ranges on."""
        del title
        assert isinstance(function, OperatorOfSeveral)
        n = function.n
        ranks = ranges.each(lambda start, stop: self._distinct(values.rank, start, stop, n))
        offsets = np.concatenate([[0], np.cumsum([len(some) for some in ranks])]).astype(np.int64)
        flat = np.fromiter((rank for some in ranks for rank in some), dtype=np.int64, count=int(offsets[-1]))
        return _lists(offsets, values.take(flat))

    def _distinct(self, rank: NDArray[np.int64], start: int, stop: int, n: int) -> list[int]:
        """Return the first `n` different ranks from one end; pieces are read until there are so many."""
        distinct: dict[int, None] = {}
        size = 4 * n
        while start < stop and len(distinct) < n:
            if self.is_last:
                piece = rank[max(start, stop - size) : stop][::-1]
                stop -= size
            else:
                piece = rank[start : min(stop, start + size)]
                start += size
            distinct.update(dict.fromkeys(piece.tolist()))
            size *= 4
        return list(distinct)[:n]


class FirstDistinctAggregate(_SeveralDistinct):
    """Computes FirstDistinct."""

    function, is_last = "first_distinct", False


class LastDistinctAggregate(_SeveralDistinct):
    """Computes LastDistinct."""

    function, is_last = "last_distinct", True


def _lists(offsets: NDArray[np.int64], values: pa.Array) -> pa.ListArray:
    import pyarrow as pa

    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)
