"""A notebook as frozen data: cells, each of one kind. Knows no file format and runs nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Cell", "Kind", "Notebook", "cell_of"]

Kind = Literal["file", "fs", "html", "markdown", "other", "python", "shell", "skip", "sql"]

# A magic that begins a cell and says what kind it is; every other one is a line of Python code.
KINDS: dict[str, Kind] = {
    "bash": "shell",
    "fs": "fs",
    "html": "html",
    "markdown": "markdown",
    "md": "markdown",
    "md-sandbox": "markdown",
    "python": "python",
    "r": "other",
    "scala": "other",
    "sh": "shell",
    "skip": "skip",
    "sql": "sql",
    "writefile": "file",
}
_MAGIC = re.compile(r"\s*%(%?)([A-Za-z][\w-]*)[ \t]*(.*)$", re.DOTALL)
# These stand in the first line of a cell and take the rest of the cell only with two percent signs; `%sql` always does.
_ONLY_DOUBLE = {"bash", "html", "markdown", "writefile"}


@dataclass(frozen=True)
class Cell:
    """One cell.

    Parameters
    ----------
    number
        Place in the notebook, from 1.
    kind
        What runs it.
    code
        What is run: the text without the magic that names the kind.
    text
        What a notebook shows.
    line
        Line of the file on which `code` begins, from 1; in an .ipynb, the line of the cell.
    title
        Title given with ``DBTITLE``, or empty.
    magic
        The word of the magic that named the kind (``scala``), or empty.
    """

    number: int
    kind: Kind
    code: str
    text: str
    line: int
    title: str = ""
    magic: str = ""


@dataclass(frozen=True)
class Notebook:
    """A notebook: where it was read from, the language of its cells without a magic, and its cells."""

    path: Path
    language: Literal["python", "sql"]
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        """The file's name, for people."""
        return self.path.name

    def file_of(self, cell: Cell) -> str:
        """Return the name under which the code of a cell stands in tracebacks: the file, or the cell of an .ipynb."""
        return f"{self.path}[cell {cell.number}]" if self.path.suffix == ".ipynb" else str(self.path)


def cell_of(number: int, text: str, line: int, language: Literal["python", "sql"], title: str = "") -> Cell:
    r"""Return the cell that a text makes, its kind read off the magic at its head.

    Comments may stand before the magic.

    Examples
    --------
    >>> cell = cell_of(1, "%sql\nSELECT 1", 10, "python")
    >>> cell.kind, cell.code, cell.line
    ('sql', 'SELECT 1', 11)
    >>> cell_of(2, "%pip install x\nimport x", 1, "python").kind
    'python'
    """
    lines = text.split("\n")
    at = _first_code_line(lines)
    found = _MAGIC.match(lines[at]) if at < len(lines) else None
    if found is None:
        return Cell(number, language, text, text, line, title)
    magic = found[2].lower()
    kind = KINDS.get(magic)
    if kind is None or (magic in _ONLY_DOUBLE and not found[1]):
        # A SQL notebook's cell with a Python magic of IPython's (%pip, %time) is a Python cell.
        return Cell(number, "python", text, text, line, title)
    rest = lines[at + 1 :]
    if found[3].strip() and kind != "python":
        return Cell(number, kind, "\n".join([found[3], *rest]), text, line + at, title, magic)
    if found[3].strip():
        rest, at = [found[3], *rest], at - 1
    return Cell(number, kind, "\n".join(rest), text, line + at + 1, title, magic)


def _first_code_line(lines: list[str]) -> int:
    """Return the index of the first line that is neither empty nor a comment; those before a magic do not count."""
    for index, line in enumerate(lines):
        stripped = line.strip()
        if stripped and not stripped.startswith(("#", "--")):
            return index
    return len(lines)
