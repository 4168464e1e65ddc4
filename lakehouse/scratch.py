"""The store's folder of scratch files: each process has its own, which goes with it."""

from __future__ import annotations

import atexit
import os
import shutil
from pathlib import Path

__all__ = ["remove_left_scratch", "scratch_folder"]

_ours: set[Path] = set()


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
