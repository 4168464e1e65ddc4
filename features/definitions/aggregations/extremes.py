"""The least and the greatest value."""

from __future__ import annotations

from headwater.features.definitions.aggregations.function import Operator

__all__ = ["Max", "Min"]


class Min(Operator):
    """The least value."""


class Max(Operator):
    """The greatest value."""
