"""Databricks notebooks, run outside a workspace."""

from typing import TYPE_CHECKING

from headwater.on_demand import on_demand

if TYPE_CHECKING:
    from headwater.notebook.errors import CellError, NotebookError
    from headwater.notebook.export.write import write_run
    from headwater.notebook.kernel.results import CellRun, NotebookRun
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

__getattr__, __dir__ = on_demand(__name__, __file__)
