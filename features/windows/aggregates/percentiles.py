"""Values that a share of all values do not exceed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from headwater.features.definitions.aggregations.percentiles import ApproxPercentile
from headwater.features.windows.aggregates.aggregate import Aggregate

if TYPE_CHECKING:
    from headwater.features.definitions.aggregations.function import Function
    from headwater.features.windows.sorted_values import Ranges, SortedValues

__all__ = ["ApproxPercentileAggregate"]


class ApproxPercentileAggregate(Aggregate):
    """Computes ApproxPercentile, exactly."""

    function = "approx_percentile"

    def compute(self, values: SortedValues, ranges: Ranges, function: Function, title: str) -> Any:
        """Return the values at the shares of the ranges."""
        del title
        assert isinstance(function, ApproxPercentile)
        percentile = function.percentile

        def rank(start: int, stop: int) -> int:
            if start == stop:
                return 0
            at = max(int(np.ceil(percentile * (stop - start))) - 1, 0)
            return int(np.partition(values.rank[start:stop], at)[at])

        return values.take(np.asarray(ranges.each(rank), dtype=np.int64))
