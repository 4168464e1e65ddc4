"""An executed notebook in Jupyter's format."""

from __future__ import annotations

from typing import Any

from headwater.notebook.kernel.results import CellRun, NotebookRun
from headwater.notebook.outputs import Failure, Output, Shown, Stream
from headwater.notebook.reading.cells import Cell

__all__ = ["as_ipynb"]


def as_ipynb(run: NotebookRun) -> str:
    """Return the notebook with its outputs as JSON that :func:`nbformat.validate` accepts."""
    import nbformat
    from nbformat import v4

    done = {one.cell.number: one for one in run.cells}
    made = v4.new_notebook(
        cells=[_cell(cell, done.get(cell.number)) for cell in run.notebook.cells],
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": run.notebook.language},
        },
    )
    nbformat.validate(made)
    written: str = nbformat.writes(made)
    return written


def _cell(cell: Cell, done: CellRun | None) -> Any:
    from nbformat import v4

    metadata: dict[str, Any] = {"title": cell.title} if cell.title else {}
    name = f"cell-{cell.number}"
    if cell.kind == "markdown":
        return v4.new_markdown_cell(cell.code, metadata=metadata, id=name)
    outputs = [_output(output, cell.number) for output in done.outputs] if done else []
    if done:
        metadata["headwater"] = {"seconds": round(done.seconds, 3)}
    count = cell.number if done else None
    return v4.new_code_cell(cell.text, outputs=outputs, execution_count=count, metadata=metadata, id=name)


def _output(output: Output, count: int) -> Any:
    from nbformat import v4

    match output:
        case Stream():
            return v4.new_output("stream", name=output.name, text=output.text)
        case Failure():
            return v4.new_output("error", ename=output.name, evalue=output.message, traceback=output.trace.split("\n"))
        case Shown(result=True):
            return v4.new_output("execute_result", data=dict(output.data), execution_count=count)
        case Shown():
            return v4.new_output("display_data", data=dict(output.data))
