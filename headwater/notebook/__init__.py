"""Databricks notebooks, run outside a workspace."""

from headwater.notebook.cells import Cell, Notebook
from headwater.notebook.errors import CellError, NotebookError
from headwater.notebook.reading import is_notebook, read_notebook
from headwater.notebook.run import run_notebook
from headwater.notebook.runner import CellRun, NotebookRun
from headwater.notebook.write import write_run

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
