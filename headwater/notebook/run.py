"""The front door: runs a notebook from a file."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from headwater import lakehouse
from headwater.lakehouse import Settings
from headwater.notebook.errors import NotebookTimeoutError
from headwater.notebook.kernel.environment import Environment
from headwater.notebook.kernel.results import NotebookRun
from headwater.notebook.kernel.runner import Host, Run
from headwater.notebook.reading.notebooks import read_notebook
from headwater.notebook.workspace.paths import Places
from headwater.notebook.workspace.task_values import JobRun
from headwater.notebook.workspace.tree import repository_of

__all__ = ["run_notebook"]


def run_notebook(
    path: Path | str,
    params: Mapping[str, Any] | None = None,
    *,
    settings: Settings | None = None,
    job_run: str = "",
    task: str = "",
    install: bool = False,
    echo: TextIO | None = None,
) -> NotebookRun:
    r"""Run a Databricks or Jupyter notebook as a workspace would, on this process's Spark session.

    Parameters
    ----------
    path
        Source file (``.py``, ``.sql``) or ``.ipynb``.
    params
        Values of widgets, as texts.
    settings
        Where the embedded store lies; by default the active session's, else as always.
    job_run, task
        Name of a job run and of this task in it (default: the notebook's name): its task values are kept in
        ``.headwater/job_runs/<job run>`` for the other tasks.
    install
        Let ``%pip install`` change this environment.
    echo
        Where the outputs' text is also written as it comes.

    Returns
    -------
    NotebookRun
        Also of a notebook that failed: what its cells put out, and the error; :meth:`NotebookRun.check` raises it.

    Raises
    ------
    NotebookNotFoundError, NotebookFormatError
        If there is no such notebook. Nothing has run then.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "hello.py"
    >>> _ = file.write_text("# Databricks notebook source\ndbutils.notebook.exit('hello')")
    >>> run_notebook(file).exit_value
    'hello'
    """
    notebook = read_notebook(path)
    settings = settings or _settings()
    places = Places(settings.home, notebook.path.parent.absolute())
    with Environment(settings, places) as environment:
        host = Host(
            places=places,
            spark=environment.spark,
            child=_Children(environment),
            install=install,
            job_run=JobRun(settings.home / "job_runs" / job_run, task or notebook.path.stem) if job_run else None,
            echo=echo,
            root=repository_of(notebook.path.parent),
        )
        run = Run(host, notebook, {name: str(value) for name, value in (params or {}).items()})
        with environment.active(run):
            return run.cells()


class _Children:
    """Runs notebooks that a notebook runs, one at a time; a failed one raises its error in the caller."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._one = threading.RLock()

    def __call__(self, parent: Run, path: Path, timeout: float, arguments: Mapping[str, str]) -> str:
        with self._one:
            run = Run(parent.host, read_notebook(path), arguments)
            with self._environment.active(run), _place_of(parent), _time_limit(path, timeout):
                result = run.cells()
            ended = "failed" if result.error else f"exited: {result.exit_value or ''}"
            parent.recorder.write("stdout", f"{path.name} ran {len(result.cells)} cells, {ended}\n")
            return result.check().exit_value or ""


@contextmanager
def _place_of(parent: Run) -> Iterator[None]:
    """Give the caller its current catalog and schema back."""
    if not parent.started:
        yield
        return
    catalog = parent.started[0].catalog
    before = (catalog.currentCatalog(), catalog.currentDatabase())
    try:
        yield
    finally:
        catalog.setCurrentCatalog(before[0])
        catalog.setCurrentDatabase(before[1])


@contextmanager
def _time_limit(path: Path, seconds: float) -> Iterator[None]:
    """Raise in this thread after so many seconds; only the main thread can, others go on."""
    if seconds <= 0 or threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(*_: Any) -> None:
        raise NotebookTimeoutError(str(path), seconds)

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _settings() -> Settings:
    """Return the active session's settings where there is one; asking for it loads no Spark."""
    if "pyspark" in sys.modules:
        from pyspark.sql import SparkSession

        found = SparkSession.getActiveSession()
        if found is not None:
            return lakehouse.settings_of(found)
    return Settings()
