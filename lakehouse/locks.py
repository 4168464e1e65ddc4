"""One process at a time: locks of the embedded store, which the operating system releases when their process ends."""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["creation_lock", "store_lock"]


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
    path = home / "locks" / f"{hashlib.blake2b(name.encode(), digest_size=12).hexdigest()}.lock"
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


@contextmanager
def creation_lock(home: Path, schema: str, table: str) -> Iterator[None]:
    """Hold the store's lock for the creation of one table within."""
    with store_lock(home, f"create {schema.lower()}.{table.lower()}"):
        yield
