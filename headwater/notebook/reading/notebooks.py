"""Finds and reads notebooks."""

from __future__ import annotations

from pathlib import Path

from headwater.notebook.errors import NotebookFormatError, NotebookNotFoundError
from headwater.notebook.reading.cells import Notebook
from headwater.notebook.reading.ipynb_format import parse_ipynb
from headwater.notebook.reading.source_format import is_source_notebook, parse_source

__all__ = ["find_notebook", "is_notebook", "read_notebook"]

_SUFFIXES = (".py", ".ipynb", ".sql")


def read_notebook(path: Path | str) -> Notebook:
    """Return the notebook of a file: Databricks source (Python or SQL) or .ipynb; nothing is run.

    Raises
    ------
    NotebookNotFoundError
        If there is no such file.
    NotebookFormatError
        If it is no notebook of a language that can be run.
    """
    found = find_notebook(str(path), Path.cwd())
    try:
        text = found.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotebookFormatError(str(found), f"it is not UTF-8 ({error})", "Save it as UTF-8.") from error
    return parse_ipynb(found, text) if found.suffix.lower() == ".ipynb" else parse_source(found, text)


def find_notebook(name: str, folder: Path, root: Path | None = None) -> Path:
    """Return the file of a notebook named as in ``%run ./other``: relative to `folder`, the suffix left away or given.

    A path that begins with a slash, as in a workspace, is looked for as it stands and then, ever shorter from the left,
    under `root` and the folders above `folder`: ``/Repos/me/project/setup`` finds ``setup.py`` of a checked-out project.
    """
    wanted = Path(name.strip()).expanduser()
    for candidate in _candidates(wanted, folder, root):
        for file in (candidate, *(candidate.with_name(candidate.name + suffix) for suffix in _SUFFIXES)):
            if file.is_file():
                return file.resolve()
    near = (folder / wanted).parent
    near = near if near.is_dir() else folder
    names = [file.stem for file in near.glob("*") if file.suffix in _SUFFIXES]
    raise NotebookNotFoundError(name, str(near), names)


def is_notebook(path: Path) -> bool:
    """Say whether a file is a notebook: an .ipynb, or a source file with Databricks' header."""
    if path.suffix == ".ipynb":
        return True
    if path.suffix not in _SUFFIXES:
        return False
    with path.open(encoding="utf-8", errors="replace") as file:
        return is_source_notebook(file.read(500))


def _candidates(wanted: Path, folder: Path, root: Path | None) -> list[Path]:
    if not wanted.is_absolute():
        return [folder / wanted]
    parts = wanted.parts[1:]
    tops = [top for top in (root, folder, *folder.parents) if top is not None and top != Path(top.anchor)]
    return [wanted, *(top.joinpath(*parts[drop:]) for drop in range(len(parts)) for top in tops)]
