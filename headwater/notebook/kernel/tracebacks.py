"""Tracebacks as the user needs them: their own code and the libraries', without the runner."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Collection
from pathlib import Path

from headwater.lakehouse import HeadwaterError
from headwater.notebook.reading.cells import Notebook

__all__ = ["know_source", "line_of", "trace_of"]

_OURS = str(Path(__file__).parents[1])


def know_source(notebook: Notebook) -> None:
    """Let tracebacks and `inspect.getsource` find the code of a notebook's cells by file and line.

    A source file's lines are known without their ``# MAGIC``; nothing on the disk changes.
    """
    lines: dict[str, list[str]] = {}
    for cell in notebook.cells:
        known = lines.setdefault(notebook.file_of(cell), [])
        code = cell.code.split("\n")
        known += ["\n"] * (cell.line - 1 + len(code) - len(known))
        known[cell.line - 1 : cell.line - 1 + len(code)] = [f"{line}\n" for line in code]
    for file, known in lines.items():
        # No time of change: linecache then takes the entry as it is and never looks at the file.
        linecache.cache[file] = (sum(map(len, known)), None, known, file)


def trace_of(error: BaseException, files: Collection[str]) -> str:
    """Return the traceback of an error, from the notebook's frames on; `files` are the names of notebooks' code.

    An error that Headwater raises on purpose says what to do; its inner frames are left out.
    """
    made = traceback.TracebackException.from_exception(error)
    _clean(made, files, error)
    return "".join(made.format()).rstrip()


def line_of(error: BaseException, file: str) -> int | None:
    """Return the line of `file` on which the error passed or, for a syntax error, stands; None if it did not."""
    if isinstance(error, SyntaxError) and error.filename == file:
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in frames if frame.filename == file), None)


def _clean(made: traceback.TracebackException, files: Collection[str], error: BaseException | None) -> None:
    frames = [frame for frame in made.stack if not frame.filename.startswith(_OURS)]
    own = [index for index, frame in enumerate(frames) if frame.filename in files]
    if own:
        frames = frames[own[0] :]
        if isinstance(error, HeadwaterError):
            frames = frames[: own[-1] - own[0] + 1]
    elif error is not None and isinstance(error, HeadwaterError | SyntaxError):
        frames = []
    made.stack[:] = frames
    for inner, cause in (
        (made.__cause__, error.__cause__ if error else None),
        (made.__context__, error.__context__ if error else None),
    ):
        if inner is not None:
            _clean(inner, files, cause)
