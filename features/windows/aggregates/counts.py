"""Numbers of values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from headwater.features.windows.aggregates.aggregate import Aggregate, MergeableAggregate, Part

if TYPE_CHECKING:
    from pyspark.sql import Column
    from pyspark.sql.types import DataType

    from headwater.features.definitions.aggregations.function import Function
    from headwater.features.windows.sorted_values import Ranges, SortedValues

__all__ = ["ApproxCountDistinctAggregate", "CountAggregate"]


class CountAggregate(MergeableAggregate):
    """Computes Count."""

    function = "count"
    is_zero_of_nothing = True

    def compute(self, values: SortedValues, ranges: Ranges, function: Function, title: str) -> Any:
        """Return the lengths of the ranges."""
        del values, function, title
        return ranges.lengths

    def parts(self, kind: DataType) -> Mapping[str, Part]:
        """Return the count."""
        from pyspark.sql import functions as F

        del kind
        return {"count": Part(F.count, "sum")}

    def of_parts(self, merged: Mapping[str, Column], kind: DataType, title: str) -> Column:
        """Return the count, 0 of no events."""
        from pyspark.sql import functions as F

        del kind, title
        return F.coalesce(merged["count"], F.lit(0).cast("bigint"))


class ApproxCountDistinctAggregate(Aggregate):
    """Computes ApproxCountDistinct, exactly."""

    function = "approx_count_distinct"
    is_zero_of_nothing = True

    def compute(self, values: SortedValues, ranges: Ranges, function: Function, title: str) -> Any:
        """Return in each range the number of values that have no equal one before them in the range."""
        del function, title
        before = values.equal_before
        return ranges.each(lambda start, stop: int(np.count_nonzero(before[start:stop] < start)))
