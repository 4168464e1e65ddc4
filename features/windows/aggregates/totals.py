"""Sums and means; those of whole numbers and decimals are of exact totals."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from headwater.features.windows.aggregates.aggregate import MergeableAggregate, Part
from headwater.features.windows.exact_sums import (
    SumOverflowError,
    WholeSums,
    decimal_parts,
    high_part,
    low_part,
    mean_of_decimal_parts,
    mean_of_parts,
    sum_of_parts,
)

if TYPE_CHECKING:
    from pyspark.sql import Column
    from pyspark.sql.types import DataType, DecimalType

    from headwater.features.definitions.aggregations.function import Function
    from headwater.features.windows.sorted_values import Ranges, SortedValues

__all__ = ["AvgAggregate", "SumAggregate"]

_DECIMAL_PARTS = ("exa", "units", "fraction", "rest")


class SumAggregate(MergeableAggregate):
    """Computes Sum."""

    function = "sum"

    def compute(self, values: SortedValues, ranges: Ranges, function: Function, title: str) -> Any:
        """Return the sums; raise if one does not fit its type."""
        import decimal

        import pyarrow as pa

        del function
        sums = values.sums(ranges)
        if isinstance(sums, WholeSums):
            return sums.whole(title)
        if not pa.types.is_decimal(values.unique.type):
            return sums
        scale = values.unique.type.scale
        if any(abs(total) >= 10**38 for total in sums):
            raise SumOverflowError(title, f"decimal(38,{scale})")
        with decimal.localcontext(prec=60):
            return pa.array([decimal.Decimal(int(total)).scaleb(-scale) for total in sums], pa.decimal128(38, scale))

    def parts(self, kind: DataType) -> Mapping[str, Part]:
        """Return the sum; of BIGINT the sums of its two parts."""
        return _wide_parts() if _is_wide(kind) else _sum_part(kind)

    def of_parts(self, merged: Mapping[str, Column], kind: DataType, title: str) -> Column:
        """Return the sum of sums."""
        return sum_of_parts(merged["high"], merged["low"], title) if _is_wide(kind) else merged["sum"]


class AvgAggregate(MergeableAggregate):
    """Computes Avg."""

    function = "avg"

    def compute(self, values: SortedValues, ranges: Ranges, function: Function, title: str) -> Any:
        """Return the totals, each rounded once, by the numbers of values."""
        import pyarrow as pa

        del function, title
        scale = values.unique.type.scale if pa.types.is_decimal(values.unique.type) else 0
        sums = values.sums(ranges)
        total = sums.floats if isinstance(sums, WholeSums) else sums.astype("float64")
        return (total / 10**scale if scale else total) / np.maximum(ranges.lengths, 1)

    def parts(self, kind: DataType) -> Mapping[str, Part]:
        """Return a sum and the count; of long decimals, whose sum may not fit DECIMAL, the sums of four parts."""
        from pyspark.sql import functions as F

        count = {"count": Part(F.count, "sum")}
        if _is_wide(kind):
            return count | _wide_parts()
        if _is_long_decimal(kind):
            return count | {name: Part(partial(_sum_of_part, name, kind), "sum") for name in _DECIMAL_PARTS}
        return count | _sum_part(kind)

    def of_parts(self, merged: Mapping[str, Column], kind: DataType, title: str) -> Column:
        """Return the sum by the count; NULL of no values."""
        from pyspark.sql import functions as F

        del title
        count = merged["count"]
        if _is_wide(kind):
            return mean_of_parts(merged["high"], merged["low"], count)
        if _is_long_decimal(kind):
            return mean_of_decimal_parts(merged, kind, count)
        return F.when(count > 0, merged["sum"].cast("double") / count)


def _sum_of_part(name: str, kind: DecimalType, column: Column) -> Column:
    from pyspark.sql import functions as F

    return F.sum(decimal_parts(column, kind)[name])


def _wide_parts() -> dict[str, Part]:
    from pyspark.sql import functions as F

    return {
        "high": Part(lambda column: F.sum(high_part(column)), "sum"),
        "low": Part(lambda column: F.sum(low_part(column)), "sum"),
    }


def _sum_part(kind: DataType) -> dict[str, Part]:
    from pyspark.sql import functions as F

    is_boolean = kind.typeName() == "boolean"
    return {"sum": Part(lambda column: F.sum(column.cast("bigint") if is_boolean else column), "sum")}


def _is_wide(kind: DataType) -> bool:
    """Say whether a total of such values may not fit BIGINT."""
    return kind.typeName() == "long"


def _is_long_decimal(kind: DataType) -> TypeGuard[DecimalType]:
    """Say whether a total of 10¹⁰ such values may not fit DECIMAL."""
    from pyspark.sql.types import DecimalType

    return isinstance(kind, DecimalType) and kind.precision > 28
