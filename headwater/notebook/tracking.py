"""Lets MLflow's ``databricks`` and ``databricks-uc`` mean the embedded store, within a run.

Nothing is done before MLflow is first imported. Then the two setters, the client and the environment's two variables are
wrapped: a URI that begins with ``databricks`` or ``uc`` becomes the store of the settings; other URIs stay. Experiments
named by a workspace path and models of three levels are plain names to that store. At the end MLflow points where it did.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from headwater.notebook.paths import Places
from headwater.notebook.python_paths import replaced
from lakehouse import Settings

__all__ = ["is_workspace_uri", "tracking"]

_SETTERS = {
    "set_tracking_uri": ("mlflow", "mlflow.tracking", "mlflow.tracking._tracking_service.utils"),
    "set_registry_uri": ("mlflow", "mlflow.tracking", "mlflow.tracking._model_registry.utils"),
}


@contextmanager
def tracking(settings: Settings, places: Places) -> Iterator[None]:
    """Point MLflow at the settings' store within, from its first import on."""
    with ExitStack() as undo:

        def point() -> None:
            undo.enter_context(_pointed(settings, places))

        if "mlflow" in sys.modules:
            point()
        else:
            finder = _AfterImport("mlflow", point)
            sys.meta_path.insert(0, finder)
            undo.callback(lambda: finder in sys.meta_path and sys.meta_path.remove(finder))
        yield


def is_workspace_uri(uri: object) -> bool:
    """Say whether a URI means a workspace.

    Examples
    --------
    >>> [is_workspace_uri(uri) for uri in ("databricks", "databricks-uc", "databricks://profile", "sqlite:///x.db", None)]
    [True, True, True, False, False]
    """
    text = str(uri)
    return text in {"databricks", "databricks-uc", "uc"} or text.startswith(("databricks://", "databricks-uc://", "uc:"))


@contextmanager
def _pointed(settings: Settings, places: Places) -> Iterator[None]:
    import mlflow

    from training import use_store

    before = (mlflow.get_tracking_uri(), mlflow.get_registry_uri())
    use_store(settings)
    here = mlflow.get_tracking_uri()
    setter = _first_argument(lambda uri: here if is_workspace_uri(uri) else uri)
    what: list[tuple[Any, str, Any]] = [
        (importlib.import_module(module), name, setter) for name, modules in _SETTERS.items() for module in modules
    ]
    client = _named_arguments(lambda uri: here if is_workspace_uri(uri) else uri, "tracking_uri", "registry_uri")
    what.append((mlflow.MlflowClient, "__init__", client))
    location = _named_arguments(
        lambda path: places.of_python(path) if isinstance(path, str) and path.startswith(("dbfs:", "/Volumes")) else path,
        "artifact_location",
    )
    what.append((mlflow, "create_experiment", location))
    with replaced(what):
        try:
            yield
        finally:
            while mlflow.active_run() is not None:
                mlflow.end_run()
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])


def _first_argument(mapping: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def wrap(function: Any) -> Any:
        @functools.wraps(function)
        def mapped(uri: Any, *args: Any, **kwargs: Any) -> Any:
            return function(mapping(uri), *args, **kwargs)

        return mapped

    return wrap


def _named_arguments(mapping: Callable[[Any], Any], *names: str) -> Callable[[Any], Any]:
    """Return a decorator that maps arguments by name; they may be given by position."""

    def wrap(function: Any) -> Any:
        import inspect

        signature = inspect.signature(function)

        @functools.wraps(function)
        def mapped(*args: Any, **kwargs: Any) -> Any:
            bound = signature.bind(*args, **kwargs)
            for name in names:
                if name in bound.arguments:
                    bound.arguments[name] = mapping(bound.arguments[name])
            return function(*bound.args, **bound.kwargs)

        return mapped

    return wrap


class _AfterImport(MetaPathFinder, Loader):
    """Does something once, after a module has been imported for the first time."""

    def __init__(self, name: str, then: Callable[[], None]) -> None:
        self._name, self._then = name, then

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        del path, target
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is None or spec.loader is None:
            return None
        load, then = spec.loader.exec_module, self._then

        def exec_module(module: ModuleType) -> None:
            load(module)
            spec.loader.exec_module = load  # type: ignore[union-attr, method-assign]
            then()

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
