"""The plug point of windowed functions: how one is computed over ranges of sorted values, and from parts that are merged.

A new function is a file here, beside one in ``definitions/aggregations`` with its parameters and its type rule.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from pyspark.sql import Column
    from pyspark.sql.types import DataType

    from headwater.features.definitions.aggregations.function import Function
    from headwater.features.windows.sorted_values import Ranges, SortedValues

__all__ = ["Aggregate", "MergeableAggregate", "Part"]


class Aggregate(ABC):
    """Computes one aggregation function. An instance has no state: Spark's workers make their own.

    Attributes
    ----------
    function
        The ``kind`` of the function.
    is_zero_of_nothing
        Whether the value of an empty window is 0; else it is NULL.
    """

    function: ClassVar[str]
    is_zero_of_nothing: ClassVar[bool] = False

    @abstractmethod
    def compute(self, values: SortedValues, ranges: Ranges, function: Function, title: str) -> Any:
        """Return the aggregate of each range as a NumPy or Arrow array or a list; of an empty range anything.

        Errors name the column by `title`.
        """


@dataclass(frozen=True)
class Part:
    """A column that sums up some events: parts of disjoint sets of events are merged by `merge` into that of all."""

    of: Callable[[Column], Column]
    merge: Literal["sum", "min", "max"]


class MergeableAggregate(Aggregate):
    """An aggregate that can be taken from parts, so that a window is made of buckets or tiles of events."""

    @abstractmethod
    def parts(self, kind: DataType) -> Mapping[str, Part]:
        """Return the parts for values of a type; of one name there is one part, whichever function needs it."""

    @abstractmethod
    def of_parts(self, merged: Mapping[str, Column], kind: DataType, title: str) -> Column:
        """Return the aggregate from merged parts, which are NULL where there are no events."""
