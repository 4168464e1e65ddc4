"""The program that reads Parquet bodies, in a process of its own: a damaged file can end it, and not the server.

pyarrow's native code ends its process for some damaged files. :mod:`headwater.serving.http.parquet_body` starts this program by
its path; it imports nothing of Headwater, and ends when its input does. A message in either direction is eight bytes of length,
then as many bytes. A question is two messages, a :class:`Question` in JSON and the bytes of the file; an answer is an
:class:`Answer` in JSON. Nothing in a file is ever unpickled.
"""

from __future__ import annotations

import base64
import datetime as dt
import math
import re
import signal
import struct
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["Answer", "Question", "receive", "send", "values_of"]

_MOST_MEMORY = 2**30  # bytes that this process may allocate
_MOST_TEXT = 8  # times the bytes of the decoded values: more than JSON makes of any of them
_WIDTHS = {"BOOLEAN": 1, "BYTE_ARRAY": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}
_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double")
_INDEX = re.compile(r"__index_level_\d+__")  # as pandas names an index that has no name
_LENGTH = struct.Struct(">q")
_UNREADABLE = "The body is no whole Parquet file that can be read: send all bytes of one file."


class Question(msgspec.Struct):
    """How many rows, and bytes of decoded values, a file may have; names and SQL types of the columns that the endpoint knows."""

    most_rows: int
    most_bytes: int
    columns: dict[str, str]


class Answer(msgspec.Struct, omit_defaults=True):
    """JSON values by column; or why the file is refused, and, where it is one value, its row and column (or -1)."""

    values: dict[str, list[Any]] = {}
    refusal: str = ""
    status: int = 400
    row: int = -1
    column: str = ""


class _RefusedError(Exception):
    def __init__(self, refusal: str, status: int = 400, row: int = -1, column: str = "") -> None:
        super().__init__(refusal)
        self.answer = Answer(refusal=refusal, status=status, row=row, column=column)


def send(pipe: IO[bytes], message: bytes) -> None:
    """Write a message."""
    pipe.write(_LENGTH.pack(len(message)))
    pipe.write(message)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes | None:
    """Return the next message; None if the other side has ended."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    length = _LENGTH.unpack(head)[0]
    message = pipe.read(length)
    return message if len(message) == length else None


def main() -> None:
    """Say that the program is there, then answer until the input ends."""
    import resource

    import pyarrow.parquet  # noqa: F401 - before the first question

    resource.setrlimit(resource.RLIMIT_DATA, (_MOST_MEMORY, _MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for one in (signal.SIGINT, signal.SIGTERM):  # which a server that drains gets with all its processes
        signal.signal(one, signal.SIG_IGN)
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    send(answers, b"ready")
    while (asked := receive(questions)) is not None and (body := receive(questions)) is not None:
        send(answers, _answer(msgspec.json.decode(asked, type=Question), body))


def _answer(question: Question, body: bytes) -> bytes:
    try:
        text = msgspec.json.encode(Answer(values=values_of(body, question)))
        if len(text) <= _MOST_TEXT * question.most_bytes:
            return text
        answer = _too_large(question.most_bytes).answer
    except _RefusedError as refused:
        answer = refused.answer
    except MemoryError:  # of Arrow too
        answer = _too_large(question.most_bytes).answer
    except Exception:  # noqa: BLE001 - pyarrow raises many kinds, whose sentences can repeat data
        answer = Answer(refusal=_UNREADABLE)
    return msgspec.json.encode(answer)


def values_of(body: bytes, question: Question) -> dict[str, list[Any]]:
    """Return the JSON values of each column of a file: times as ISO 8601, binary values as base64, decimals as texts."""
    table = _table(body, question)
    columns = question.columns
    names = [name for name in table.column_names if not _INDEX.fullmatch(name)]
    seen: set[str] = set()
    for name in names:
        if name in seen:
            message = f"The Parquet file has two columns {name[:50]!r}: give each column a name of its own."
            raise _RefusedError(message)
        seen.add(name)
    if not names:
        message = "The Parquet file has no columns."
        raise _RefusedError(message)
    return {name: _values(name, table[name], columns.get(name, ""), strict=not columns) for name in names}


def _table(body: bytes, question: Question) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    footer = pq.read_metadata(pa.BufferReader(body))
    _check_size(footer, question)
    leaves = [footer.schema.column(at) for at in range(footer.num_columns)]
    texts = [one.path for one in leaves if one.physical_type == "BYTE_ARRAY" and one.logical_type.type != "DECIMAL"]
    # As dictionaries, in which a text that many rows share is held once.
    table = pq.ParquetFile(pa.BufferReader(body), read_dictionary=texts).read(use_threads=False)
    table.validate(full=True)
    if table.num_rows > question.most_rows:
        raise _too_many(table.num_rows, question.most_rows)
    if sum(_decoded_bytes(part) for column in table.columns for part in column.chunks) > question.most_bytes:
        raise _too_large(question.most_bytes)
    return table


def _check_size(footer: pq.FileMetaData, question: Question) -> None:
    """Raise if the file says that it holds too much, before anything of it is decoded."""
    if footer.num_rows > question.most_rows:
        raise _too_many(footer.num_rows, question.most_rows)
    size = 0
    for at in range(footer.num_columns):
        leaf = footer.schema.column(at)
        width = leaf.length if leaf.physical_type == "FIXED_LEN_BYTE_ARRAY" else _WIDTHS.get(leaf.physical_type, 8)
        chunks = [footer.row_group(group).column(at) for group in range(footer.num_row_groups)]
        size += sum(max(chunk.total_uncompressed_size, width * chunk.num_values) for chunk in chunks)
    if size > question.most_bytes:
        raise _too_large(question.most_bytes)


def _too_many(rows: int, most_rows: int) -> _RefusedError:
    return _RefusedError(f"The request has {rows:,} rows; this server takes {most_rows:,} at once: send fewer.", 413)


def _too_large(most_bytes: int) -> _RefusedError:
    return _RefusedError(f"The Parquet file holds more than {most_bytes:,} bytes once decoded: send fewer rows.", 413)


def _decoded_bytes(array: pa.Array) -> int:
    """Return the bytes of an array's values, a text of a dictionary counted as often as it stands in a row."""
    import pyarrow.compute as pc
    import pyarrow.types as t

    kind = array.type
    if t.is_dictionary(kind):
        words = array.dictionary
        if not (t.is_string(words.type) or t.is_binary(words.type)):
            return int(words.nbytes + array.nbytes)
        return int(pc.sum(pc.binary_length(words).cast("int64").take(array.indices)).as_py() or 0)
    if t.is_map(kind):
        return _decoded_bytes(array.keys) + _decoded_bytes(array.items)
    if t.is_struct(kind):
        return sum(map(_decoded_bytes, array.flatten()))
    if t.is_nested(kind):
        return _decoded_bytes(array.flatten())
    return int(array.nbytes)


def _values(name: str, column: pa.ChunkedArray, kind: str, *, strict: bool) -> list[Any]:
    """Return a column's JSON values; in a column that the endpoint does not know, numbers that JSON lacks are null."""
    try:
        given = column.to_pylist()
    except (ValueError, OverflowError) as error:
        kind_found = str(column.type).partition("[")[0]  # the rest can be a text of the file
        message = f"found a {kind_found} that is beyond what Python has"
        raise _RefusedError(message, row=0, column=name) from error
    values = []
    for at, value in enumerate(given):
        try:
            values.append(_json(value, kind))
        except ValueError as error:
            if strict or kind:
                raise _RefusedError(str(error), row=at, column=name) from error
            values.append(None)
    return values


def _json(value: Any, kind: str) -> Any:  # noqa: PLR0911 - one return a type
    """Return a value of Arrow in the form that a JSON body has for it."""
    if isinstance(value, float):
        if not math.isfinite(value):
            message = "found NaN or an infinity, not a finite number; write NULL for a missing value"
            raise ValueError(message)
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list | tuple):
        return [_json(one, "") for one in value]
    if isinstance(value, Mapping):
        return {name: _json(one, "") for name, one in value.items()}
    if isinstance(value, dt.date):  # and times, also those of pandas
        return value.isoformat()
    if isinstance(value, Decimal) and kind in _NUMBERS:
        return int(value) if value == value.to_integral_value() else float(value)
    return value if value is None or isinstance(value, bool | int | str) else str(value)


if __name__ == "__main__":
    main()
