"""Where the paths of a Databricks workspace lie on this machine.

==============================  ===========================  ================================================
written as                      lies in                      for
==============================  ===========================  ================================================
``/Volumes/c/s/v/…``            ``.headwater/volumes``       Python, Spark, dbutils.fs
``dbfs:/…``, ``/dbfs/…``        ``.headwater/dbfs``          Python, Spark, dbutils.fs
``dbfs:/Volumes/…``             ``.headwater/volumes``       Python, Spark, dbutils.fs
``/Workspace/…``                the notebooks' repository    Python; with ``file:`` also Spark, dbutils.fs
any other path without scheme   ``.headwater/dbfs``          Spark, dbutils.fs
``file:/…``                     the machine's own files      Spark, dbutils.fs
any other ``/…``                the machine's own files      Python's own functions, as on a cluster's driver
==============================  ===========================  ================================================

Spark and `dbutils.fs` write, move and remove nothing outside the store unless the path says ``file:/``; and then never a root,
a home, or a folder that the notebook is in. They may *read* a file of the machine that the store does not have; a printed line
says so. Paths are normalised, and their links resolved, before they are used: ``..`` or a link that leads out of the store is
an error.
"""

from __future__ import annotations

import glob
import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from headwater.notebook.errors import PathOutsideStoreError, ProtectedFolderError
from headwater.notebook.workspace.tree import in_tree, is_workspace_path, repository_of

__all__ = ["Places"]

_DBFS = re.compile(r"dbfs:/*", re.IGNORECASE)
_FILE = re.compile(r"file:/*", re.IGNORECASE)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]*:")
_PATTERN = re.compile(r"[*?\[{]")
_lstat = os.lstat  # as it is before a run replaces it


@dataclass(frozen=True)
class Places:
    """The folders that stand for a workspace's file systems.

    Parameters
    ----------
    home
        Folder of the embedded store.
    notebook
        Folder of the notebook that runs; it and all folders above are never removed or written over. None: the working folder.

    Examples
    --------
    >>> places = Places(Path("/tmp/x/.headwater"))
    >>> places.of_python("/Volumes/main/ml/raw/a.csv"), places.of_python("/dbfs/FileStore/a.csv")
    ('/tmp/x/.headwater/volumes/main/ml/raw/a.csv', '/tmp/x/.headwater/dbfs/FileStore/a.csv')
    >>> places.to_write("/mnt/raw/a"), places.to_write("file:/mnt/raw/a"), places.to_write("s3://b/a")
    ('/tmp/x/.headwater/dbfs/mnt/raw/a', 'file:/mnt/raw/a', 's3://b/a')
    >>> places.of_python("/mnt/raw/a"), places.shown("/tmp/x/.headwater/dbfs/mnt/raw/a")
    ('/mnt/raw/a', 'dbfs:/mnt/raw/a')
    """

    home: Path
    notebook: Path | None = None
    _told: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    @property
    def volumes(self) -> Path:
        """The folder of ``/Volumes``."""
        return self.home / "volumes"

    @property
    def dbfs(self) -> Path:
        """The folder of ``dbfs:/``."""
        return self.home / "dbfs"

    @property
    def tree(self) -> Path:
        """The folder of ``/Workspace``: the repository of the notebook that runs."""
        return repository_of(self.notebook or Path.cwd())

    def of_python(self, path: str, *, follow: bool = True) -> str:
        """Return the local path for ``open``, `os`, `pathlib`, pandas; most come back as they are.

        Parameters
        ----------
        path
            As the notebook writes it.
        follow
            Whether a link at its end is followed by what uses the path; what removes or renames the link itself does not.

        Raises
        ------
        PathOutsideStoreError
            If a path of ``dbfs:/``, ``/dbfs``, ``/Volumes`` or ``/Workspace`` leads out of that folder by ``..`` or by a link.
        """
        if path == "/Volumes" or path.startswith("/Volumes/"):
            names = path.split("/")
            on_machine = len(names) > 2 and names[2] not in {"", ".."} and _is_there(f"/Volumes/{names[2]}")
            return path if on_machine else self._in_store(path, path, follow=follow)
        if path == "/dbfs" or path.startswith("/dbfs/"):
            return path if _is_there("/dbfs") else self._in_store(path[len("/dbfs") :], path, follow=follow)
        if path[:5].lower() == "dbfs:":
            return self._in_store("/" + _DBFS.sub("", path, count=1), path, follow=follow)
        if is_workspace_path(path) and not _is_there("/Workspace"):
            below = _names(in_tree(path, self.tree), path)
            return self._kept_within(self.tree, "/".join([str(self.tree), *below]), path, follow=follow)
        return path

    def to_read(self, path: str) -> str:
        """Return the path from which Spark or `dbutils.fs` reads; those of other schemes come back as they are.

        The store's file is taken where it has one, else the machine's where it is there; a line printed once says so.
        """
        local = self._spark_path(path)
        if local is None:
            return path
        own = "/" + path.lstrip("/") if path.startswith("/") else os.path.abspath(path) if path else "/"  # noqa: PTH100
        if _SCHEME.match(path) or own == "/" or _has(local):
            return local
        if not _has(own):
            return local if path.startswith("/") else path  # a source that knows no files has names of its own
        if path not in self._told:
            self._told.add(path)
            print(f"{path} is read from this machine's disk: the store has no dbfs:/{path.lstrip('/')}.")
        return own

    def to_write(self, path: str, *, follow: bool = True) -> str:
        """Return the path to which Spark writes, or that `dbutils.fs` moves or removes; other schemes come back as they are.

        Raises
        ------
        PathOutsideStoreError
            If the path leads out of the store by ``..`` or by a link.
        ProtectedFolderError
            If it is a root, a home, a folder that the notebook is in, or one that the store itself needs.
        """
        local = self._spark_path(path, follow=follow)
        if local is None:
            return path
        plain = _FILE.sub("/", local, count=1)
        if follow or not os.path.islink(plain):  # noqa: PTH114 - this must not go through what a run replaces
            self._refuse_protected(path, plain)
        return local

    def of_dbutils(self, path: str) -> str:
        """Return the local path, without scheme, at which `dbutils.fs` makes a new file or folder."""
        local = self._spark_path(str(path))
        return path if local is None else _FILE.sub("/", local, count=1)

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

    def on_machine(self, path: str) -> str | None:
        """Return how to name the machine's own file that a path without scheme would be, or None if there is none."""
        own = "/" + path.lstrip("/")
        return f"file:{own}" if not _SCHEME.match(path) and path.startswith("/") and own != "/" and _has(own) else None

    def _spark_path(self, path: str, *, follow: bool = True) -> str | None:
        """Return the store's path, ``file:…`` for the machine's own, or None for another scheme."""
        if path[:5].lower() == "file:":
            plain = posixpath.normpath("/" + _FILE.sub("", path, count=1))
            local = self.of_python(plain, follow=follow)
            return f"file:{plain}" if local == plain else local
        if path[:5].lower() == "dbfs:":
            return self.of_python(path, follow=follow)
        if _SCHEME.match(path):
            return None
        plain = "/" + path.lstrip("/")
        for folder in (str(self.home), os.path.realpath(self.home)):
            if posixpath.normpath(plain).startswith(f"{folder}/"):
                return self._kept_within(self.home, posixpath.normpath(plain), path, follow=follow)
        if plain == "/dbfs" or plain.startswith("/dbfs/"):
            plain = plain[len("/dbfs") :]
        return self._in_store(plain, path, follow=follow)

    def _in_store(self, path: str, written: str, *, follow: bool) -> str:
        """Return the local path of one that counts from ``dbfs:/``, where ``/Volumes`` are the volumes."""
        volume = path == "/Volumes" or path.startswith("/Volumes/")
        names = list(_names(path[len("/Volumes") :] if volume else path, written))
        if volume:
            names[:3] = [name.lower() for name in names[:3]]  # catalog, schema and volume, whose case does not count
        root = self.volumes if volume else self.dbfs
        return self._kept_within(root, "/".join([str(root), *names]), written, follow=follow)

    def _kept_within(self, root: Path, local: str, written: str, *, follow: bool) -> str:
        """Return the local path, or raise if a link on its way leads out of the root."""
        real = os.path.realpath(local) if follow else os.path.realpath(os.path.dirname(local))  # noqa: PTH120
        top = os.path.realpath(root)
        if real != top and not real.startswith(f"{top}{os.sep}") and local != str(root):
            raise PathOutsideStoreError(written, f"a link leads to {real}", str(root))
        return local

    def _refuse_protected(self, written: str, local: str) -> None:
        real = os.path.realpath(local)
        if not os.path.isdir(real):  # noqa: PTH112 - this must not go through what a run replaces
            return
        home = os.path.realpath(self.home)
        inside = Path(os.path.relpath(real, home)).parts or (".",)
        if inside[0] != "..":
            if len(inside) <= (3 if inside[0] == "volumes" else 1):
                raise ProtectedFolderError(written, f"{real} is a folder that the store itself needs")
            return
        if os.path.dirname(real) in {"/", real}:  # noqa: PTH120
            raise ProtectedFolderError(written, f"{real} is a root, or a folder directly under it")
        for kind, folders in (("a folder that the notebook is in", self._above()), ("a home", _homes())):
            if real in folders:
                raise ProtectedFolderError(written, f"{real} is {kind}")

    def _above(self) -> set[str]:
        """Return the folders that the notebook, the working folder and the store are in, and these themselves."""
        starts = (os.getcwd(), str(self.notebook or "."), str(self.home))  # noqa: PTH109
        paths = [Path(os.path.realpath(start)) for start in starts]
        return {str(folder) for path in paths for folder in (path, *path.parents)}


def _names(path: str, written: str) -> Iterator[str]:
    """Yield the names of a path, ``.`` and ``..`` resolved.

    Raises
    ------
    PathOutsideStoreError
        If ``..`` leads above the root, or stands within a pattern, where it could.
    """
    names: list[str] = []
    for name in path.split("/"):
        if name == ".." and not names:
            raise PathOutsideStoreError(written, "'..' leads above its root", "the store")
        if name == "..":
            names.pop()
        elif ".." in name and "{" in path:
            raise PathOutsideStoreError(written, "'..' stands within a pattern", "the store")
        elif name not in {"", "."}:
            names.append(name)
    yield from names


def _homes() -> set[str]:
    """Return the homes of this machine's users."""
    homes = {os.path.realpath(os.path.expanduser("~"))}  # noqa: PTH111
    try:
        import pwd
    except ImportError:  # not on Windows
        return homes
    homes |= {os.path.realpath(user.pw_dir) for user in pwd.getpwall()}
    for parent in ("/home", "/Users"):
        if _is_there(parent):
            homes |= {os.path.realpath(os.path.join(parent, name)) for name in os.listdir(parent)}  # noqa: PTH118, PTH208
    return homes


def _has(path: str) -> bool:
    """Say whether a path is there; of a pattern, whether anything matches it."""
    path = _FILE.sub("/", path, count=1)
    if _is_there(path) or not _PATTERN.search(path):
        return _is_there(path)
    simple = path.partition("{")[0] + ("*" if "{" in path else "")  # glob knows no {a,b}
    return next(glob.iglob(simple), None) is not None  # noqa: PTH207


def _is_there(path: str) -> bool:
    try:
        _lstat(path)
    except (OSError, ValueError):
        return False
    return True
