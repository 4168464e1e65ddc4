"""The kinds of change that are looked for: every file of this folder that has a ``KIND``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

from headwater.monitoring.alerts.kinds.kind import Kind

__all__ = ["all_kinds"]


def all_kinds() -> Mapping[str, Kind]:
    """Return the kinds by name.

    Examples
    --------
    >>> list(all_kinds())
    ['new categories', 'nulls', 'tails', 'values']
    """
    package = importlib.import_module("headwater.monitoring.alerts.kinds")
    modules = [
        importlib.import_module(f"{package.__name__}.{one.name}") for one in pkgutil.iter_modules(package.__path__)
    ]
    kinds: list[Kind] = [module.KIND for module in modules if hasattr(module, "KIND")]
    return {kind.name: kind for kind in sorted(kinds, key=lambda kind: kind.name)}
