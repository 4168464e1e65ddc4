"""Variances and standard deviations, in two passes over each range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from headwater.features.windows.aggregates.aggregate import Aggregate

if TYPE_CHECKING:
    from headwater.features.definitions.aggregations.function import Function
    from headwater.features.windows.sorted_values import Ranges, SortedValues

__all__ = ["StddevPopAggregate", "StddevSampAggregate", "VarPopAggregate", "VarSampAggregate"]


class _Spread(Aggregate):
    is_of_a_sample: ClassVar[bool]
    is_root: ClassVar[bool]

    def compute(self, values: SortedValues, ranges: Ranges, function: Function, title: str) -> Any:
        """Return the mean of squared distances from the mean, or its root."""
        del function, title
        floats = values.floats

        def spread(start: int, stop: int) -> float | None:
            n = stop - start - self.is_of_a_sample
            if n < 1:
                return None
            around = floats[start:stop] - floats[start:stop].mean()
            variance = float((around * around).sum()) / n
            return variance**0.5 if self.is_root else variance

        with np.errstate(all="ignore"):
            return ranges.each(spread)


class StddevPopAggregate(_Spread):
    """Computes StddevPop."""

    function, is_of_a_sample, is_root = "stddev_pop", False, True


class StddevSampAggregate(_Spread):
    """Computes StddevSamp."""

    function, is_of_a_sample, is_root = "stddev_samp", True, True


class VarPopAggregate(_Spread):
    """Computes VarPop."""

    function, is_of_a_sample, is_root = "var_pop", False, False


class VarSampAggregate(_Spread):
    """Computes VarSamp."""

    function, is_of_a_sample, is_root = "var_samp", True, False
