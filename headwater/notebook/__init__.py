"""Databricks notebooks, run outside a workspace."""

from headwater.notebook.errors import CellError, NotebookError
from headwater.notebook.export.write import write_run
from headwater.notebook.kernel.runner import CellRun, NotebookRun
from headwater.notebook.reading.cells import Cell, Notebook
from headwater.notebook.reading.notebooks import is_notebook, read_notebook
from headwater.notebook.run import run_notebook

__all__ = [
    "Cell",
    "CellError",
    "CellRun",
    "Notebook",
    "NotebookError",
    "NotebookRun",
    "is_notebook",
    "read_notebook",
    "run_notebook",
    "write_run",
]
