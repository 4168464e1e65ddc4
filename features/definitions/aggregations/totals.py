"""Sums and means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.features.definitions.aggregations.function import Operator, is_number

if TYPE_CHECKING:
    from pyspark.sql.types import DataType

__all__ = ["Avg", "Sum"]


class Sum(Operator):
    """The sum: BIGINT of integers, DOUBLE of floats, DECIMAL of decimals; one that does not fit raises, as Spark's does."""

    takes = "numbers"

    def type_of(self, kind: DataType) -> DataType | None:
        """Return the type of a sum, as in Spark: of DECIMAL(p, s) it is DECIMAL(p + 10, s)."""
        from pyspark.sql import types as t

        if isinstance(kind, t.DecimalType):
            return t.DecimalType(min(38, kind.precision + 10), kind.scale)
        if isinstance(kind, t.FractionalType):
            return t.DoubleType()
        return t.LongType() if is_number(kind) or isinstance(kind, t.BooleanType) else None


class Avg(Operator):
    """The mean, DOUBLE: of integers and decimals it is taken of the exact total, however large."""

    takes = "numbers"

    def type_of(self, kind: DataType) -> DataType | None:
        """Return DOUBLE, of numbers and truth values."""
        from pyspark.sql import types as t

        return t.DoubleType() if is_number(kind) or isinstance(kind, t.BooleanType) else None
