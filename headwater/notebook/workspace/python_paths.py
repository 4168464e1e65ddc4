"""Lets Python's own file functions understand a workspace's paths, within a run.

Replaced are ``open`` and the functions of `os` below, on which `os.path`, `pathlib`, `shutil`, `glob`, `tempfile`, `zipfile`
and pandas stand. Not reached: libraries that open files in C by name (sqlite3, h5py, LightGBM, XGBoost) and other processes.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import inspect
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from headwater.notebook.workspace.paths import Places

__all__ = ["named_arguments", "python_paths", "replaced"]

_ONE = [
    "access",
    "chdir",
    "chmod",
    "chown",
    "getxattr",
    "listdir",
    "listxattr",
    "open",
    "removexattr",
    "scandir",
    "setxattr",
    "stat",
    "statvfs",
    "truncate",
    "utime",
]
# What uses a link itself, not the file that it leads to.
_LINK = ["lchown", "lstat", "readlink", "remove", "rmdir", "unlink"]
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
    follow, keep = places.of_python, functools.partial(places.of_python, follow=False)
    one, link, make, two, opener = (
        _wrapper(places, *how)
        for how in ((follow, 1, False), (keep, 1, False), (follow, 1, True), (keep, 2, True), (follow, 1, None))
    )
    what: list[tuple[Any, str, Any]] = [(builtins, "open", opener), (io, "open", opener)]
    for names, wrapper in ((_ONE, one), (_LINK, link), (_MAKE, make), (_TWO, two)):
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


def named_arguments(mapping: Callable[[Any], Any], *names: str) -> Callable[[Any], Any]:
    """Return a decorator that maps arguments by name; they may be given by position."""

    def wrap(function: Any) -> Any:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def mapped(*args: Any, **kwargs: Any) -> Any:
            bound = signature.bind(*args, **kwargs)
            for name in names:
                if name in bound.arguments:
                    bound.arguments[name] = mapping(bound.arguments[name])
            return function(*bound.args, **bound.kwargs)

        return mapped

    return wrap


def _wrapper(places: Places, mapping: Callable[[str], str], paths: int, writes: bool | None) -> Callable[[Any], Any]:
    """Return a decorator that maps the first `paths` arguments; `writes` makes a volume's folder, None if the mode says so."""

    def wrap(function: Any) -> Any:
        @functools.wraps(function)
        def mapped(*args: Any, **kwargs: Any) -> Any:
            local = [_local(mapping, argument) for argument in args[:paths]]
            if (local and local[0] is not args[0]) or (len(local) > 1 and local[1] is not args[1]):
                mode = str(args[1] if len(args) > 1 else kwargs.get("mode", "r")) if writes is None else ""
                if writes or set(mode) & set("wax"):
                    _make_root(places, local[-1])
                args = (*local, *args[paths:])
            return function(*args, **kwargs)

        return mapped

    return wrap


def _local(mapping: Callable[[str], str], path: Any) -> Any:
    text = path if isinstance(path, str) else path.__fspath__() if isinstance(path, os.PathLike) else None
    if not isinstance(text, str):
        return path
    local = mapping(text)
    return path if local == text else local


def _make_root(places: Places, local: Any) -> None:
    root = places.root_to_make(local) if isinstance(local, str) else None
    if root is not None:
        _makedirs(root, exist_ok=True)
