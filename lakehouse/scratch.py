"""The store's folder of scratch files: each process has its own, which goes with it; its size has a bound."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
from pathlib import Path

from headwater.lakehouse.errors import HeadwaterError

__all__ = ["ScratchFullError", "remove_left_scratch", "scratch_bytes", "scratch_folder"]

_ours: set[Path] = set()


class ScratchFullError(HeadwaterError):
    """The rows would make the scratch files of a store larger than its setting ``scratch_gib`` allows."""

    def __init__(self, folder: str, size: int, bound: int) -> None:
        super().__init__(folder, size, bound)
        self.folder, self.size, self.bound = folder, size, bound

    def __str__(self) -> str:
        return (
            f"the scratch files in {self.folder} would take {self.size:,} bytes, and scratch_gib allows {self.bound:,}"
        )


def scratch_bytes(home: Path) -> int:
    """Return the size of the scratch files of all processes on this store."""
    size = 0
    for file in (home / "scratch").rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # its process has just removed it
            size += file.stat().st_size if file.is_file() else 0
    return size


def scratch_folder(home: Path) -> Path:
    """Return this process's folder ``<home>/scratch/<process id>``; it is removed when the process ends."""
    own = home / "scratch" / str(os.getpid())
    if own in _ours and own.is_dir():
        return own
    own.mkdir(parents=True, exist_ok=True)
    remove_left_scratch(home)
    _ours.add(own)
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    return own


def remove_left_scratch(home: Path) -> None:
    """Remove the scratch files of processes that are gone, also by SIGTERM or SIGKILL."""
    for folder in (home / "scratch").glob("[0-9]*"):
        if folder.name.isdigit() and not _runs(int(folder.name)):
            shutil.rmtree(folder, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
