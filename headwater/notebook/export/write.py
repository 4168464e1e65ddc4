"""Writes an executed notebook: as .ipynb or as one HTML page."""

from __future__ import annotations

from pathlib import Path

from headwater.lakehouse import InvalidInputError
from headwater.notebook.export.write_html import as_html
from headwater.notebook.export.write_ipynb import as_ipynb
from headwater.notebook.kernel.results import NotebookRun

__all__ = ["write_run"]

_FORMATS = {".html": as_html, ".ipynb": as_ipynb}


def write_run(run: NotebookRun, path: Path) -> None:
    """Write all cells, with the outputs of those that ran; the suffix says how: .ipynb or .html.

    Raises
    ------
    InvalidInputError
        If the suffix is another one.
    """
    check_suffix(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_FORMATS[path.suffix](run), encoding="utf-8")


def check_suffix(path: Path) -> None:
    """Raise if a notebook cannot be written under this name."""
    if path.suffix not in _FORMATS:
        raise InvalidInputError(f"An executed notebook is written as .ipynb or .html, found {path.name!r}.")
