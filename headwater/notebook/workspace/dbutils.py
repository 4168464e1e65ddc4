"""``dbutils``: the parts of a workspace's utilities that have a meaning on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from headwater.notebook.errors import NotOnThisMachineError
from headwater.notebook.outputs import Recorder
from headwater.notebook.signals import NotebookExit, PythonRestart
from headwater.notebook.workspace.context import EntryPoint
from headwater.notebook.workspace.data_summary import Data
from headwater.notebook.workspace.file_system import FileSystem
from headwater.notebook.workspace.paths import Places
from headwater.notebook.workspace.secrets import Secrets
from headwater.notebook.workspace.task_values import JobRun, Jobs
from headwater.notebook.workspace.widgets import Widgets

__all__ = ["DBUtils", "Library", "NotebookUtils"]

_PARTS = ("data", "fs", "jobs", "library", "notebook", "secrets", "widgets")
RunNotebook = Callable[[str, float, Mapping[str, str]], str]


class NotebookUtils:
    """``dbutils.notebook``."""

    def __init__(self, run: RunNotebook, path: str) -> None:
        self._run = run
        self.entry_point = EntryPoint(path)

    def run(self, path: str, timeout_seconds: float = 0, arguments: Mapping[str, Any] | None = None) -> str:
        """Run another notebook in a namespace of its own and return what it exits with, or an empty text.

        It shares this Spark session, with its temporary views. Zero seconds are no limit. Calls from several threads run
        one after the other.
        """
        given = {str(name): str(value) for name, value in (arguments or {}).items()}
        return self._run(path, float(timeout_seconds), given)

    def exit(self, value: Any = "") -> NoReturn:
        """End the notebook with success, and with this value as text."""
        raise NotebookExit(str(value))

    def getContext(self) -> Any:  # noqa: N802 - their word
        """Return where the notebook runs."""
        return self.entry_point.getContext()


class Library:
    """``dbutils.library``."""

    def restartPython(self) -> NoReturn:  # noqa: N802 - their word
        """End the cell and lose all variables; the next cell begins with a fresh namespace. Modules stay loaded."""
        raise PythonRestart


class DBUtils:
    """``dbutils``, with ``data``, ``fs``, ``jobs``, ``library``, ``notebook``, ``secrets`` and ``widgets``."""

    def __init__(
        self,
        places: Places,
        recorder: Recorder,
        widgets: Widgets,
        job_run: JobRun | None,
        run: RunNotebook,
        path: str,
        display: Callable[..., None],
    ) -> None:
        self.data = Data(display)
        self.fs = FileSystem(places)
        self.jobs = Jobs(job_run)
        self.library = Library()
        self.notebook = NotebookUtils(run, path)
        self.secrets = Secrets(recorder)
        self.widgets = widgets
        self.entry_point = self.notebook.entry_point

    def help(self, name: str = "") -> None:
        """Print what there is."""
        print(f"dbutils{'.' + name if name else ''}: {', '.join(_PARTS)}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotOnThisMachineError(f"dbutils.{name}", f"Here dbutils has {', '.join(_PARTS)}.")
