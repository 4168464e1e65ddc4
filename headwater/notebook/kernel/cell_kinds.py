"""Runs one cell, by its kind."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.notebook.errors import UnsupportedMagicError
from headwater.notebook.kernel.display import bundle, close_figures
from headwater.notebook.kernel.interactive import NO_VALUE, run_code
from headwater.notebook.kernel.shell import shell
from headwater.notebook.outputs import Shown
from headwater.notebook.reading.cells import Cell
from headwater.notebook.reading.magics import as_python

if TYPE_CHECKING:
    from headwater.notebook.kernel.runner import Run

__all__ = ["run_cell"]

_WHOLE = re.compile(r"\s*%%(capture|time|timeit)\b([^\n]*)\n?")


def run_cell(run: Run, cell: Cell, file: str) -> None:
    """Run a cell, its outputs going to the run's recorder; figures left open are shown at its end."""
    _KINDS[cell.kind](run, cell, file)
    for figure in close_figures():
        run.recorder.add(Shown(figure))


def _python(run: Run, cell: Cell, file: str) -> None:
    whole = _WHOLE.match(cell.code)
    code = _WHOLE.sub("\n", cell.code, count=1) if whole else cell.code
    mark, start = run.recorder.mark, time.monotonic()
    value = run_code(as_python(code), run.namespace, file, cell.line)
    if value is not NO_VALUE and value is not None:
        run.namespace["_"] = value
        run.recorder.add(Shown(bundle(value), result=True))
    if whole and whole[1] == "capture":
        run.recorder.drop(mark)
    elif whole:
        run.recorder.write("stdout", f"Wall time: {time.monotonic() - start:.3g} s\n")


def _sql(run: Run, cell: Cell, file: str) -> None:
    del file
    run.sql(cell.code)


def _shell(run: Run, cell: Cell, file: str) -> None:
    del file
    shell(run.recorder, run.host.places, cell.code, check=True)


def _fs(run: Run, cell: Cell, file: str) -> None:
    del file
    run.file_command(cell.code)


def _html(run: Run, cell: Cell, file: str) -> None:
    del file
    run.display_html(cell.code)


def _file(run: Run, cell: Cell, file: str) -> None:
    del file
    name, _, content = cell.code.partition("\n")
    append = name.startswith("-a ")
    path = Path(name.removeprefix("-a ").strip().strip("\"'"))
    with path.open("a" if append else "w", encoding="utf-8") as opened:
        opened.write(content)
    run.recorder.write("stdout", f"{'Appended to' if append else 'Wrote'} {path}\n")


def _other(run: Run, cell: Cell, file: str) -> None:
    del run, file
    raise UnsupportedMagicError(
        f"%{cell.magic}", "Python, SQL, shell and Markdown cells can be run; rewrite it in one of them."
    )


def _nothing(run: Run, cell: Cell, file: str) -> None:
    del run, cell, file


_KINDS: dict[str, Callable[[Run, Cell, str], None]] = {
    "file": _file,
    "fs": _fs,
    "html": _html,
    "markdown": _nothing,
    "other": _other,
    "python": _python,
    "shell": _shell,
    "skip": _nothing,
    "sql": _sql,
}
