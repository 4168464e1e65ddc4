"""What a run of a notebook gives: its cells' outputs, its exit value and its error."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.notebook.errors import CellError
from headwater.notebook.outputs import Output
from headwater.notebook.reading.cells import Cell, Notebook

__all__ = ["CellRun", "NotebookRun"]


@dataclass(frozen=True)
class CellRun:
    """A cell that was run: what it put out, and how long it took."""

    cell: Cell
    outputs: tuple[Output, ...]
    seconds: float


@dataclass(frozen=True)
class NotebookRun:
    """A run: the cells that ran, the value given to ``dbutils.notebook.exit`` or None, and the error or None."""

    notebook: Notebook
    cells: tuple[CellRun, ...]
    exit_value: str | None
    error: CellError | None
    seconds: float

    def check(self) -> NotebookRun:
        """Return itself, or raise the error that ended the run."""
        if self.error is not None:
            raise self.error
        return self
