"""What all aggregations of one column over the events of a window have.

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

__all__ = ["Function", "Operator", "OperatorOfSeveral", "has_order", "is_number"]


class Function:
    """What all aggregations have; make one of them, such as Sum or Avg.

    A subclass is one aggregation: a frozen dataclass with its parameters and the type rule :meth:`type_of`. It stands in a file
    of this package; an :class:`~headwater.features.windows.aggregates.aggregate.Aggregate` of the same `kind` computes it.

    Attributes
    ----------
    kind
        Its name in SQL, from the name of the class.
    takes
        Which columns it takes, for errors.
    """

    input: str
    kind: ClassVar[str] = ""
    takes: ClassVar[str] = "numbers, texts or times"

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
        aggregate = self.type_of(kind)
        if aggregate is None:
            raise InvalidInputError(
                f"{self.title} cannot be computed from {kind.simpleString()}: give it a column of {self.takes}."
            )
        return aggregate

    def type_of(self, kind: DataType) -> DataType | None:
        """Return the type of the aggregate of values of a type; None if such values cannot be aggregated so.

        Unless a subclass says otherwise the aggregate is one of the values, which must have an order.
        """
        return kind if has_order(kind) else None

    def _check_input(self) -> None:
        if not isinstance(self.input, str) or not self.input:
            raise InvalidInputError(f"{type(self).__name__} takes the name of a column, found {self.input!r}.")


@dataclass(frozen=True)
class Operator(Function):
    """An aggregation of one column."""

    input: str

    def __post_init__(self) -> None:
        self._check_input()


@dataclass(frozen=True)
class OperatorOfSeveral(Operator):
    """An aggregation whose value is an array of at most `n` of the values."""

    n: int

    def __post_init__(self) -> None:
        self._check_input()
        if not isinstance(self.n, int) or isinstance(self.n, bool) or self.n < 1:
            raise InvalidInputError(f"{type(self).__name__} takes n, a number of at least 1, found {self.n!r}.")

    @property
    def name(self) -> str:
        """Part of a feature's automatic name."""
        return f"{self.kind}_{self.n}"

    def type_of(self, kind: DataType) -> DataType | None:
        """Return an array of the values' type."""
        from pyspark.sql.types import ArrayType

        return ArrayType(kind) if has_order(kind) else None


def is_number(kind: DataType) -> bool:
    """Say whether values of a type are numbers."""
    from pyspark.sql.types import NumericType

    return isinstance(kind, NumericType)


def has_order(kind: DataType) -> bool:
    """Say whether values of a type have an order."""
    from pyspark.sql import types as t

    plain = (t.NumericType, t.BooleanType, t.StringType, t.BinaryType, t.DateType, t.TimestampType, t.TimestampNTZType)
    return isinstance(kind, plain)
