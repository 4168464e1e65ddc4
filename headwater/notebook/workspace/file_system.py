"""``dbutils.fs`` on the folders that stand for a workspace's file systems."""

from __future__ import annotations

import functools
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from headwater.notebook.errors import NotOnThisMachineError
from headwater.notebook.workspace.paths import Places

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
    """Files of ``dbfs:/``, ``/Volumes`` and ``file:/``; what a path means, and which folders stay, is said in `paths`.

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
        local = self.there(path)
        entries = sorted(local.iterdir()) if local.is_dir() else [local]
        return [self._info(one) for one in entries if not _CHECKSUM.fullmatch(one.name)]

    def mkdirs(self, path: str) -> bool:
        """Make a folder and those above it."""
        self.local(path).mkdir(parents=True, exist_ok=True)
        return True

    def put(self, file: str, contents: str, overwrite: bool = False) -> bool:
        """Write a text as a file, UTF-8."""
        local = self.local(file)
        if local.exists() and not overwrite:
            raise FileExistsError(f"{file} exists already: pass overwrite=True.")
        local.parent.mkdir(parents=True, exist_ok=True)
        local.write_text(contents, encoding="utf-8")
        return True

    def head(self, file: str, maxBytes: int = 65536) -> str:  # noqa: N803 - their word
        """Return the first bytes of a file as text."""
        with self.there(file).open("rb") as opened:
            return opened.read(maxBytes).decode("utf-8", errors="replace")

    def cp(self, source: str, to: str, recurse: bool = False) -> bool:
        """Copy a file, or a folder with `recurse`; a file copied to a folder keeps its name."""
        local, target = self.there(source), self.local(to)
        if not local.is_dir():
            target = target / local.name if target.is_dir() or to.endswith("/") else target
            self._copy(local, target)
            return True
        if not recurse:
            raise IsADirectoryError(f"{source} is a folder: pass recurse=True to copy it.")
        if str(to)[:5].lower() == "file:":
            self._places.to_write(str(to))
        shutil.copytree(local, target, dirs_exist_ok=True, copy_function=self._copy)
        return True

    def mv(self, source: str, to: str, recurse: bool = False) -> bool:
        """Move a file, or a folder with `recurse`."""
        self.there(source, self._places.to_write)
        self.cp(
            self._places.to_write(source), to, recurse
        )  # so that a file of the machine's is never taken for the store's
        return self.rm(source, recurse)

    def rm(self, path: str, recurse: bool = False) -> bool:
        """Remove a file, or a folder with `recurse`; False if the store has none. A link goes, what it leads to stays.

        Raises
        ------
        ProtectedFolderError
            For ``dbfs:/`` and the folders of ``/Volumes`` above a volume; with ``file:/``, for a root, a home, or a folder that
            the notebook is in.
        """
        local = self.local(path, functools.partial(self._places.to_write, follow=False))
        if local.is_symlink() or (local.exists() and not local.is_dir()):
            local.unlink()
        elif not local.exists():
            if own := self._places.on_machine(str(path)):
                print(f"The store has no {path}, and nothing was removed. This machine's own is {own}.")
            return False
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

    def local(self, path: str, mapping: Callable[[str], str] | None = None) -> Path:
        """Return where a path lies on this machine, to be made or written; it need not exist."""
        local = (mapping or self._places.of_dbutils)(str(path))
        local = f"/{local[5:].lstrip('/')}" if local.startswith("file:") else local
        if ":" in local.split("/")[0]:
            raise NotOnThisMachineError(f"The storage of {path}", "dbutils.fs knows dbfs:/, /Volumes and file:/ here.")
        if root := self._places.root_to_make(local):
            Path(root).mkdir(parents=True, exist_ok=True)
        return Path(local)

    def there(self, path: str, mapping: Callable[[str], str] | None = None) -> Path:
        """Return where a path lies on this machine; FileNotFoundError if it does not exist."""
        local = self.local(path, mapping or self._places.to_read)
        if not local.exists():
            own = self._places.on_machine(str(path))
            hint = f" This machine's own is {own}." if own else ""
            # Notebooks look for the Java name in the message.
            raise FileNotFoundError(
                f"java.io.FileNotFoundException: No such file or directory {path} (here: {local}).{hint}"
            )
        return local

    def _copy(self, source: Path | str, target: Path | str) -> None:
        """Copy one file; a link at the target that leads out of the store raises."""
        if str(target).startswith(f"{self._places.home}{os.sep}"):
            self._places.of_dbutils(str(target))
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)

    def _info(self, local: Path) -> FileInfo:
        status, end = local.stat(), "/" if local.is_dir() else ""
        size = 0 if end else status.st_size
        return FileInfo(self._places.shown(str(local)) + end, local.name + end, size, int(status.st_mtime * 1000))
