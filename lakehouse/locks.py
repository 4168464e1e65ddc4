"""One process at a time: locks of the embedded store, which the operating system releases when their process ends."""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["is_locked", "lock_of_table", "remove_lock", "store_lock"]


class _Lock:
    """A lock file of this process: its threads take turns, and the thread that holds it may take it again."""

    def __init__(self) -> None:
        self.thread = threading.RLock()
        self.depth = 0
        self.file = -1


_locks: dict[Path, _Lock] = {}
_finding = threading.Lock()


@contextmanager
def store_lock(home: Path, name: str) -> Iterator[None]:
    """Hold the store's lock of this name within; wait while another thread or process holds it.

    The lock is an ``flock`` of a small file in ``<home>/locks``, which stays. A process that is killed releases its locks.
    The thread that holds a lock may take it again.

    Parameters
    ----------
    home
        Folder of the store; it is made where it is missing.
    name
        What the lock is for, in any characters.

    Examples
    --------
    >>> import tempfile
    >>> home = Path(tempfile.mkdtemp())
    >>> with store_lock(home, "mlflow"), store_lock(home, "mlflow"):
    ...     print([file.suffix for file in (home / "locks").iterdir()])
    ['.lock']
    """
    path = _file(home, name)
    with _finding:
        lock = _locks.setdefault(path, _Lock())
    with lock.thread:
        if lock.depth == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if lock.depth == 0:
                fcntl.flock(lock.file, fcntl.LOCK_EX)
            lock.depth += 1
            try:
                yield
            finally:
                lock.depth -= 1
        finally:
            if lock.depth == 0:
                os.close(lock.file)  # which releases it


def is_locked(home: Path, name: str) -> bool:
    """Say whether any thread or process holds the store's lock of this name right now.

    Examples
    --------
    >>> import tempfile
    >>> home = Path(tempfile.mkdtemp())
    >>> with store_lock(home, "run"):
    ...     is_locked(home, "run")
    True
    >>> is_locked(home, "run")
    False
    """
    try:
        file = os.open(_file(home, name), os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(file)


def remove_lock(home: Path, name: str) -> None:
    """Remove the file of a lock that is never asked for again."""
    path = _file(home, name)
    path.unlink(missing_ok=True)
    _locks.pop(path, None)


def _file(home: Path, name: str) -> Path:
    return home / "locks" / f"{hashlib.blake2b(name.encode(), digest_size=12).hexdigest()}.lock"


@contextmanager
def lock_of_table(home: Path, database: str, table: str) -> Iterator[None]:
    """Hold the store's lock of one table within; its schema is named as Spark's session catalog knows it."""
    with store_lock(home, f"table {database.lower()}.{table.lower()}"):
        yield
