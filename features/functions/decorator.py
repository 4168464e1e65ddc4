"""A decorator that keeps a Python function in the catalog, to be used as a feature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from headwater import lakehouse
from headwater.features.definitions.lookups import FeatureFunction
from headwater.features.functions.python_function import CatalogFunction, create_function

__all__ = ["StoredFunction", "feature_function"]


@dataclass(frozen=True)
class StoredFunction:
    """A Python function, callable as ever, that the catalog keeps too."""

    python: Callable[..., Any]
    stored: CatalogFunction

    @property
    def name(self) -> str:
        """Full name in the catalog."""
        return self.stored.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the function's value for one row."""
        return self.python(*args, **kwargs)

    def bind(self, output_name: str | None = None, **columns: str) -> FeatureFunction:
        """Return the feature that the function gives from columns, one for each parameter."""
        return FeatureFunction(udf_name=self.name, input_bindings=columns, output_name=output_name)


def feature_function(name: str | None = None) -> Callable[[Callable[..., Any]], StoredFunction]:
    """Keep the decorated function in the catalog, where it replaces one of the same name; starts a session if none is active.

    Parameters
    ----------
    name
        One to three levels; default: the function's own name in the current schema.

    Notes
    -----
    The function has type hints and stands by itself, as :func:`features.create_function` says. Training sets, models and
    specs that are made of it carry it as it is then.

    Examples
    --------
    ::

        @feature_function("main.ml.margin")
        def margin(price: float, cost: float) -> float | None:
            return None if cost is None else price - cost

        margin(3.0, 1.0)  # 2.0, for one row
        lookups = [FeatureLookup("main.ml.costs", "item"), margin.bind(price="price", cost="cost")]
    """

    def keep(function: Callable[..., Any]) -> StoredFunction:
        return StoredFunction(function, create_function(lakehouse.session(), function, name))

    return keep
