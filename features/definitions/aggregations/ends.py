"""The earliest and the latest values."""

from __future__ import annotations

from headwater.features.definitions.aggregations.function import Operator, OperatorOfSeveral

__all__ = ["First", "FirstDistinct", "FirstN", "Last", "LastDistinct", "LastN"]


class First(Operator):
    """The earliest value; of several at one time the least."""


class Last(Operator):
    """The latest value; of several at one time the greatest."""


class FirstN(OperatorOfSeveral):
    """The `n` earliest values, earliest first: an array, shorter where there are fewer."""


class LastN(OperatorOfSeveral):
    """The `n` latest values, latest first: an array, shorter where there are fewer."""


class FirstDistinct(OperatorOfSeveral):
    """The `n` different values that occur earliest, in the order in which they first occur."""


class LastDistinct(OperatorOfSeveral):
    """The `n` different values that occur latest, the one that occurs last first."""
