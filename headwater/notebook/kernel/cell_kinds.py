"""Runs one cell, by its kind."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from headwater.notebook.errors import UnsupportedMagicError
from headwater.notebook.kernel.cell import Kernel
from headwater.notebook.kernel.display import bundle, close_figures
from headwater.notebook.kernel.interactive import NO_VALUE, run_code
from headwater.notebook.kernel.shell import shell
from headwater.notebook.outputs import Shown
from headwater.notebook.reading.cells import Cell
from headwater.notebook.reading.magics import as_python

__all__ = ["run_cell"]

_WHOLE = re.compile(r"\s*%%(capture|time|timeit)\b([^\n]*)\n?")


def run_cell(kernel: Kernel, cell: Cell, file: str) -> None:
    """Run a cell, its outputs going to the run's recorder; figures left open are shown at its end."""
    _KINDS[cell.kind](kernel, cell, file)
    for figure in close_figures():
        kernel.recorder.add(Shown(figure))


def _python(kernel: Kernel, cell: Cell, file: str) -> None:
    whole = _WHOLE.match(cell.code)
    code = _WHOLE.sub("\n", cell.code, count=1) if whole else cell.code
    mark, start = kernel.recorder.mark, time.monotonic()
    value = run_code(as_python(code), kernel.namespace, file, cell.line)
    if value is not NO_VALUE and value is not None:
        kernel.namespace["_"] = value
        kernel.recorder.add(Shown(bundle(value), result=True))
    if whole and whole[1] == "capture":
        kernel.recorder.drop(mark)
    elif whole:
        kernel.recorder.write("stdout", f"Wall time: {time.monotonic() - start:.3g} s\n")


def _sql(kernel: Kernel, cell: Cell, file: str) -> None:
    del file
    kernel.sql(cell.code)


def _shell(kernel: Kernel, cell: Cell, file: str) -> None:
    del file
    shell(kernel.recorder, kernel.places, cell.code, check=True)


def _fs(kernel: Kernel, cell: Cell, file: str) -> None:
    del file
    kernel.file_command(cell.code)


def _html(kernel: Kernel, cell: Cell, file: str) -> None:
    del file
    kernel.display_html(cell.code)


def _file(kernel: Kernel, cell: Cell, file: str) -> None:
    del file
    name, _, content = cell.code.partition("\n")
    append = name.startswith("-a ")
    path = Path(name.removeprefix("-a ").strip().strip("\"'"))
    with path.open("a" if append else "w", encoding="utf-8") as opened:
        opened.write(content)
    kernel.recorder.write("stdout", f"{'Appended to' if append else 'Wrote'} {path}\n")


def _other(kernel: Kernel, cell: Cell, file: str) -> None:
    del kernel, file
    raise UnsupportedMagicError(
        f"%{cell.magic}", "Python, SQL, shell and Markdown cells can be run; rewrite it in one of them."
    )


def _nothing(kernel: Kernel, cell: Cell, file: str) -> None:
    del kernel, cell, file


_KINDS: dict[str, Callable[[Kernel, Cell, str], None]] = {
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
