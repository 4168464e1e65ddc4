"""``WorkspaceClient().workspace`` within a run: the folder tree that the notebook is in, with the SDK's signatures and classes.

A notebook is a file of source code with Databricks' first line, or an ``.ipynb``; as in a workspace, its path has no suffix.
"""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from headwater.notebook.errors import NotebookError, NotOnThisMachineError
from headwater.notebook.workspace.tree import is_workspace_path

if TYPE_CHECKING:
    from databricks.sdk.service import workspace as sdk

    from headwater.notebook.workspace.paths import Places

__all__ = ["Workspace"]

_SUFFIXES = {"PYTHON": ".py", "SQL": ".sql", "SCALA": ".scala", "R": ".r"}
_FIRST_LINE = "Databricks notebook source"
_COMMENTS = {".py": "#", ".sql": "--", ".scala": "//", ".r": "#"}


class Workspace:
    """Files, folders and notebooks of ``/Workspace`` by their paths, which need not begin with it."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def mkdirs(self, path: str) -> None:
        """Make a folder and those above it; where that is not to be had, a printed line says so and the run goes on."""
        try:
            self._local(path).mkdir(parents=True, exist_ok=True)
        except (OSError, NotebookError) as error:
            print(f"WorkspaceClient().workspace.mkdirs({path!r}) made no folder: {error}")

    def get_status(self, path: str) -> sdk.ObjectInfo:
        """Return what there is at a path; NotFound if nothing is."""
        return self._info(path, self._there(path))

    def list(self, path: str, *, recursive: bool | None = False, **_: Any) -> Iterator[sdk.ObjectInfo]:
        """Give the entries of a folder, by name; with `recursive`, those of all folders below too. Hidden ones are left out."""
        local = self._there(path)
        for entry in sorted(local.iterdir()) if local.is_dir() else [local]:
            if not entry.name.startswith((".", "__pycache__")):
                below = f"{path.rstrip('/')}/{entry.name}" if local.is_dir() else path
                yield self._info(below, entry)
                if recursive and entry.is_dir():
                    yield from self.list(below, recursive=True)

    def upload(
        self,
        path: str,
        content: bytes | BinaryIO,
        *,
        format: sdk.ImportFormat | None = None,  # noqa: A002 - the SDK's
        language: sdk.Language | None = None,
        overwrite: bool | None = False,
    ) -> None:
        """Write a file or a notebook; folders above it are made, and what is there is kept unless `overwrite`.

        A path without a suffix is a notebook of the `language`, default Python, or of format ``JUPYTER``.
        """
        local = self._local(path)
        data = content if isinstance(content, bytes) else content.read()
        if not local.suffix and getattr(format, "value", None) == "JUPYTER":
            local = local.with_suffix(".ipynb")
        elif not local.suffix and getattr(format, "value", "SOURCE") == "SOURCE":
            local = local.with_suffix(_SUFFIXES[language.value if language else "PYTHON"])
            data = data if _is_notebook(local, data) else f"{_COMMENTS[local.suffix]} {_FIRST_LINE}\n".encode() + data
        if self._found(path) and not overwrite:
            from databricks.sdk.errors import ResourceAlreadyExists

            raise ResourceAlreadyExists(f"{path} exists already: pass overwrite=True.")
        local.parent.mkdir(parents=True, exist_ok=True)
        local.write_bytes(data)

    def import_(
        self,
        path: str,
        *,
        content: str | None = None,
        format: sdk.ImportFormat | None = None,  # noqa: A002 - the SDK's
        language: sdk.Language | None = None,
        overwrite: bool | None = None,
    ) -> None:
        """Write a file or a notebook, given in base64."""
        self.upload(path, base64.b64decode(content or ""), format=format, language=language, overwrite=overwrite)

    def export(self, path: str, *, format: sdk.ExportFormat | None = None) -> sdk.ExportResponse:  # noqa: A002 - the SDK's
        """Return a file or a notebook as it is stored, in base64; NotFound if there is none."""
        from databricks.sdk.service.workspace import ExportResponse

        local = self._file(path, format)
        return ExportResponse(content=base64.b64encode(local.read_bytes()).decode(), file_type=local.suffix.lstrip("."))

    def download(self, path: str, *, format: sdk.ExportFormat | None = None) -> BinaryIO:  # noqa: A002 - the SDK's
        """Return an open file or notebook, as it is stored; NotFound if there is none."""
        return io.BytesIO(self._file(path, format).read_bytes())

    def delete(self, path: str, *, recursive: bool | None = None) -> None:
        """Remove a file or a notebook, or a folder with `recursive`; NotFound if there is none.

        Raises
        ------
        ProtectedFolderError
            For a root, a home, or a folder that the notebook is in.
        """
        import shutil

        local = self._there(path)
        if not local.is_dir():
            local.unlink()
            return
        self._places.to_write(f"file:{self._full(path)}")  # which refuses folders that stay
        if not recursive and any(local.iterdir()):
            from databricks.sdk.errors import BadRequest

            raise BadRequest(f"{path} is a folder with entries: pass recursive=True to remove it.")
        shutil.rmtree(local)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        instead = "A run has mkdirs, get_status, list, upload, import_, export, download and delete."
        raise NotOnThisMachineError(f"WorkspaceClient().workspace.{name}", instead)

    def _full(self, path: str) -> str:
        return path if is_workspace_path(path) else f"/Workspace/{path.lstrip('/')}"

    def _local(self, path: str) -> Path:
        return Path(self._places.of_python(self._full(path)))

    def _found(self, path: str) -> Path | None:
        """Return the file or folder that a path means, a notebook by its name without the suffix; None if there is none."""
        local = self._local(path)
        notebooks = (local.with_name(local.name + suffix) for suffix in (*_COMMENTS, ".ipynb"))
        return local if local.exists() else next((each for each in notebooks if each.is_file()), None)

    def _there(self, path: str) -> Path:
        found = self._found(path)
        if found is None:
            from databricks.sdk.errors import ResourceDoesNotExist

            raise ResourceDoesNotExist(f"There is nothing at {path} (here: {self._local(path)}).")
        return found

    def _file(self, path: str, format: sdk.ExportFormat | None) -> Path:  # noqa: A002 - the SDK's
        found = self._there(path)
        given = getattr(format, "value", "AUTO")
        stored = {"AUTO", "RAW", "JUPYTER" if found.suffix == ".ipynb" else "SOURCE"}
        if found.is_dir() or given not in stored:
            instead = "Without format= it comes as it is stored."
            raise NotOnThisMachineError(f"Exporting {path} as {given}", instead)
        return found

    def _info(self, path: str, local: Path) -> sdk.ObjectInfo:
        from databricks.sdk.service.workspace import Language, ObjectInfo, ObjectType

        status, language, kind = local.stat(), None, ObjectType.FILE
        if local.is_dir():
            kind = ObjectType.DIRECTORY
        elif local.suffix == ".ipynb" or (local.suffix in _COMMENTS and _is_notebook(local, _first_bytes(local))):
            kind = ObjectType.NOTEBOOK
            path = path.removesuffix(local.suffix)
            language = next((Language(name) for name, end in _SUFFIXES.items() if end == local.suffix), Language.PYTHON)
        changed = int(status.st_mtime * 1000)
        size = status.st_size if kind is ObjectType.FILE else None
        number = zlib.crc32(str(local).encode())  # the same for each run
        return ObjectInfo(
            created_at=changed,
            modified_at=changed,
            language=language,
            object_id=number,
            object_type=kind,
            path=path,
            size=size,
        )


def _first_bytes(local: Path) -> bytes:
    with local.open("rb") as opened:
        return opened.read(len(_FIRST_LINE) + 4)


def _is_notebook(local: Path, data: bytes) -> bool:
    return data.startswith(f"{_COMMENTS[local.suffix]} {_FIRST_LINE}".encode())
