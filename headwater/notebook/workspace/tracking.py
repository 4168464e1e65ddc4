"""Lets MLflow's ``databricks`` and ``databricks-uc`` mean the embedded store, within a run.

Nothing is done before MLflow is first imported. Then the two setters, the client and the environment's two variables are
wrapped: a URI that begins with ``databricks`` or ``uc`` becomes the store of the settings; other URIs stay. Experiments
named by a workspace path and models of three levels are plain names to that store. At the end MLflow points where it did.
"""

from __future__ import annotations

import functools
import importlib
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from headwater.lakehouse import Settings
from headwater.notebook.after_import import after_import
from headwater.notebook.workspace.paths import Places
from headwater.notebook.workspace.python_paths import named_arguments, replaced

__all__ = ["is_workspace_uri", "tracking"]

_SETTERS = {
    "set_tracking_uri": ("mlflow", "mlflow.tracking", "mlflow.tracking._tracking_service.utils"),
    "set_registry_uri": ("mlflow", "mlflow.tracking", "mlflow.tracking._model_registry.utils"),
}


@contextmanager
def tracking(settings: Settings, places: Places) -> Iterator[None]:
    """Point MLflow at the settings' store within, from its first import on, and let it pickle models as a workspace does."""
    with ExitStack() as both:
        both.enter_context(after_import("mlflow", lambda: _pointed(settings, places)))
        for flavor in ("mlflow.sklearn", "mlflow.lightgbm"):
            both.enter_context(after_import(flavor, partial(_pickled, flavor)))
        yield


def is_workspace_uri(uri: object) -> bool:
    """Say whether a URI means a workspace.

    Examples
    --------
    >>> [is_workspace_uri(uri) for uri in ("databricks", "databricks-uc", "databricks://profile", "sqlite:///x.db", None)]
    [True, True, True, False, False]
    """
    text = str(uri)
    return text in {"databricks", "databricks-uc", "uc"} or text.startswith(
        ("databricks://", "databricks-uc://", "uc:")
    )


@contextmanager
def _pointed(settings: Settings, places: Places) -> Iterator[None]:
    import mlflow

    from headwater.training import use_store

    before = (mlflow.get_tracking_uri(), mlflow.get_registry_uri())
    use_store(settings)
    here = mlflow.get_tracking_uri()
    setter = _first_argument(lambda uri: here if is_workspace_uri(uri) else uri)
    what: list[tuple[Any, str, Any]] = [
        (importlib.import_module(module), name, setter) for name, modules in _SETTERS.items() for module in modules
    ]
    client = named_arguments(lambda uri: here if is_workspace_uri(uri) else uri, "tracking_uri", "registry_uri")
    what.append((mlflow.MlflowClient, "__init__", client))
    location = named_arguments(
        lambda path: (
            places.of_python(path) if isinstance(path, str) and path.startswith(("dbfs:", "/Volumes")) else path
        ),
        "artifact_location",
    )
    what.append((mlflow, "create_experiment", location))
    # An experiment chosen before the run, or in it, is not the next one's.
    what.append((importlib.import_module("mlflow.tracking.fluent"), "_active_experiment_id", lambda _: None))
    with replaced(what), _autologging_left_as_it_was():
        try:
            yield
        finally:
            while mlflow.active_run() is not None:
                mlflow.end_run()
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])


@contextmanager
def _autologging_left_as_it_was() -> Iterator[None]:
    """Turn off what a notebook lets log itself; what did so before goes on."""
    import mlflow
    from mlflow.utils.autologging_utils import AUTOLOGGING_INTEGRATIONS as KINDS

    before = {name: dict(options) for name, options in KINDS.items()}
    try:
        yield
    finally:
        if any(options != before.get(name) and not options.get("disable", True) for name, options in KINDS.items()):
            mlflow.autolog(disable=True, silent=True)
            for name, options in before.items():
                KINDS[name].clear()
                KINDS[name].update(options)


@contextmanager
def _pickled(flavor: str) -> Iterator[None]:
    """Let a flavor's default format be cloudpickle, as in a workspace: skops refuses forests, boosting and imputers."""
    module = importlib.import_module(flavor)
    quiet = logging.getLogger(flavor)
    before = quiet.level
    quiet.setLevel(logging.ERROR)  # it warns of each pickle
    try:
        with replaced([(module, "_get_default_serialization_format", lambda _: lambda: "cloudpickle")]):
            yield
    finally:
        quiet.setLevel(before)


def _first_argument(mapping: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def wrap(function: Any) -> Any:
        @functools.wraps(function)
        def mapped(uri: Any, *args: Any, **kwargs: Any) -> Any:
            return function(mapping(uri), *args, **kwargs)

        return mapped

    return wrap
