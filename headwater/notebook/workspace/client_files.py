"""``WorkspaceClient().files`` and ``.dbfs`` within a run: `dbutils.fs`'s folders with the SDK's signatures and classes."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from headwater.notebook.errors import NotOnThisMachineError

if TYPE_CHECKING:
    from pathlib import Path

    from databricks.sdk.service import files as sdk

    from headwater.notebook.workspace.file_system import FileSystem

__all__ = ["Dbfs", "Files"]

_READ = 1 << 20  # bytes that `read` gives at most


class Files:
    """Files of ``/Volumes`` (and ``dbfs:/``) by their paths."""

    def __init__(self, files: FileSystem) -> None:
        self._files = files

    def upload(self, file_path: str, contents: BinaryIO, *, overwrite: bool | None = None, **_: Any) -> None:
        """Write a file; folders above it are made."""
        _write(self._files, file_path, contents.read(), overwrite=bool(overwrite))

    def upload_from(self, file_path: str, source_path: str, *, overwrite: bool | None = None, **_: Any) -> None:
        """Copy a file of the machine's."""
        with open(source_path, "rb") as source:  # noqa: PTH123 - as a run maps it
            _write(self._files, file_path, source.read(), overwrite=bool(overwrite))

    def download(self, file_path: str) -> sdk.DownloadResponse:
        """Return an open file as `contents`, with its size in bytes."""
        from databricks.sdk.service.files import DownloadResponse

        local = _file(self._files, file_path)
        return DownloadResponse(content_length=local.stat().st_size, contents=io.BytesIO(local.read_bytes()))

    def download_to(self, file_path: str, destination: str, *, overwrite: bool = True, **_: Any) -> None:
        """Copy a file to one of the machine's."""
        with open(destination, "wb" if overwrite else "xb") as target:  # noqa: PTH123 - as a run maps it
            target.write(_file(self._files, file_path).read_bytes())

    def delete(self, file_path: str) -> None:
        """Remove a file; NotFound if there is none."""
        _file(self._files, file_path)
        self._files.rm(file_path)

    def create_directory(self, directory_path: str) -> None:
        """Make a folder and those above it."""
        self._files.mkdirs(directory_path)

    def delete_directory(self, directory_path: str) -> None:
        """Remove an empty folder."""
        _there(self._files, directory_path)
        self._files.rm(directory_path)

    def list_directory_contents(self, directory_path: str, **_: Any) -> Iterator[sdk.DirectoryEntry]:
        """Give the entries of a folder, by name."""
        from databricks.sdk.service.files import DirectoryEntry

        _there(self._files, directory_path)
        for info in self._files.ls(directory_path):
            is_folder, path = info.isDir(), info.path.rstrip("/")
            size = None if is_folder else info.size
            name = info.name.rstrip("/")
            yield DirectoryEntry(
                file_size=size, is_directory=is_folder, last_modified=info.modificationTime, name=name, path=path
            )

    def get_metadata(self, file_path: str) -> sdk.GetMetadataResponse:
        """Return a file's size in bytes; NotFound if there is none."""
        from databricks.sdk.service.files import GetMetadataResponse

        return GetMetadataResponse(content_length=_file(self._files, file_path).stat().st_size)

    def get_directory_metadata(self, directory_path: str) -> None:
        """Do nothing where there is such a folder; NotFound if there is none."""
        if not _there(self._files, directory_path).is_dir():
            raise _not_found(directory_path)


class Dbfs:
    """Files of ``dbfs:/`` by their paths, which need no scheme."""

    def __init__(self, files: FileSystem) -> None:
        self._files = files

    def mkdirs(self, path: str) -> None:
        """Make a folder and those above it."""
        self._files.mkdirs(_rooted(path))

    def exists(self, path: str) -> bool:
        """Say whether there is a file or folder."""
        return self._files.local(_rooted(path)).exists()

    def list(self, path: str, *, recursive: bool = False) -> Iterator[sdk.FileInfo]:
        """Give the entries of a folder, by name; with `recursive`, the files of all folders below instead of these."""
        _there(self._files, _rooted(path))
        for info in self._files.ls(_rooted(path)):
            if recursive and info.isDir():
                yield from self.list(info.path, recursive=True)
            else:
                yield self.get_status(info.path)

    def get_status(self, path: str) -> sdk.FileInfo:
        """Return path, size in bytes and change time (ms) of a file or folder; NotFound if there is none."""
        from databricks.sdk.service.files import FileInfo

        local = _there(self._files, _rooted(path))
        status = local.stat()
        shown = "/" + _rooted(path).removeprefix("dbfs:").strip("/")
        is_folder = local.is_dir()
        size, changed = 0 if is_folder else status.st_size, int(status.st_mtime * 1000)
        return FileInfo(file_size=size, is_dir=is_folder, modification_time=changed, path=shown)

    def put(self, path: str, *, contents: str | None = None, overwrite: bool | None = None) -> None:
        """Write a file, given in base64."""
        _write(self._files, _rooted(path), base64.b64decode(contents or ""), overwrite=bool(overwrite))

    def upload(self, path: str, src: BinaryIO, *, overwrite: bool = False) -> None:
        """Write a file."""
        _write(self._files, _rooted(path), src.read(), overwrite=overwrite)

    def download(self, path: str) -> BinaryIO:
        """Return an open file."""
        return io.BytesIO(_file(self._files, _rooted(path)).read_bytes())

    def open(self, path: str, *, read: bool = False, write: bool = False, overwrite: bool = False) -> BinaryIO:
        """Open a file for reading or for writing bytes."""
        if read == write:
            raise ValueError("dbfs.open needs read=True or write=True, and not both.")
        if read:
            return _file(self._files, _rooted(path)).open("rb")
        local = self._files.local(_rooted(path))
        local.parent.mkdir(parents=True, exist_ok=True)
        return local.open("wb" if overwrite else "xb")

    def read(self, path: str, *, length: int | None = None, offset: int | None = None) -> sdk.ReadResponse:
        """Return at most 1 MiB of a file from `offset` on, in base64."""
        from databricks.sdk.service.files import ReadResponse

        with _file(self._files, _rooted(path)).open("rb") as opened:
            opened.seek(offset or 0)
            part = opened.read(min(length or _READ, _READ))
        return ReadResponse(bytes_read=len(part), data=base64.b64encode(part).decode())

    def delete(self, path: str, *, recursive: bool = False) -> None:
        """Remove a file, or a folder with `recursive`; nothing happens where there is none."""
        self._files.rm(_rooted(path), recursive)

    def copy(self, src: str, dst: str, *, recursive: bool = False, overwrite: bool = False) -> None:
        """Copy a file, or a folder with `recursive`."""
        self._refuse_file(dst, overwrite=overwrite)
        self._files.cp(_rooted(src), _rooted(dst), recursive)

    def move_(self, src: str, dst: str, *, recursive: bool = False, overwrite: bool = False) -> None:
        """Move a file, or a folder with `recursive`."""
        self._refuse_file(dst, overwrite=overwrite)
        self._files.mv(_rooted(src), _rooted(dst), recursive)

    def move(self, source_path: str, destination_path: str) -> None:
        """Move a file or a folder."""
        self.move_(source_path, destination_path, recursive=True)

    def _refuse_file(self, path: str, *, overwrite: bool) -> None:
        if not overwrite and self._files.local(_rooted(path)).is_file():
            raise _exists(path)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotOnThisMachineError(
            f"WorkspaceClient().dbfs.{name}", "Use upload, open or put, which write files at once."
        )


def _rooted(path: str) -> str:
    """Return a path with a scheme: one without counts from ``dbfs:/``."""
    return path if path.startswith(("dbfs:", "file:", "/Volumes/")) else f"dbfs:/{path.lstrip('/')}"


def _write(files: FileSystem, path: str, content: bytes, *, overwrite: bool) -> None:
    local = files.local(path)
    if local.exists() and not overwrite:
        raise _exists(path)
    local.parent.mkdir(parents=True, exist_ok=True)
    local.write_bytes(content)


def _there(files: FileSystem, path: str) -> Path:
    local = files.local(path)
    if not local.exists():
        raise _not_found(path)
    return local


def _file(files: FileSystem, path: str) -> Path:
    local = _there(files, path)
    if not local.is_file():
        raise _not_found(path)
    return local


def _not_found(path: str) -> Exception:
    from databricks.sdk.errors import NotFound

    return NotFound(f"There is no file or folder {path} in the store of this run: look with dbutils.fs.ls.")


def _exists(path: str) -> Exception:
    from databricks.sdk.errors import AlreadyExists

    return AlreadyExists(f"{path} exists already: pass overwrite=True.")
