"""Request bodies in Parquet: the bytes of one file, read by pyarrow; nothing in them is ever unpickled."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import math
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from headwater.serving.http.requests import Request, RequestError, too_many_rows
from headwater.serving.online.lookup import RequestValueError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["parse_parquet"]

_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}
_INDEX = re.compile(r"__index_level_\d+__")  # as pandas names an index that has no name


def parse_parquet(body: bytes, most_rows: int, columns: Mapping[str, str], most_bytes: int) -> Request:
    """Return the rows of a Parquet body, as JSON values: times as ISO 8601, binary values as base64.

    Parameters
    ----------
    columns
        Names and SQL types of the columns that the endpoint knows; NaN and infinities in others are taken for null.
    most_bytes
        How many bytes the values may have once they are decoded: a small file can hold one long text for ten thousand rows.

    Raises
    ------
    RequestError
        The body is empty, no Parquet file, or cut off; two columns have one name; there are too many rows, or too many bytes
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
    table = _table(body, most_rows, most_bytes)
    names = [name for name in table.column_names if not _INDEX.fullmatch(name)]
    twice = [name for at, name in enumerate(names) if name in names[:at]]
    if twice:
        raise RequestError(f"The Parquet file has two columns {twice[0][:50]!r}: give each column a name of its own.")
    values = {name: _values(name, table[name], strict=not columns or name in columns) for name in names}
    if not values:
        raise RequestError("The Parquet file has no columns.")
    return Request([dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)])


def _table(body: bytes, most_rows: int, most_bytes: int) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not body:
        raise RequestError("The body is empty: send the bytes of one Parquet file.")
    with _unreadable():
        footer = pq.read_metadata(pa.BufferReader(body))
    _check_size(footer, most_rows, most_bytes)
    with _unreadable():
        leaves = [footer.schema.column(at) for at in range(footer.num_columns)]
        texts = [one.path for one in leaves if one.physical_type == "BYTE_ARRAY" and one.logical_type.type != "DECIMAL"]
        # As dictionaries, in which a text that many rows share is held once.
        table = pq.ParquetFile(pa.BufferReader(body), read_dictionary=texts).read(use_threads=False)
        table.validate(full=True)
    if table.num_rows > most_rows:
        raise too_many_rows(f"{table.num_rows:,}", most_rows)
    if sum(_decoded_bytes(part) for column in table.columns for part in column.chunks) > most_bytes:
        raise _too_large(most_bytes)
    return table


@contextlib.contextmanager
def _unreadable() -> Iterator[None]:
    """Turn pyarrow's errors into a refusal; their own sentences can repeat data."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise RequestError(
            f"The body is no whole Parquet file that can be read ({type(error).__name__}): send all bytes of one file."
        ) from error


def _check_size(footer: pq.FileMetaData, most_rows: int, most_bytes: int) -> None:
    """Raise if the file says that it holds too much, before anything of it is decoded."""
    if footer.num_rows > most_rows:
        raise too_many_rows(f"{footer.num_rows:,}", most_rows)
    size = 0
    for at in range(footer.num_columns):
        leaf = footer.schema.column(at)
        width = leaf.length if leaf.physical_type == "FIXED_LEN_BYTE_ARRAY" else _WIDTHS.get(leaf.physical_type, 0)
        chunks = [footer.row_group(group).column(at) for group in range(footer.num_row_groups)]
        size += sum(max(chunk.total_uncompressed_size, width * chunk.num_values) for chunk in chunks)
    if size > most_bytes:
        raise _too_large(most_bytes)


def _too_large(most_bytes: int) -> RequestError:
    return RequestError(f"The Parquet file holds more than {most_bytes:,} bytes once decoded: send fewer rows.", 413)


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


def _values(name: str, column: pa.ChunkedArray, *, strict: bool) -> list[Any]:
    try:
        given = column.to_pylist()
    except (ValueError, OverflowError) as error:
        message = f"found a value of {column.type} that is beyond what Python has"
        raise RequestValueError(0, name, message) from error
    values = []
    for at, value in enumerate(given):
        try:
            values.append(_json(value))
        except ValueError as error:
            if strict:
                raise RequestValueError(at, name, str(error)) from error
            values.append(None)
    return values


def _json(value: Any) -> Any:
    """Return a value of Arrow in the form that a JSON body has for it."""
    write = _FORMS.get(type(value))
    if write is not None:
        return write(value)
    if isinstance(value, dt.date):  # and times, also those of pandas
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | str | Decimal) else str(value)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        message = "found NaN or an infinity, not a finite number; write NULL for a missing value"
        raise ValueError(message)
    return value


_FORMS: Mapping[type, Callable[[Any], Any]] = {
    float: _finite,
    bytes: lambda value: base64.b64encode(value).decode(),
    list: lambda value: [_json(one) for one in value],
    tuple: lambda value: [_json(one) for one in value],
    dict: lambda value: {name: _json(one) for name, one in value.items()},
}
