"""Lets Python's own file functions understand a workspace's paths, within a run.

Replaced are ``open`` and the functions of `os` below, on which `os.path`, `pathlib`, `shutil`, `glob`, `tempfile`, `zipfile`
and pandas stand. Not reached: libraries that open files in C by name (sqlite3, h5py, LightGBM, XGBoost) and other processes.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from headwater.notebook.paths import Places

__all__ = ["python_paths", "replaced"]

_ONE = [
    "access",
    "chdir",
    "chmod",
    "chown",
    "getxattr",
    "lchown",
    "listdir",
    "listxattr",
    "lstat",
    "open",
    "readlink",
    "remove",
    "removexattr",
    "rmdir",
    "scandir",
    "setxattr",
    "stat",
    "statvfs",
    "truncate",
    "unlink",
    "utime",
]
_MAKE = ["mkdir"]
_TWO = ["link", "rename", "replace", "symlink"]
# What is always there in ``dbfs:/``. A volume is there once it was made, or something was written to it.
_ALWAYS = ("FileStore", "mnt", "tmp")
# Modules that keep ``open`` under a name of their own.
_OPENERS = [("tarfile", "bltn_open"), ("bz2", "_builtin_open")]
# What hands a folder's name to Arrow, which opens it in C.
_PANDAS = ["read_orc", "read_parquet"]
_stat, _makedirs = os.stat, os.makedirs


@contextmanager
def python_paths(places: Places) -> Iterator[None]:
    """Let file functions of this process map paths by :meth:`Places.of_python` within."""
    one, make, two, opener = (_wrapper(places, *how) for how in ((1, False), (1, True), (2, True), (1, None)))
    what: list[tuple[Any, str, Any]] = [(builtins, "open", opener), (io, "open", opener)]
    for names, wrapper in ((_ONE, one), (_MAKE, make), (_TWO, two)):
        what += [(os, name, wrapper) for name in names if hasattr(os, name)]
    what += [(importlib.import_module(module), name, opener) for module, name in _OPENERS]
    what += [(importlib.import_module("pandas"), name, one) for name in _PANDAS]
    for folder in (places.volumes, *(places.dbfs / name for name in _ALWAYS)):
        folder.mkdir(parents=True, exist_ok=True)
    with replaced(what):
        yield


@contextmanager
def replaced(what: list[tuple[Any, str, Callable[[Any], Any]]]) -> Iterator[None]:
    """Replace attributes by ``wrapper(attribute)`` within; static methods stay static ones."""
    before = [(owner, name, vars(owner)[name]) for owner, name, _ in what if name in vars(owner)]
    wrappers = {(id(owner), name): wrapper for owner, name, wrapper in what}
    try:
        for owner, name, old in before:
            kind = type(old) if isinstance(old, classmethod | staticmethod) else None
            made = wrappers[id(owner), name](old.__func__ if kind else old)
            setattr(owner, name, kind(made) if kind else made)
        yield
    finally:
        for owner, name, old in reversed(before):
            setattr(owner, name, old)


def _wrapper(places: Places, paths: int, writes: bool | None) -> Callable[[Any], Any]:
    """Return a decorator that maps the first `paths` arguments; `writes` makes a volume's folder, None if the mode says so."""

    def wrap(function: Any) -> Any:
        @functools.wraps(function)
        def mapped(*args: Any, **kwargs: Any) -> Any:
            local = [_local(places, argument) for argument in args[:paths]]
            if (local and local[0] is not args[0]) or (len(local) > 1 and local[1] is not args[1]):
                mode = str(args[1] if len(args) > 1 else kwargs.get("mode", "r")) if writes is None else ""
                if writes or set(mode) & set("wax"):
                    _make_root(places, local[-1])
                args = (*local, *args[paths:])
            return function(*args, **kwargs)

        return mapped

    return wrap


def _local(places: Places, path: Any) -> Any:
    text = path if isinstance(path, str) else path.__fspath__() if isinstance(path, os.PathLike) else None
    if not isinstance(text, str):
        return path
    local = places.of_python(text)
    return path if local == text else local


def _make_root(places: Places, local: Any) -> None:
    root = places.root_to_make(local) if isinstance(local, str) else None
    if root is not None:
        _makedirs(root, exist_ok=True)
