"""Databricks' source format: Python or SQL files that hold a notebook in their comments.

::

    # Databricks notebook source          the first line; `--` instead of `#` in a SQL file
    # MAGIC %md                           lines of another language
    # COMMAND ----------                  between two cells
    # DBTITLE 1,A title                   above a cell
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path
from typing import Literal

from headwater.notebook.errors import NotebookFormatError
from headwater.notebook.reading.cells import Cell, Notebook, cell_of

__all__ = ["is_source_notebook", "parse_source"]

_HEADER = re.compile(r"(#|--|//)\s*Databricks notebook source\s*$")
_SEPARATOR = re.compile(r"(?:#|--)\s?COMMAND -{5,}\s*$")
_TITLE = re.compile(r"(?:#|--)\s?DBTITLE \d+,(.*)$")
_MAGIC = re.compile(r"(?:#|--)\s?MAGIC(?:[ \t](.*))?$")
_Numbered = list[tuple[int, str]]


def is_source_notebook(text: str) -> bool:
    r"""Say whether a file's text begins as a source notebook does.

    Examples
    --------
    >>> is_source_notebook("# Databricks notebook source\nprint(1)"), is_source_notebook("print(1)")
    (True, False)
    """
    return _HEADER.match(_first_line(text)) is not None


def parse_source(path: Path, text: str) -> Notebook:
    r"""Return the notebook that a source file holds; line ends may be Unix's or Windows'.

    Raises
    ------
    NotebookFormatError
        If the first line is not Databricks' header, or the language is neither Python nor SQL.

    Examples
    --------
    >>> made = parse_source(Path("a.py"), "# Databricks notebook source\nx = 1\n\n# COMMAND ----------\n\n# MAGIC %sql SELECT 1")
    >>> [(cell.kind, cell.code, cell.line) for cell in made.cells]
    [('python', 'x = 1', 2), ('sql', 'SELECT 1', 6)]
    """
    header = _HEADER.match(_first_line(text))
    if header is None:
        raise NotebookFormatError(
            str(path),
            "it does not begin with '# Databricks notebook source'",
            "Add that line as its first, or give an .ipynb.",
        )
    if header[1] == "//" or path.suffix.lower() in {".r", ".scala"}:
        raise NotebookFormatError(
            str(path),
            f"its language is {'Scala' if header[1] == '//' else 'R'}",
            "Python and SQL notebooks can be run.",
        )
    language: Literal["python", "sql"] = "sql" if header[1] == "--" else "python"
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    top = next(index for index, line in enumerate(lines) if line.strip())
    numbered = list(enumerate(lines[top + 1 :], start=top + 2))
    cells: list[Cell] = []
    for piece in _pieces(numbered, language):
        made = _cell(piece, len(cells) + 1, language)
        if made is not None:
            cells.append(made)
    return Notebook(path, language, tuple(cells))


def _first_line(text: str) -> str:
    return next((line for line in text.removeprefix("\ufeff").splitlines() if line.strip()), "")


def _pieces(lines: _Numbered, language: str) -> list[_Numbered]:
    """Return the lines of each cell; a separator inside a string literal of Python separates nothing."""
    pieces: list[_Numbered] = [[]]
    separators: list[tuple[int, str]] = []
    for numbered in lines:
        if _SEPARATOR.match(numbered[1]):
            pieces.append([])
            separators.append(numbered)
        else:
            pieces[-1].append(numbered)
    if language == "sql":
        return pieces
    joined: list[_Numbered] = []
    at = 0
    while at < len(pieces):
        piece, end = pieces[at], at
        if _ends_in_string(_text(piece)):
            longer, last = piece, at
            while last + 1 < len(pieces):
                longer = [*longer, separators[last], *pieces[last + 1]]
                last += 1
                if _is_python(_text(longer)):
                    piece, end = longer, last
                    break
        joined.append(piece)
        at = end + 1
    return joined


def _cell(lines: _Numbered, number: int, language: Literal["python", "sql"]) -> Cell | None:
    """Return the cell of a piece, or None if there is nothing in it."""
    lines = _trimmed(lines)
    title = ""
    if lines and (found := _TITLE.match(lines[0][1])):
        title, lines = found[1].strip(), _trimmed(lines[1:])
    if not lines:
        return None
    stripped = [_MAGIC.sub(lambda match: match[1] or "", line) for _, line in lines]
    return cell_of(number, "\n".join(stripped), lines[0][0], language, title)


def _trimmed(lines: _Numbered) -> _Numbered:
    """Return the lines without empty ones at both ends."""
    start, end = 0, len(lines)
    while start < end and not lines[start][1].strip():
        start += 1
    while end > start and not lines[end - 1][1].strip():
        end -= 1
    return lines[start:end]


def _text(lines: _Numbered) -> str:
    return "\n".join(line for _, line in lines)


def _ends_in_string(code: str) -> bool:
    if '"""' not in code and "'''" not in code:
        return False
    try:
        for _ in tokenize.generate_tokens(io.StringIO(code).readline):
            pass
    except tokenize.TokenError as error:
        return "string" in str(error)
    except SyntaxError:  # bad indentation, and on newer Pythons more
        return False
    return False


def _is_python(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError):
        return False
    return True
