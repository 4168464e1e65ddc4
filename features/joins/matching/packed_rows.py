"""Rows as Arrow streams in single values: as rows they would each be copied, shuffled and sorted for each bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["packed", "unpacked"]

_PACK = 8 << 20  # bytes of rows in one value


def packed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Give a task's rows as Arrow streams, each one value."""
    import pyarrow as pa

    held: list[pa.RecordBatch] = []

    def one_value() -> pa.RecordBatch:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, held[0].schema) as writer:
            writer.write_table(pa.Table.from_batches(held).combine_chunks())
        return pa.record_batch({"__rows": pa.array([sink.getvalue().to_pybytes()], pa.binary())})

    for batch in batches:
        held.append(batch)
        if sum(one.nbytes for one in held) >= _PACK:
            yield one_value()
            held = []
    if held:
        yield one_value()


def unpacked(values: pa.ChunkedArray, schema: pa.Schema) -> pa.Table:
    """Return the rows of the values, which may be none."""
    import pyarrow as pa

    streams = [pa.ipc.open_stream(value.as_buffer()).read_all() for chunk in values.chunks for value in chunk]
    return pa.concat_tables(streams).combine_chunks() if streams else schema.empty_table()
