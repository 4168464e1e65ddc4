"""Variances and standard deviations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.features.definitions.aggregations.function import Operator, is_number

if TYPE_CHECKING:
    from pyspark.sql.types import DataType

__all__ = ["StddevPop", "StddevSamp", "VarPop", "VarSamp"]


class _Spread(Operator):
    takes = "numbers"

    def type_of(self, kind: DataType) -> DataType | None:
        """Return DOUBLE, of numbers and truth values."""
        from pyspark.sql import types as t

        return t.DoubleType() if is_number(kind) or isinstance(kind, t.BooleanType) else None


class StddevPop(_Spread):
    """The standard deviation of all values, DOUBLE."""


class StddevSamp(_Spread):
    """The standard deviation estimated from a sample, DOUBLE; NULL of one value."""


class VarPop(_Spread):
    """The variance of all values, DOUBLE."""


class VarSamp(_Spread):
    """The variance estimated from a sample, DOUBLE; NULL of one value."""
