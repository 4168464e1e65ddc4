"""Sums of 64-bit whole numbers and of long decimals that never wrap around.

A number is split into two parts, ``number = high · 2³² + low`` with 0 ≤ low < 2³²: sums of each part over 2³¹ rows fit 64
bits. A total is put together from the sums of both parts, so that it is known whether it fits BIGINT, and a mean is taken of
the exact total. A decimal of up to 38 digits is split into four parts of at most 20 digits each, so that sums of 10¹⁰ rows fit
DECIMAL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from headwater.lakehouse import HeadwaterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from pyspark.sql import Column
    from pyspark.sql.types import DecimalType

__all__ = [
    "RunningTotals",
    "SumOverflowError",
    "WholeSums",
    "decimal_parts",
    "high_part",
    "low_part",
    "mean_of_decimal_parts",
    "mean_of_parts",
    "sum_of_parts",
]

_BITS: Final = 32
_BASE: Final = 1 << _BITS
_LIMIT: Final = 1 << (63 - _BITS)  # high parts of BIGINT lie in [-_LIMIT, _LIMIT)


class SumOverflowError(HeadwaterError, OverflowError):
    """A sum does not fit its type."""

    def __init__(self, title: str, kind: str) -> None:
        super().__init__(title, kind)
        self.title, self.kind = title, kind

    def __str__(self) -> str:
        return (
            f"[ARITHMETIC_OVERFLOW] {self.title} does not fit {self.kind.upper()}: "
            "sum a column that was cast to DECIMAL(38, 0) or to DOUBLE, or take Avg."
        )


@dataclass(frozen=True)
class WholeSums:
    """Exact sums of whole numbers, in two parts.

    Examples
    --------
    >>> sums = RunningTotals(np.array([6 * 10**18] * 3)).between(np.array([0, 1]), np.array([3, 2]))
    >>> sums.floats
    array([1.8e+19, 6.0e+18])
    >>> sums.whole("The sum of 'v'")
    Traceback (most recent call last):
    headwater.features.windows.exact_sums.SumOverflowError: [ARITHMETIC_OVERFLOW] The sum of 'v' does not fit BIGINT: ...
    """

    high: NDArray[np.int64]
    low: NDArray[np.int64]

    @property
    def floats(self) -> NDArray[np.float64]:
        """The sums as DOUBLE, each rounded once."""
        return np.asarray(self.high.astype("float64") * _BASE + self.low.astype("float64"))

    def whole(self, title: str) -> NDArray[np.int64]:
        """Return the sums as BIGINT.

        Raises
        ------
        SumOverflowError
            A sum does not fit; its sentence begins with `title`.
        """
        if np.any((self.high < -_LIMIT) | (self.high >= _LIMIT)):
            raise SumOverflowError(title, "bigint")
        return np.asarray(self.high * _BASE + self.low)


class RunningTotals:
    """Running totals of whole numbers; the sum of a range of them is exact."""

    def __init__(self, values: NDArray[np.int64]) -> None:
        values = values.astype(np.int64, copy=False)
        self._high = _from_zero(values >> _BITS)
        self._low = _from_zero(values & (_BASE - 1))

    def between(self, start: NDArray[np.int64], stop: NDArray[np.int64]) -> WholeSums:
        """Return the sums of the values in [start, stop) for each pair."""
        low = self._low[stop] - self._low[start]
        return WholeSums(self._high[stop] - self._high[start] + (low >> _BITS), low & (_BASE - 1))


def high_part(number: Column) -> Column:
    """Return the high part of a BIGINT column, for a sum of its own."""
    from pyspark.sql import functions as F

    return F.shiftright(number, _BITS)


def low_part(number: Column) -> Column:
    """Return the low part of a BIGINT column, for a sum of its own."""
    return number.bitwiseAND(_BASE - 1)


def sum_of_parts(high: Column, low: Column, title: str) -> Column:
    """Return the BIGINT of which both parts were summed; the query raises if it does not fit, in any mode of Spark."""
    from pyspark.sql import functions as F

    carried = high + F.shiftright(low, _BITS)
    fits = carried.between(-_LIMIT, _LIMIT - 1)
    overflow = F.raise_error(F.lit(str(SumOverflowError(title, "bigint"))))
    return F.when(fits, F.shiftleft(carried, _BITS) + low_part(low)).when(~fits, overflow)


def mean_of_parts(high: Column, low: Column, count: Column) -> Column:
    """Return the mean, DOUBLE, of values of which both parts were summed; NULL of no values."""
    from pyspark.sql import functions as F

    carried = high + F.shiftright(low, _BITS)
    return F.when(count > 0, (carried.cast("double") * float(_BASE) + low_part(low).cast("double")) / count)


def decimal_parts(number: Column, kind: DecimalType) -> dict[str, Column]:
    """Return four decimals that together are a DECIMAL column, each for a sum of its own; no step rounds.

    ``exa`` counts 10¹⁸, ``units`` is what is left before the point; ``fraction`` has 18 digits behind it, ``rest`` what is left.
    """
    from pyspark.sql import functions as F
    from pyspark.sql.types import DecimalType

    large, small = _decimal_literal("1e18", 19, 0), _decimal_literal("1e-18", 18, 18)
    behind = number % _decimal_literal("1", 1, 0)
    before = (number - behind).cast(DecimalType(38, 0))
    units = before % large
    rest = behind % small if kind.scale > 18 else F.lit(0).cast(DecimalType(1, 0))
    return {
        "exa": ((before - units) / large).cast(DecimalType(20, 0)),
        "units": units.cast(DecimalType(19, 0)),
        "fraction": (behind - rest).cast(DecimalType(19, 18)),
        "rest": rest,
    }


def mean_of_decimal_parts(merged: Mapping[str, Column], kind: DecimalType, count: Column) -> Column:
    """Return the mean, DOUBLE, of decimals whose parts were summed: of the exact total; NULL of no values."""
    import pandas as pd
    from pyspark.sql import functions as F
    from pyspark.sql.pandas.functions import pandas_udf

    scale = kind.scale

    def mean(exa: Any, units: Any, fraction: Any, rest: Any, count: Any) -> Any:
        import decimal

        import pandas as pd

        means = []
        with decimal.localcontext(prec=100):
            for large, *smaller, number in zip(exa, units, fraction, rest, count, strict=True):
                # Of a window without events everything is NULL, and the mean is not asked for.
                total = decimal.Decimal(0) if large is None else large.scaleb(18) + sum(smaller)
                means.append(float(int(total.scaleb(scale))) / 10**scale / (number or 1))
        return pd.Series(means, dtype="float64")

    # Named, not written at the parameters: Spark looks at the types themselves, and not at their names.
    mean.__annotations__ = dict.fromkeys(("exa", "units", "fraction", "rest", "count", "return"), pd.Series)
    of_parts = pandas_udf(mean, "double")  # type: ignore[call-overload]
    columns = [merged[name] for name in ("exa", "units", "fraction", "rest")]
    result: Column = F.when(count > 0, of_parts(*columns, count))
    return result


def _decimal_literal(text: str, precision: int, scale: int) -> Column:
    from decimal import Decimal

    from pyspark.sql import functions as F
    from pyspark.sql.types import DecimalType

    return F.lit(Decimal(text)).cast(DecimalType(precision, scale))


def _from_zero(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(values)])
