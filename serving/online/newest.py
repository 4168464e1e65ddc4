"""The newest row of each key, as plain values in the order of the keys: what a publish of a whole table writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headwater.serving.online.packing import pack_keys, pack_rows, plain_values
from headwater.serving.online.store import Columns, Rows

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["newest_positions", "packed_batches"]

_BATCH = 100_000
_LARGEST = 2**62


def newest_positions(table: pa.Table, keys: Sequence[str], time: str) -> NDArray[np.int64]:
    """Return the positions of the newest row of each key, by key; without a time key (empty), of all rows.

    Notes
    -----
    Of rows with one key and time, which a feature table has not, the last counts. One sort of two columns of integers.
    """
    codes = _codes([table[name] for name in keys])
    if not time:
        return np.argsort(codes, kind="stable")
    import pyarrow as pa

    at = table[time]
    times = (at.cast(pa.int32()) if pa.types.is_date32(at.type) else at).cast(pa.int64()).to_numpy()
    order = np.lexsort((times, codes))
    ordered = codes[order]
    last = np.ones(len(order), dtype=bool)
    last[:-1] = ordered[1:] != ordered[:-1]
    return order[last]


def packed_batches(table: pa.Table, keys: Columns, time: str, features: Columns) -> Iterator[Rows]:
    """Return rows (each key once) as batches of packed keys and values."""
    import pyarrow as pa

    for first in range(0, table.num_rows, _BATCH):
        part = table.slice(first, _BATCH)
        times: list[Any] = [None] * part.num_rows
        if time:
            at = part[time]
            times = plain_values(at.cast(pa.timestamp("us")) if pa.types.is_date32(at.type) else at, "timestamp")
        values = pack_rows(times, [plain_values(part[name], kind) for name, kind in features])
        packed = pack_keys([plain_values(part[name], kind) for name, kind in keys], [kind for _, kind in keys])
        yield list(zip(packed, values, strict=True))


def _codes(columns: Sequence[pa.ChunkedArray]) -> NDArray[np.int64]:
    """Return a number for each row, the same for the same key; of one column of whole numbers, the numbers."""
    import pyarrow as pa

    codes: NDArray[np.int64] | None = None
    size = 1
    for column in columns:
        one: NDArray[np.int64]
        if pa.types.is_integer(column.type):
            one = column.to_numpy().astype(np.int64, copy=False)
            if len(columns) == 1:
                return one
        else:
            one = _dictionary(column)
        distinct, one = np.unique(one, return_inverse=True)
        width = max(1, len(distinct))
        if codes is None:
            codes, size = one.astype(np.int64), width
            continue
        if size * width >= _LARGEST:
            codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
            size = int(codes.max(initial=0)) + 1
        codes, size = codes * width + one, size * width
    assert codes is not None
    return codes


def _dictionary(column: pa.ChunkedArray) -> NDArray[np.int64]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(column.type):
        column = pc.add(column, 0.0)  # -0.0 is 0.0
    encoded: Any = column.combine_chunks().dictionary_encode()
    indices: NDArray[np.int64] = np.asarray(encoded.indices).astype(np.int64)
    return indices
