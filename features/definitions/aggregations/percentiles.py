"""Values that a share of all values do not exceed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.features.definitions.aggregations.function import Function, is_number
from headwater.lakehouse import InvalidInputError

if TYPE_CHECKING:
    from pyspark.sql.types import DataType

__all__ = ["ApproxPercentile", "PercentileApprox"]


@dataclass(frozen=True)
class ApproxPercentile(Function):
    """The least value that at least the share `percentile` of all values do not exceed. Here exact, whatever the `accuracy`.

    Examples
    --------
    >>> ApproxPercentile(0.95, "delay").name
    'approx_percentile_0_95'
    """

    percentile: float
    input: str
    accuracy: int | None = None

    def __post_init__(self) -> None:
        self._check_input()
        if not isinstance(self.percentile, int | float) or not 0 <= self.percentile <= 1:
            raise InvalidInputError(f"percentile must lie between 0 and 1, found {self.percentile!r}.")
        if self.accuracy is not None and (not isinstance(self.accuracy, int) or self.accuracy < 1):
            raise InvalidInputError(f"accuracy must be a number of at least 1, found {self.accuracy!r}.")

    @property
    def name(self) -> str:
        """Part of a feature's automatic name."""
        return f"{self.kind}_{self.percentile:g}".replace(".", "_")

    def type_of(self, kind: DataType) -> DataType | None:
        """Return the values' type, which is one of numbers or of times."""
        from pyspark.sql import types as t

        return kind if is_number(kind) or isinstance(kind, t.DateType | t.TimestampType) else None


PercentileApprox = ApproxPercentile
