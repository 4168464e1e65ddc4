"""Numbers of values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.features.definitions.aggregations.function import Operator, has_order
from headwater.lakehouse import InvalidInputError

if TYPE_CHECKING:
    from pyspark.sql.types import DataType

__all__ = ["ApproxCountDistinct", "Count"]


class Count(Operator):
    """The number of values that are not NULL, BIGINT."""

    def type_of(self, kind: DataType) -> DataType | None:
        """Return BIGINT, of values of any type."""
        from pyspark.sql.types import LongType

        del kind
        return LongType()


@dataclass(frozen=True)
class ApproxCountDistinct(Operator):
    """The number of different values, BIGINT. Here it is exact, which any `relativeSD` allows."""

    relativeSD: float | None = None  # noqa: N815

    def __post_init__(self) -> None:
        self._check_input()
        if self.relativeSD is not None and not 0 < self.relativeSD < 1:
            raise InvalidInputError(f"relativeSD must lie between 0 and 1, found {self.relativeSD!r}.")

    def type_of(self, kind: DataType) -> DataType | None:
        """Return BIGINT, of values that have an order."""
        from pyspark.sql.types import LongType

        return LongType() if has_order(kind) else None
