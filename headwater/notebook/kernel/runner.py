"""Runs a notebook: its cells in order, in one namespace, their outputs recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TextIO

from headwater.notebook.errors import CellError
from headwater.notebook.kernel.cell import Names
from headwater.notebook.kernel.cell_kinds import run_cell
from headwater.notebook.kernel.display import display_bundle
from headwater.notebook.kernel.missing_modules import missing_module_hint
from headwater.notebook.kernel.namespace import bind_spark, first_names, mentions_spark
from headwater.notebook.kernel.results import CellRun, NotebookRun
from headwater.notebook.kernel.sql_cells import SqlStatementError, run_statements
from headwater.notebook.kernel.tracebacks import know_source, line_of, trace_of, without_java_frames
from headwater.notebook.outputs import Failure, Recorder, Shown
from headwater.notebook.reading.cells import Cell, Notebook
from headwater.notebook.reading.notebooks import find_notebook, read_notebook
from headwater.notebook.redaction import KnownSecrets
from headwater.notebook.signals import NotebookExit, PythonRestart
from headwater.notebook.workspace.dbutils import DBUtils
from headwater.notebook.workspace.paths import Places
from headwater.notebook.workspace.secrets import secrets_of_environment
from headwater.notebook.workspace.task_values import JobRun
from headwater.notebook.workspace.widgets import Widgets

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["Host", "Run"]


@dataclass
class Host:
    """What all notebooks of one run share."""

    places: Places
    spark: Callable[[], SparkSession]
    child: Callable[[Run, Path, float, Mapping[str, str]], str]
    install: bool = False
    job_run: JobRun | None = None
    echo: TextIO | None = None
    root: Path | None = None
    files: set[str] = field(default_factory=set)
    skipped_installs: list[str] = field(default_factory=list)
    secrets: KnownSecrets = field(default_factory=lambda: KnownSecrets(secrets_of_environment()))


class Run:
    """One notebook's run: its namespace, widgets and recorder. It is the `Kernel` of its cells."""

    def __init__(self, host: Host, notebook: Notebook, params: Mapping[str, str]) -> None:
        self.host, self.notebook = host, notebook
        self.places, self.install, self.skipped_installs = host.places, host.install, host.skipped_installs
        self.recorder = Recorder(host.echo, host.secrets)
        self.widgets = Widgets(params)
        self.started: list[SparkSession] = []
        self._stack = [notebook]
        self._failed: tuple[BaseException, Notebook, Cell] | None = None
        path = str(notebook.path.absolute().with_suffix(""))
        self.dbutils = DBUtils(
            host.places, self.recorder, self.widgets, host.job_run, self._run_other, path, self.display
        )
        self.module = ModuleType("__main__")
        self.namespace: Names = vars(self.module)
        self.reset()

    def cells(self) -> NotebookRun:
        """Run all cells, until one fails or the notebook exits; errors are in what is returned, none is raised."""
        begun, done = time.monotonic(), list[CellRun]()
        exit_value: str | None = None
        error: CellError | None = None
        for cell in self.notebook.cells:
            start = time.monotonic()
            try:
                self._cell(self.notebook, cell)
            except NotebookExit as end:
                exit_value = end.value
                self.recorder.add(Shown({"text/plain": f"Notebook exited: {end.value}"}))
            except BaseException as failure:  # noqa: BLE001 - also SystemExit and KeyboardInterrupt end in a report
                error = self._reported(failure, self.notebook, cell)
            done.append(CellRun(cell, self.recorder.taken(), time.monotonic() - start))
            if error is not None or exit_value is not None:
                break
        exit_value = None if exit_value is None else self.recorder.redacted(exit_value)
        outputs = self.recorder.across([one.outputs for one in done])
        cells = tuple(replace(one, outputs=shown) for one, shown in zip(done, outputs, strict=True))
        return NotebookRun(self.notebook, cells, exit_value, error, time.monotonic() - begun)

    def include(self, name: str, params: Mapping[str, str]) -> None:
        """Run another notebook's cells in this namespace, as ``%run`` does; an exit in it ends it alone."""
        current = self._stack[-1]
        found = read_notebook(find_notebook(name, current.path.parent, self.host.root))
        self._stack.append(found)
        try:
            with self.widgets.given(params):
                for cell in found.cells:
                    self._cell(found, cell)
        except NotebookExit as end:
            self.recorder.write("stdout", f"{found.name} exited: {end.value}\n")
        finally:
            self._stack.pop()

    def sql(self, text: str, *, show: bool = True) -> Any:
        """Run SQL statements, show their results and bind the last as ``_sqldf``; return that."""
        shown = self.display if show else lambda _: None
        last = run_statements(self.spark(), text, self.widgets, shown)
        if last is not None:
            self.namespace["_sqldf"] = last
        return last

    def display(self, *things: Any, **options: Any) -> None:
        """Show things in the cell's outputs."""
        del options  # of streams and visualisations, which have no meaning here
        for thing in things:
            self.recorder.add(Shown(display_bundle(thing, self.recorder.redacted)))

    def display_html(self, text: str) -> None:
        """Show HTML in the cell's outputs."""
        self.recorder.add(Shown({"text/html": str(text), "text/plain": "HTML"}))

    def file_command(self, text: str) -> None:
        """Run what stands after ``%fs``: a function of `dbutils.fs` and its arguments, as words."""
        import shlex

        name, *arguments = shlex.split(text)
        value = getattr(self.dbutils.fs, name)(
            *(argument == "true" if argument in {"true", "false"} else argument for argument in arguments)
        )
        if isinstance(value, str):
            print(value)
        elif value is not None:
            self.display(value)

    def spark(self) -> SparkSession:
        """Return the session; the first call binds ``spark`` and its kin in the namespace."""
        if not self.started:
            self.started.append(self.host.spark())
            bind_spark(self.namespace, self.started[0])
        return self.started[0]

    def reset(self) -> None:
        """Give the namespace the names that it begins with, and no others."""
        self.namespace.clear()
        self.namespace.update(first_names(self))
        if self.started:
            bind_spark(self.namespace, self.started[0])

    def _cell(self, notebook: Notebook, cell: Cell) -> None:
        file = notebook.file_of(cell)
        if file not in self.host.files:
            know_source(notebook)
            self.host.files.update(notebook.file_of(one) for one in notebook.cells)
        try:
            if not self.started and mentions_spark(notebook):
                self.spark()
            run_cell(self, cell, file)
        except PythonRestart:
            self.reset()
        except NotebookExit:
            raise
        except BaseException as failure:
            if self._failed is None or self._failed[0] is not failure:
                self._failed = (failure, notebook, cell)
            raise

    def _reported(self, failure: BaseException, notebook: Notebook, cell: Cell) -> CellError:
        """Record the failure and return it as an error that names the innermost notebook's cell and line."""
        if self._failed is not None and self._failed[0] is failure:
            _, notebook, cell = self._failed
        line = line_of(failure, notebook.file_of(cell))
        if isinstance(failure, SqlStatementError) and failure.__cause__ is not None:
            line, failure = cell.line + failure.line, failure.__cause__
            failure.__suppress_context__ = True
        if hint := missing_module_hint(failure, self.skipped_installs):
            failure.add_note(hint)
        trace, message = trace_of(failure, self.host.files), without_java_frames(str(failure))
        message = f"{message}. {hint}" if hint else message
        self.recorder.add(Failure(type(failure).__name__, message, trace))
        cause = self.recorder.redacted(f"{type(failure).__name__}: {message}")
        return CellError(str(notebook.path), cell.number, cell.title, line, cause, self.recorder.redacted(trace))

    def _run_other(self, path: str, timeout: float, arguments: Mapping[str, str]) -> str:
        found = find_notebook(path, self._stack[-1].path.parent, self.host.root)
        return self.host.child(self, found, timeout, arguments)
