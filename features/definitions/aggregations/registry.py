"""All aggregation functions by name: the public classes of this package's files, so that a new one is a new file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from headwater.features.definitions import aggregations
from headwater.features.definitions.aggregations.function import Function

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
    classes = {}
    for file in iter_modules(aggregations.__path__):
        if file.name not in _NOT_OF_FUNCTIONS:
            module = import_module(f"{aggregations.__name__}.{file.name}")
            public = (getattr(module, name) for name in module.__all__)
            classes.update({one.__name__: one for one in public})
    return MappingProxyType(dict(sorted(classes.items())))
