"""Where the paths of a Databricks workspace lie on this machine. Pure: touches nothing but to see whether a path is there.

==============================  ===========================  ======================================
written as                      lies in                      for
==============================  ===========================  ======================================
``/Volumes/c/s/v/…``            ``.headwater/volumes``       Python, Spark, dbutils.fs
``dbfs:/…``, ``/dbfs/…``        ``.headwater/dbfs``          Python, Spark, dbutils.fs
``dbfs:/Volumes/…``             ``.headwater/volumes``       Python, Spark, dbutils.fs
any other ``/…``                ``.headwater/dbfs``          Spark, dbutils.fs, where neither it nor
                                                             its folder is on the machine
``file:/…`` and all else        where it says
==============================  ===========================  ======================================

The last but one lets both ``/mnt/raw``, ``/FileStore/x`` and ``/tmp/x`` mean DBFS, as they do to a workspace's Spark, and a
test's own folder mean itself. ``/Volumes/x`` that is really there (macOS has one) is itself too.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Places"]

_DBFS = re.compile(r"dbfs:/*", re.IGNORECASE)
_FILE = re.compile(r"file:/*", re.IGNORECASE)
# Folders that many machines have and that say nothing about what is meant.
_ANYWHERE = {"/", "/mnt", "/tmp", "/user"}  # noqa: S108
_lstat = os.lstat  # as it is before a run replaces it


@dataclass(frozen=True)
class Places:
    """The folders that stand for a workspace's file systems.

    Examples
    --------
    >>> places = Places(Path("/tmp/x/.headwater"))
    >>> places.of_python("/Volumes/main/ml/raw/a.csv"), places.of_python("/dbfs/FileStore/a.csv")
    ('/tmp/x/.headwater/volumes/main/ml/raw/a.csv', '/tmp/x/.headwater/dbfs/FileStore/a.csv')
    >>> places.of_spark("/mnt/raw/a"), places.of_python("/mnt/raw/a"), places.of_spark("s3://b/a")
    ('/tmp/x/.headwater/dbfs/mnt/raw/a', '/mnt/raw/a', 's3://b/a')
    >>> places.shown("/tmp/x/.headwater/dbfs/mnt/raw/a")
    'dbfs:/mnt/raw/a'
    """

    home: Path

    @property
    def volumes(self) -> Path:
        """The folder of ``/Volumes``."""
        return self.home / "volumes"

    @property
    def dbfs(self) -> Path:
        """The folder of ``dbfs:/``."""
        return self.home / "dbfs"

    def of_python(self, path: str) -> str:
        """Return the local path for ``open``, `os`, `pathlib`, pandas; most come back as they are."""
        if path.startswith("/Volumes"):
            return self._volume(path)
        if path.startswith("/dbfs"):
            return self._in_dbfs(path[len("/dbfs") :]) if path[5:6] in {"", "/"} and not _is_there("/dbfs") else path
        if path[:5].lower() == "dbfs:":
            return self._in_dbfs("/" + _DBFS.sub("", path, count=1))
        return path

    def of_spark(self, path: str) -> str:
        """Return the local path for Spark's readers and writers; other schemes come back as they are."""
        if path[:5].lower() == "file:":
            plain = "/" + _FILE.sub("", path, count=1)
            local = self.of_python(plain)
            return path if local == plain else local
        if not path.startswith("/"):
            return self.of_python(path)
        local = self.of_python(path)
        if local != path:
            return local
        return path if _is_near(path) else self._in_dbfs(path)

    def of_dbutils(self, path: str) -> str:
        """Return the local path for `dbutils.fs`; a relative path counts from ``dbfs:/``."""
        if path[:5].lower() == "file:":
            return self.of_python("/" + _FILE.sub("", path, count=1))
        if ":" in path.split("/", maxsplit=1)[0]:
            return self.of_python(path)
        return self.of_spark(path if path.startswith("/") else f"/{path}") if path else str(self.dbfs)

    def shown(self, local: str) -> str:
        """Return how `dbutils.fs` writes a local path."""
        for folder, root in ((self.volumes, "/Volumes"), (self.dbfs, "dbfs:")):
            if local == str(folder) or local.startswith(f"{folder}{os.sep}"):
                return root + (local[len(str(folder)) :].replace(os.sep, "/") or "/")
        return f"file:{local}"

    def root_to_make(self, local: str) -> str | None:
        """Return the folder that is always there in a workspace and must be made here before writing to a local path.

        That is a volume's own folder, and the first level of ``dbfs:/``. None outside both.
        """
        for folder, levels in ((self.volumes, 3), (self.dbfs, 1)):
            if local.startswith(f"{folder}{os.sep}"):
                return str(folder.joinpath(*Path(local).relative_to(folder).parts[:-1][:levels]))
        return None

    def _volume(self, path: str) -> str:
        parts = path.split("/")
        if parts[1] != "Volumes" or (len(parts) > 2 and parts[2] and _is_there(f"/Volumes/{parts[2]}")):
            return path
        names = [part.lower() for part in parts[2:5]]  # catalog, schema and volume, whose case does not count
        return "/".join([str(self.volumes), *names, *parts[5:]])

    def _in_dbfs(self, path: str) -> str:
        if path.startswith("/Volumes/"):
            return self._volume(path)
        return str(self.dbfs) + path


def _is_near(path: str) -> bool:
    """Say whether a path, or the folder that it is in, is on this machine."""
    above = os.path.dirname(path.rstrip("/"))  # noqa: PTH120 - this must not go through what a run replaces
    return _is_there(path) or (above not in _ANYWHERE and _is_there(above))


def _is_there(path: str) -> bool:
    try:
        _lstat(path)
    except (OSError, ValueError):
        return False
    return True
