"""All aggregation functions by name: the public classes of this package's files, so that a new one is a new file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from headwater.features.definitions import aggregations
from headwater.features.definitions.aggregations.function import Function
from headwater.plug_points import modules_of

__all__ = ["aggregation_functions"]

_NOT_OF_FUNCTIONS = ("function", "registry")


@cache
def aggregation_functions() -> Mapping[str, type[Function]]:
    """Return the classes of all aggregation functions by their names, which stored definitions may name.

    Examples
    --------
    >>> aggregation_functions()["StddevPop"].kind
    'stddev_pop'
    """
    modules = modules_of(aggregations, but=_NOT_OF_FUNCTIONS)
    classes = {name: getattr(module, name) for module in modules for name in module.__all__}
    return MappingProxyType(dict(sorted(classes.items())))
