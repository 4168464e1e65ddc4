"""The kinds of change that are looked for: every file of this folder that has a ``KIND``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from headwater.monitoring.alerts.kinds.kind import Kind
from headwater.plug_points import modules_of

__all__ = ["all_kinds"]


@cache
def all_kinds() -> Mapping[str, Kind]:
    """Return the kinds by name.

    Examples
    --------
    >>> list(all_kinds())
    ['new categories', 'nulls', 'repeats', 'tails', 'values']
    """
    modules = modules_of("headwater.monitoring.alerts.kinds")
    kinds: list[Kind] = [module.KIND for module in modules if hasattr(module, "KIND")]
    return {kind.name: kind for kind in sorted(kinds, key=lambda kind: kind.name)}
