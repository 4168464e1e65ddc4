"""Jupyter's format, as Databricks exports it and takes it in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from headwater.notebook.errors import NotebookFormatError
from headwater.notebook.reading.cells import Cell, Notebook, cell_of

__all__ = ["parse_ipynb"]

_DATABRICKS_CELL = "application/vnd.databricks.v1+cell"
_DATABRICKS_NOTEBOOK = "application/vnd.databricks.v1+notebook"


def parse_ipynb(path: Path, text: str) -> Notebook:
    """Return the notebook that an .ipynb file holds; formats older than 4 are converted.

    Raises
    ------
    NotebookFormatError
        If the text is no JSON of that form, or the notebook's language is neither Python nor SQL.
    """
    try:
        data = json.loads(text.removeprefix("\ufeff"))
        if data.get("nbformat", 4) < 4:
            data = _converted(data)
        metadata, found = data.get("metadata") or {}, data["cells"]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NotebookFormatError(
            str(path), f"it is not a Jupyter notebook ({type(error).__name__}: {error})", "Export it again as .ipynb."
        ) from error
    language = _language(path, metadata)
    cells: list[Cell] = []
    for entry in found:
        made = _cell(entry, len(cells) + 1, language)
        if made is not None:
            cells.append(made)
    return Notebook(path, language, tuple(cells))


def _cell(entry: dict[str, Any], number: int, language: Literal["python", "sql"]) -> Cell | None:
    source = entry.get("source", "")
    text = ("".join(source) if isinstance(source, list) else str(source)).replace("\r\n", "\n")
    if not text.strip():
        return None
    metadata = entry.get("metadata") or {}
    title = str((metadata.get(_DATABRICKS_CELL) or {}).get("title") or metadata.get("title") or "")
    if entry.get("cell_type") != "code":
        return Cell(number, "markdown", text, text, 1, title)
    return cell_of(number, text, 1, language, title)


def _language(path: Path, metadata: dict[str, Any]) -> Literal["python", "sql"]:
    said = (
        (metadata.get(_DATABRICKS_NOTEBOOK) or {}).get("language")
        or (metadata.get("language_info") or {}).get("name")
        or (metadata.get("kernelspec") or {}).get("language")
        or "python"
    )
    match str(said).lower():
        case "sql":
            return "sql"
        case language if language in {"python", "ipython", "python3"}:
            return "python"
        case language:
            raise NotebookFormatError(str(path), f"its language is {language}", "Python and SQL notebooks can be run.")


def _converted(data: dict[str, Any]) -> dict[str, Any]:
    import nbformat

    converted: dict[str, Any] = nbformat.convert(nbformat.from_dict(data), 4)
    return converted
