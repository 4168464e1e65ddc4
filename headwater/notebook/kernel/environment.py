"""What is different in this process while a notebook runs; all of it is undone at the end."""

from __future__ import annotations

import functools
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from headwater.lakehouse import Settings
from headwater.notebook.after_import import after_import
from headwater.notebook.kernel.imports import databricks_imports
from headwater.notebook.kernel.namespace import runtime_names
from headwater.notebook.kernel.runner import Run
from headwater.notebook.workspace.client import workspace_client
from headwater.notebook.workspace.cluster import cluster_settings, runtime_version
from headwater.notebook.workspace.connect import connect_names
from headwater.notebook.workspace.import_paths import import_paths
from headwater.notebook.workspace.paths import Places
from headwater.notebook.workspace.python_paths import python_paths, replaced
from headwater.notebook.workspace.spark_paths import spark_paths
from headwater.notebook.workspace.tracking import tracking
from headwater.notebook.workspace.tree import repository_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["Environment"]

_OURS = {"headwater"}
_PER_RUN = ("databricks.sdk.runtime", "pyspark.dbutils")


class Environment:
    """The process of a run: entered once, and then active for one notebook after the other."""

    def __init__(self, settings: Settings, places: Places) -> None:
        self._settings, self._places = settings, places
        self._undo = ExitStack()
        self._active: list[Run] = []
        self._spark: SparkSession | None = None

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.enter_context(_variables(self._settings))
            undo.enter_context(runtime_version(lambda: self._active[-1].namespace if self._active else None))
            undo.enter_context(_plain_warnings())
            undo.enter_context(databricks_imports(self._modules()))
            undo.enter_context(tracking(self._settings, self._places))
            for module, make in (
                ("matplotlib.pyplot", self._inline_figures),
                ("plotly.basedatatypes", self._inline_plotly),
                ("IPython.display", self._inline_ipython),
                ("databricks.sdk", lambda: workspace_client(self._settings, self._places, self.spark)),
            ):
                undo.enter_context(after_import(module, make))
            undo.enter_context(python_paths(self._places))
            undo.enter_context(import_paths(self._places))
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def spark(self) -> SparkSession:
        """Return the session, started at the first call; from then on its readers and writers map paths."""
        if self._spark is None:
            from headwater import session

            self._spark = session(self._settings)
            self._undo.enter_context(spark_paths(self._places))
            self._undo.enter_context(cluster_settings(self._spark))
            self._undo.enter_context(self._frames_display())
        return self._spark

    @contextmanager
    def active(self, run: Run) -> Iterator[None]:
        """Let a notebook be the main module, its folder the working one, and its recorder take what is written."""
        folder = run.notebook.path.parent
        main, cwd, path, loaded = sys.modules["__main__"], Path.cwd(), list(sys.path), set(sys.modules)
        # The empty text is the working folder, wherever %cd leads.
        sys.path[:0] = list(dict.fromkeys([str(folder), str(repository_of(folder)), ""]))
        sys.modules["__main__"] = run.module
        for name in _PER_RUN:
            sys.modules.pop(name, None)
        os.chdir(folder)
        self._active.append(run)
        try:
            with run.recorder.streams():
                yield
        finally:
            self._active.pop()
            os.chdir(cwd)
            sys.modules["__main__"], sys.path[:] = main, path
            _unload(set(sys.modules) - loaded, repository_of(folder))

    def _modules(self) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
        made: dict[str, Callable[[], Mapping[str, Any]]] = {
            "databricks.connect": lambda: connect_names(self._active[-1].spark),
            "databricks.sdk.runtime": lambda: runtime_names(self._active[-1]),
            "pyspark.dbutils": lambda: {"DBUtils": lambda *_: self._active[-1].dbutils},
        }
        if PathFinder.find_spec("IPython") is None:
            from headwater.notebook.kernel import ipython_names as names

            made["IPython"] = lambda: {"get_ipython": lambda: None, "version_info": (9, 0, 0)}
            made["IPython.display"] = lambda: names.display_names(self._display)
        return made

    def _display(self, *things: Any, **options: Any) -> None:
        self._active[-1].display(*things, **options)

    @contextmanager
    def _inline_figures(self) -> Iterator[None]:
        """Let ``plt.show()`` put figures into the cell's outputs."""
        import matplotlib.pyplot as plt

        from headwater.notebook.kernel import inline

        before = plt.get_backend()
        plt.switch_backend("module://headwater.notebook.kernel.inline")
        inline.shown.append(self._display)
        try:
            yield
        finally:
            inline.shown.pop()
            plt.switch_backend(before if before != "module://headwater.notebook.kernel.inline" else "agg")

    def _inline_plotly(self) -> Any:
        from plotly.basedatatypes import BaseFigure

        return replaced([(BaseFigure, "show", lambda _: lambda figure, *_args, **_options: self._display(figure))])

    def _inline_ipython(self) -> Any:
        return replaced([(sys.modules["IPython.display"], "display", lambda _: self._display)])

    @contextmanager
    def _frames_display(self) -> Iterator[None]:
        """Give Spark's frames the method ``display``."""
        from pyspark.sql.dataframe import DataFrame

        display = functools.partialmethod(_display_frame, self._display)
        DataFrame.display = display  # type: ignore[attr-defined]
        try:
            yield
        finally:
            del DataFrame.display  # type: ignore[attr-defined]


def _display_frame(frame: Any, display: Callable[..., None], *_: Any, **options: Any) -> None:
    display(frame, **options)


@contextmanager
def _variables(settings: Settings) -> Iterator[None]:
    """Hand the settings on through the environment, since the run changes folders; restore it whole at the end."""
    before = dict(os.environ)
    fixed = {"home": str(settings.home)}
    for name in settings.model_fields_set - set(fixed):
        value = getattr(settings, name)
        fixed[name] = json.dumps(value) if isinstance(value, dict) else "" if value is None else str(value)
    os.environ.update({f"HEADWATER_{name.upper()}": value for name, value in fixed.items() if value})
    os.environ.setdefault("MPLBACKEND", "module://headwater.notebook.kernel.inline")
    os.environ.setdefault("MLFLOW_DFS_TMP", str(settings.home / "tmp"))  # where MLflow saves Spark models on their way
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # a bar is no output of a cell
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Let warnings be what they are in a process of its own, unless it was started with rules for them.

    A test runner that makes errors of warnings ends threads of libraries with them: hyperopt then waits for its trials for ever.
    """
    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.resetwarnings()
            for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
                warnings.simplefilter("ignore", kind)
            warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
        yield


def _unload(names: set[str], folder: Path) -> None:
    """Forget modules that were loaded from a folder, so that another run's of the same name are not taken for them.

    Headwater's own stay, also where the folder is its repository.
    """
    for name in (name for name in names if name.partition(".")[0] not in _OURS):
        file = getattr(sys.modules.get(name), "__file__", None)
        if file and Path(file).is_relative_to(folder) and "site-packages" not in file:
            del sys.modules[name]
