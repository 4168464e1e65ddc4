"""``dbutils.fs`` on the folders that stand for a workspace's file systems."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from headwater.notebook.errors import NotOnThisMachineError
from headwater.notebook.paths import Places

__all__ = ["FileInfo", "FileSystem"]


_CHECKSUM = re.compile(r"\..*\.crc")  # Spark's on a local disk; a workspace has none


class FileInfo(NamedTuple):
    """One entry of a folder; `size` in bytes, `modificationTime` in ms since 1970; a folder's name ends in a slash."""

    path: str
    name: str
    size: int
    modificationTime: int  # noqa: N815 - their word

    def isDir(self) -> bool:  # noqa: N802 - their word
        """Say whether it is a folder."""
        return self.name.endswith("/")

    def isFile(self) -> bool:  # noqa: N802 - their word
        """Say whether it is a file."""
        return not self.isDir()


class FileSystem:
    """Files of ``dbfs:/``, ``/Volumes`` and ``file:/``; what a relative path means is said in `paths`.

    Examples
    --------
    >>> import tempfile
    >>> fs = FileSystem(Places(Path(tempfile.mkdtemp())))
    >>> fs.put("dbfs:/demo/a.txt", "hello")
    True
    >>> [(info.path, info.size) for info in fs.ls("/demo")], fs.head("dbfs:/demo/a.txt", 4)
    ([('dbfs:/demo/a.txt', 5)], 'hell')
    """

    def __init__(self, places: Places) -> None:
        self._places = places

    def ls(self, path: str) -> list[FileInfo]:
        """Return the entries of a folder by name, or the one of a file."""
        local = self._there(path)
        entries = sorted(local.iterdir()) if local.is_dir() else [local]
        return [self._info(one) for one in entries if not _CHECKSUM.fullmatch(one.name)]

    def mkdirs(self, path: str) -> bool:
        """Make a folder and those above it."""
        self._local(path).mkdir(parents=True, exist_ok=True)
        return True

    def put(self, file: str, contents: str, overwrite: bool = False) -> bool:
        """Write a text as a file, UTF-8."""
        local = self._local(file)
        if local.exists() and not overwrite:
            raise FileExistsError(f"{file} exists already: pass overwrite=True.")
        local.parent.mkdir(parents=True, exist_ok=True)
        local.write_text(contents, encoding="utf-8")
        return True

    def head(self, file: str, maxBytes: int = 65536) -> str:  # noqa: N803 - their word
        """Return the first bytes of a file as text."""
        with self._there(file).open("rb") as opened:
            return opened.read(maxBytes).decode("utf-8", errors="replace")

    def cp(self, source: str, to: str, recurse: bool = False) -> bool:
        """Copy a file, or a folder with `recurse`; a file copied to a folder keeps its name."""
        local, target = self._there(source), self._local(to)
        if local.is_dir():
            if not recurse:
                raise IsADirectoryError(f"{source} is a folder: pass recurse=True to copy it.")
            shutil.copytree(local, target, dirs_exist_ok=True)
            return True
        target = target / local.name if target.is_dir() or to.endswith("/") else target
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(local, target)
        return True

    def mv(self, source: str, to: str, recurse: bool = False) -> bool:
        """Move a file, or a folder with `recurse`."""
        self.cp(source, to, recurse)
        return self.rm(source, recurse)

    def rm(self, path: str, recurse: bool = False) -> bool:
        """Remove a file, or a folder with `recurse`; False if there is none."""
        local = self._local(path)
        if not local.exists():
            return False
        if not local.is_dir():
            local.unlink()
        elif recurse or not any(local.iterdir()):
            shutil.rmtree(local)
        else:
            raise OSError(f"{path} is a folder with entries: pass recurse=True to remove it.")
        return True

    def mounts(self) -> list[Any]:
        """Return no mounts."""
        return []

    def refreshMounts(self) -> bool:  # noqa: N802 - their word
        """Do nothing: there are no mounts."""
        return True

    def mount(self, *arguments: Any, **options: Any) -> bool:
        """Refuse: cloud storage is mounted by a workspace."""
        del arguments, options
        raise NotOnThisMachineError(
            "dbutils.fs.mount", "Put the files under .headwater/dbfs/mnt, which dbfs:/mnt is here."
        )

    def unmount(self, *arguments: Any) -> bool:
        """Do nothing: there are no mounts."""
        del arguments
        return True

    def help(self, name: str = "") -> None:
        """Print what there is."""
        print(f"dbutils.fs{'.' + name if name else ''}: cp, head, ls, mkdirs, mounts, mv, put, rm")

    def _local(self, path: str) -> Path:
        local = self._places.of_dbutils(str(path))
        if ":" in local.split("/")[0]:
            raise NotOnThisMachineError(f"The storage of {path}", "dbutils.fs knows dbfs:/, /Volumes and file:/ here.")
        if root := self._places.root_to_make(local):
            Path(root).mkdir(parents=True, exist_ok=True)
        return Path(local)

    def _there(self, path: str) -> Path:
        local = self._local(path)
        if not local.exists():
            # Notebooks look for the Java name in the message.
            raise FileNotFoundError(f"java.io.FileNotFoundException: No such file or directory {path} (here: {local})")
        return local

    def _info(self, local: Path) -> FileInfo:
        status, end = local.stat(), "/" if local.is_dir() else ""
        size = 0 if end else status.st_size
        return FileInfo(self._places.shown(str(local)) + end, local.name + end, size, int(status.st_mtime * 1000))
