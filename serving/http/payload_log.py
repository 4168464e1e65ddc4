"""The log of requests and answers: appended to a file of this machine at once, moved into a Delta table in batches.

A line is in the file, by one write, before its answer is sent: it outlives the process, whatever ends it. A thread moves
whole files into the table, each by one commit that carries the file's own number, so that a file is moved once, also if the
process is killed in between. Nothing is held in memory but the file that is being moved.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import threading
import time
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from headwater import lakehouse
from headwater.lakehouse import Settings, TableName

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["PAYLOAD_COLUMNS", "PayloadLog"]

_MOST_LINES = 20_000  # of one file
_MOST_BYTES = 64 * 2**20
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

PAYLOAD_COLUMNS = (
    ("databricks_request_id", "string"),
    ("request_date", "date"),
    ("client_request_id", "string"),
    ("request_time", "timestamp"),
    ("status_code", "int"),
    ("sampling_fraction", "double"),
    ("execution_duration_ms", "bigint"),
    ("request", "string"),
    ("response", "string"),
    ("logging_error_codes", "array<string>"),
    ("served_entity_id", "string"),
    ("requester", "string"),
    ("feature_trace", "string"),
)


class PayloadLog:
    """The log of one endpoint in this process.

    Parameters
    ----------
    table
        Full name of the Delta table; it is made with the first batch.
    seconds
        How long a line waits for its batch at most.
    """

    def __init__(self, settings: Settings, table: str, *, seconds: float = 5.0) -> None:
        self.table = TableName.parse(table, catalog=settings.catalog, schema=settings.default_schema)
        self._settings, self._seconds = settings, seconds
        self.folder = settings.home / "serving-log" / str(self.table)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.failed = 0
        self._lock = threading.Lock()
        self._moving = threading.Lock()
        self._file, self._lines, self._bytes = -1, 0, 0
        self._wake, self._ends = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"log of {table}", daemon=True)
        self._thread.start()

    def append(self, line: Sequence[Any]) -> None:
        """Write the values of `PAYLOAD_COLUMNS`, in their order, times as microseconds since 1970 UTC; takes some 5 µs.

        A line that cannot be written (the disk is full) is counted in `failed`; the answer is sent all the same.
        """
        packed = _encode(line) + b"\n"
        with self._lock:
            try:
                if self._file < 0:
                    self._open()
                os.write(self._file, packed)
            except OSError:
                self.failed += 1
                return
            self._lines += 1
            self._bytes += len(packed)
            full = self._lines >= _MOST_LINES or self._bytes >= _MOST_BYTES
        if full:
            self._wake.set()

    def flush(self) -> None:
        """Move all lines that are written into the table."""
        self._close()
        with self._moving:
            for path in sorted(self.folder.glob("*.jsonl")):
                self._move(path)

    def close(self) -> None:
        """End the thread, and move what is left."""
        self._ends.set()
        self._wake.set()
        self._thread.join()
        self.flush()

    def _run(self) -> None:
        while not self._ends.is_set():
            self._wake.wait(self._seconds)
            self._wake.clear()
            if self._ends.is_set():
                return
            try:
                self.flush()
            except Exception:  # noqa: BLE001 - the lines stay in their file, and are tried again
                self._ends.wait(self._seconds)

    def _open(self) -> None:
        while True:
            path = self.folder / f"{time.time_ns():020d}-{uuid.uuid4().hex}.jsonl"
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)  # so that other processes leave it to this one
            if path.exists():
                break
            os.close(file)  # another process took it for a left one before it was locked
        self._file, self._lines, self._bytes = file, 0, 0

    def _close(self) -> None:
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def _move(self, path: Path) -> None:
        """Move a file into the table, unless a process writes it now or another has moved it."""
        try:
            file = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with lakehouse.store_lock(self._settings.home, f"payload {self.table}"):
                lines = _lines(path.read_bytes().splitlines()) if path.exists() else []
                if lines:
                    append_once(self._settings, self.table, _table(lines), path.stem)
                path.unlink(missing_ok=True)
        except BlockingIOError:
            return
        finally:
            os.close(file)


def _lines(raw: Iterable[bytes]) -> list[list[Any]]:
    """Return the whole lines; one that a kill cut short was never answered."""
    found = []
    for one in raw:
        try:
            found.append(_decode(one))
        except msgspec.DecodeError:
            continue
    return found


def _table(lines: Sequence[Sequence[Any]]) -> pa.Table:
    import pyarrow as pa

    arrays = {}
    for at, (name, kind) in enumerate(PAYLOAD_COLUMNS):
        values = [line[at] for line in lines]
        wanted = lakehouse.arrow_type(kind)
        if kind == "date":
            values = [dt.date(1970, 1, 1) + dt.timedelta(days=one) for one in values]
        arrays[name] = pa.array(values, pa.int64()).cast(wanted) if kind == "timestamp" else pa.array(values, wanted)
    return pa.table(arrays)


def append_once(settings: Settings, name: TableName, rows: pa.Table, identifier: str) -> None:
    """Append rows to a Delta table of the embedded store, made where it is missing; called again, nothing is appended.

    No Spark is started.
    """
    import deltalake
    from deltalake.exceptions import TableNotFoundError

    folder = lakehouse.table_folder(settings.warehouse, name)
    try:
        if deltalake.DeltaTable(folder).transaction_version(identifier) is not None:
            return
    except TableNotFoundError:
        folder.parent.mkdir(parents=True, exist_ok=True)
    once = deltalake.CommitProperties(app_transactions=[deltalake.Transaction(identifier, 1)])
    feed = {"delta.enableChangeDataFeed": "true"}
    deltalake.write_deltalake(folder, rows, mode="append", commit_properties=once, configuration=feed)
