"""The least and the greatest value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from headwater.features.windows.aggregates.aggregate import MergeableAggregate, Part

if TYPE_CHECKING:
    from pyspark.sql import Column
    from pyspark.sql.types import DataType

    from headwater.features.definitions.aggregations.function import Function
    from headwater.features.windows.sorted_values import Ranges, SortedValues

__all__ = ["MaxAggregate", "MinAggregate"]


class _Extreme(MergeableAggregate):
    function: ClassVar[Literal["min", "max"]]
    _of_two: ClassVar[np.ufunc]

    def compute(self, values: SortedValues, ranges: Ranges, function: Function, title: str) -> Any:
        """Return the values of the extreme ranks."""
        del function, title
        return values.take(ranges.reduced(self._of_two, values.rank))

    def parts(self, kind: DataType) -> Mapping[str, Part]:
        """Return the extreme itself."""
        from pyspark.sql import functions as F

        del kind
        return {self.function: Part(getattr(F, self.function), self.function)}

    def of_parts(self, merged: Mapping[str, Column], kind: DataType, title: str) -> Column:
        """Return the extreme of extremes."""
        del kind, title
        return merged[self.function]


class MinAggregate(_Extreme):
    """Computes Min."""

    function = "min"
    _of_two = np.minimum


class MaxAggregate(_Extreme):
    """Computes Max."""

    function = "max"
    _of_two = np.maximum
