"""All forms of the join by their names: the public classes of the files in ``forms/``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from headwater.features.joins import forms
from headwater.features.joins.form import JoinForm
from headwater.plug_points import modules_of

__all__ = ["join_forms"]


@cache
def join_forms() -> Mapping[str, JoinForm]:
    """Return the forms by name, in the order in which the planner asks them.

    Examples
    --------
    >>> [name for name, form in join_forms().items() if not form.needs_time]
    ['join by keys']
    """
    public = [getattr(module, name) for module in modules_of(forms) for name in module.__all__]
    instances = [thing() for thing in public if isinstance(thing, type) and issubclass(thing, JoinForm)]
    return MappingProxyType({form.name: form for form in sorted(instances, key=lambda form: form.rank)})
