"""Tracebacks as the user needs them: their own code and the libraries', without the runner."""

from __future__ import annotations

import linecache
import re
import traceback
from collections.abc import Collection
from pathlib import Path

from headwater.lakehouse import HeadwaterError, fault_of
from headwater.notebook.reading.cells import Notebook

__all__ = ["know_source", "line_of", "trace_of", "without_java_frames"]

# Lines of a trace as Java prints it, with the headings that Spark puts over them.
_JAVA_FRAMES = re.compile(
    r"((?:^\s*at [\w.$<>/@-]+\([^()\n]*\)\n?|^\s*\.\.\. \d+ more\n?|^\s*(?:Driver|JVM) stacktrace:\n)+)", re.MULTILINE
)
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

    An error that Headwater raises on purpose says what to do; its inner frames are left out. One of Spark's about a table's file
    that is missing or damaged, or about a full disk, is followed by what to do.
    """
    made = traceback.TracebackException.from_exception(error)
    _clean(made, files, error)
    text = without_java_frames("".join(made.format())).rstrip()
    fault = None if isinstance(error, HeadwaterError) else fault_of(error)
    return text if fault is None else f"{text}\n{fault}"


def without_java_frames(text: str) -> str:
    r"""Return an error's text without the frames of Java's traces and without causes that repeat what was said before.

    Examples
    --------
    >>> print(without_java_frames("java.io.IOException: full\n\tat a.B.c(D.java:1)\n\tat e.F.g(H.java:2)\n").expandtabs(4))
    java.io.IOException: full
        … (2 lines of Java's trace)
    <BLANKLINE>
    """
    kept: list[str] = []
    left_out = 0
    for block in _JAVA_FRAMES.split(text):
        said = block.removeprefix("Caused by: ").strip()
        if _JAVA_FRAMES.fullmatch(block) or (said and any(said in before for before in kept)):
            left_out += block.count("\n")
        else:
            kept.append(block)
    if not left_out:
        return text
    return "".join([kept[0], f"\t… ({left_out} lines of Java's trace)\n", *kept[1:]])


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
