"""Aggregations of one column over the events of a window.

NULLs are passed over. Of no values a count is 0, all else is NULL. Order is by event time, and at one time by value (NaN is
the greatest number): a total order, so that first and last have one answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from headwater.lakehouse import InvalidInputError

if TYPE_CHECKING:
    from pyspark.sql.types import DataType

__all__ = [
    "ApproxCountDistinct",
    "ApproxPercentile",
    "Avg",
    "Count",
    "First",
    "FirstDistinct",
    "FirstN",
    "Function",
    "Last",
    "LastDistinct",
    "LastN",
    "Max",
    "Min",
    "Operator",
    "PercentileApprox",
    "StddevPop",
    "StddevSamp",
    "Sum",
    "VarPop",
    "VarSamp",
]

_WHOLE = ("tinyint", "smallint", "int", "bigint")
_BROKEN = ("float", "double")


class Function:
    """What all aggregations have; make one of them, such as Sum or Avg."""

    input: str
    kind: ClassVar[str] = ""

    def __init__(self, inputs: Sequence[str]) -> None:
        raise InvalidInputError(f"A Function of {inputs!r} is one of Sum, Avg, Count, First, …: make one of these.")

    def __init_subclass__(cls) -> None:
        cls.kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()

    @property
    def inputs(self) -> list[str]:
        """The columns that are aggregated."""
        return [self.input]

    @property
    def name(self) -> str:
        """Part of a feature's automatic name."""
        return self.kind

    @property
    def title(self) -> str:
        """How errors name it."""
        return f"{type(self).__name__} of {self.input!r}"

    def extra_parameters(self) -> dict[str, Any]:
        """Return what the aggregation has beside its input, as far as it was given."""
        return {key: value for key, value in vars(self).items() if key != "input" and value is not None}

    def returns(self, kind: DataType) -> DataType:
        """Return the type of the aggregate of values of a type.

        Raises
        ------
        InvalidInputError
            Such values cannot be aggregated so.
        """
        from pyspark.sql import types as t

        found = kind.simpleString()
        number = found in (*_WHOLE, *_BROKEN) or isinstance(kind, t.DecimalType)
        if self.kind in ("count", "approx_count_distinct"):
            if self.kind == "count" or _has_order(kind):
                return t.LongType()
        elif self.kind in ("sum", "avg", "stddev_pop", "stddev_samp", "var_pop", "var_samp"):
            if number or found == "boolean":
                return _total(kind) if self.kind == "sum" else t.DoubleType()
        elif self.kind == "approx_percentile":
            if number or found in ("date", "timestamp"):
                return kind
        elif _has_order(kind):
            several = self.kind in ("first_n", "last_n", "first_distinct", "last_distinct")
            return t.ArrayType(kind) if several else kind
        raise InvalidInputError(
            f"{self.title} cannot be computed from {found}: give it a column of numbers"
            + (
                "."
                if self.kind in ("sum", "avg") or "_pop" in self.kind or "_samp" in self.kind
                else ", texts or times."
            )
        )

    def _check_input(self) -> None:
        if not isinstance(self.input, str) or not self.input:
            raise InvalidInputError(f"{type(self).__name__} takes the name of a column, found {self.input!r}.")


@dataclass(frozen=True)
class Operator(Function):
    """An aggregation of one column."""

    input: str

    def __post_init__(self) -> None:
        self._check_input()


class Sum(Operator):
    """The sum: BIGINT of integers, DOUBLE of floats, DECIMAL of decimals; one that does not fit raises, as Spark's does."""


class Avg(Operator):
    """The mean, DOUBLE: of integers and decimals it is taken of the exact total, however large."""


class Count(Operator):
    """The number of values that are not NULL, BIGINT."""


class Min(Operator):
    """The least value."""


class Max(Operator):
    """The greatest value."""


class First(Operator):
    """The earliest value; of several at one time the least."""


class Last(Operator):
    """The latest value; of several at one time the greatest."""


class StddevPop(Operator):
    """The standard deviation of all values, DOUBLE."""


class StddevSamp(Operator):
    """The standard deviation estimated from a sample, DOUBLE; NULL of one value."""


class VarPop(Operator):
    """The variance of all values, DOUBLE."""


class VarSamp(Operator):
    """The variance estimated from a sample, DOUBLE; NULL of one value."""


@dataclass(frozen=True)
class _Several(Operator):
    n: int

    def __post_init__(self) -> None:
        self._check_input()
        if not isinstance(self.n, int) or isinstance(self.n, bool) or self.n < 1:
            raise InvalidInputError(f"{type(self).__name__} takes n, a number of at least 1, found {self.n!r}.")

    @property
    def name(self) -> str:
        """Part of a feature's automatic name."""
        return f"{self.kind}_{self.n}"


class FirstN(_Several):
    """The `n` earliest values, earliest first: an array, shorter where there are fewer."""


class LastN(_Several):
    """The `n` latest values, latest first: an array, shorter where there are fewer."""


class FirstDistinct(_Several):
    """The `n` different values that occur earliest, in the order in which they first occur."""


class LastDistinct(_Several):
    """The `n` different values that occur latest, the one that occurs last first."""


@dataclass(frozen=True)
class ApproxCountDistinct(Operator):
    """The number of different values, BIGINT. Here it is exact, which any `relativeSD` allows."""

    relativeSD: float | None = None  # noqa: N815

    def __post_init__(self) -> None:
        self._check_input()
        if self.relativeSD is not None and not 0 < self.relativeSD < 1:
            raise InvalidInputError(f"relativeSD must lie between 0 and 1, found {self.relativeSD!r}.")


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


PercentileApprox = ApproxPercentile


def _total(kind: DataType) -> DataType:
    from pyspark.sql import types as t

    if isinstance(kind, t.DecimalType):
        return t.DecimalType(min(38, kind.precision + 10), kind.scale)
    return t.DoubleType() if kind.simpleString() in _BROKEN else t.LongType()


def _has_order(kind: DataType) -> bool:
    from pyspark.sql import types as t

    plain = (t.NumericType, t.BooleanType, t.StringType, t.BinaryType, t.DateType, t.TimestampType, t.TimestampNTZType)
    return isinstance(kind, plain)
