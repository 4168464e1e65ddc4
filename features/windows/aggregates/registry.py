"""All aggregates by the functions that they compute: the public classes of this package's files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from headwater.features.windows import aggregates
from headwater.features.windows.aggregates.aggregate import Aggregate
from headwater.lakehouse import InvalidInputError
from headwater.plug_points import modules_of

if TYPE_CHECKING:
    from headwater.features.definitions.aggregations.function import Function

__all__ = ["aggregate_of", "all_aggregates"]

_NOT_OF_AGGREGATES = ("aggregate", "registry")


@cache
def all_aggregates() -> Mapping[str, Aggregate]:
    """Return the aggregates by the `kind` of their functions.

    Examples
    --------
    >>> all_aggregates()["count"].is_zero_of_nothing
    True
    """
    modules = modules_of(aggregates, but=_NOT_OF_AGGREGATES)
    found: list[Aggregate] = [getattr(module, name)() for module in modules for name in module.__all__]
    return MappingProxyType({one.function: one for one in sorted(found, key=lambda one: one.function)})


def aggregate_of(function: Function) -> Aggregate:
    """Return what computes a function.

    Raises
    ------
    InvalidInputError
        Nothing does.
    """
    if function.kind not in all_aggregates():
        raise InvalidInputError(
            f"{function.title} cannot be computed over windows: windows/aggregates has no class for {function.kind!r}."
        )
    return all_aggregates()[function.kind]
