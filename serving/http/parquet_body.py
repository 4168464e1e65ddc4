"""Request bodies in Parquet: the bytes of one file, read by pyarrow in a process apart from the server."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import msgspec

from headwater.serving.http import parquet_reader
from headwater.serving.http.parquet_reader import Answer, Question, receive, send
from headwater.serving.http.requests import Request, RequestError
from headwater.serving.online.lookup import RequestValueError

__all__ = ["close_readers", "parse_parquet"]

_MOST_SECONDS = 60.0  # for a file, then its reader is ended
_decode = msgspec.json.Decoder(Answer).decode
_encode = msgspec.json.Encoder().encode


def parse_parquet(body: bytes, most_rows: int, columns: Mapping[str, str], most_bytes: int) -> Request:
    """Return the rows of a Parquet body, as JSON values: times as ISO 8601, binary values as base64.

    The first call starts a process, in some 0.3 s; it is kept for later calls. As many run as there are calls at one time.

    Parameters
    ----------
    columns
        Names and SQL types of the columns that the endpoint knows; NaN and infinities in others are taken for null.
    most_bytes
        How many bytes the values may have once they are decoded: a small file can hold one long text for ten thousand rows.

    Raises
    ------
    RequestError
        The body is empty, no Parquet file, or damaged; two columns have one name; there are too many rows, or too many bytes
        once they are decoded (413).
    RequestValueError
        A value is NaN or infinite, or a time is beyond what Python has.

    Examples
    --------
    >>> import io, pyarrow as pa, pyarrow.parquet as pq
    >>> file = io.BytesIO()
    >>> pq.write_table(pa.table({"id": [7, None], "photo": [b"x", b"y"]}), file)
    >>> parse_parquet(file.getvalue(), 10, {}, 2**20).rows
    [{'id': 7, 'photo': 'eA=='}, {'id': None, 'photo': 'eQ=='}]
    """
    if not body:
        raise RequestError("The body is empty: send the bytes of one Parquet file.")
    answer = _READERS.ask(_encode(Question(most_rows, most_bytes, dict(columns))), body)
    if answer.row >= 0:
        raise RequestValueError(answer.row, answer.column, answer.refusal)
    if answer.refusal:
        raise RequestError(answer.refusal, answer.status)
    values = answer.values
    return Request([dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)])


def close_readers() -> None:
    """End the processes that wait for a file; the next file starts a new one."""
    _READERS.close()


class _Readers:
    """Processes that read files, one at a time each; those that wait for the next are kept."""

    def __init__(self) -> None:
        self._idle: list[_Reader] = []
        self._lock = threading.Lock()

    def ask(self, question: bytes, body: bytes) -> Answer:
        with self._lock:
            reader = self._idle.pop() if self._idle else None
        if reader is not None and not reader.runs:
            reader.close()
            reader = None
        reader = reader or _Reader()
        answer = reader.ask(question, body)
        if answer is None:
            reader.close()
            raise RequestError(
                "The body is no whole Parquet file that can be read (its reader ended): send all bytes of one file."
            )
        with self._lock:
            self._idle.append(reader)
        return _decode(answer)

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.close()


class _Reader:
    """A process that reads files; it ends with this one."""

    def __init__(self) -> None:
        command = [sys.executable, "-P", str(Path(parquet_reader.__file__))]
        environment = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        if receive(self._answers) != b"ready":
            self.close()
            message = f"The reader of Parquet files, {' '.join(command)}, does not start: run it to see why."
            raise RuntimeError(message)

    @property
    def runs(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    @property
    def _answers(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def ask(self, question: bytes, body: bytes) -> bytes | None:
        """Return the answer to a question; None if the process has ended, or takes too long."""
        assert self._process.stdin is not None
        late = threading.Timer(_MOST_SECONDS, self._process.kill)
        late.start()
        try:
            send(self._process.stdin, question)
            send(self._process.stdin, body)
            return receive(self._answers)
        except OSError:  # it ended while it was sent to
            return None
        finally:
            late.cancel()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


_READERS = _Readers()
atexit.register(close_readers)
