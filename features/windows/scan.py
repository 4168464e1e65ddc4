"""Any windows at any times, in NumPy: one pass over events and label rows of a Spark task, sorted by keys and time.

Each window of each label row is a range of its key's sorted events, from which the classes of
:mod:`headwater.features.windows.aggregates` compute their functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from headwater.features.definitions.aggregations.function import Function
from headwater.features.windows.aggregates.registry import aggregate_of
from headwater.features.windows.sorted_values import SortedValues

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["WindowEdges", "WindowScan", "Windowed"]

_CHUNK_ROWS: Final = 200_000
_DAY: Final = 86_400_000_000
_FOREVER: Final = -(2**62)


@dataclass(frozen=True)
class WindowEdges:
    """Where the window of a time begins (inclusive) and ends (exclusive), all in microseconds since 1970.

    Attributes
    ----------
    duration
        None: from the first event on.
    daily
        Whether the start is moved back to midnight.

    Examples
    --------
    >>> WindowEdges(slide=10, delay=1, offset=2, duration=20, since=None, daily=False).of(np.array([33, 32, -1]))
    (array([ 12,   2, -28]), array([32, 22, -8]))
    """

    slide: int
    delay: int
    offset: int
    duration: int | None
    since: int | None
    daily: bool

    def of(self, time: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return starts and ends for times."""
        end = time - self.delay - self.offset
        end = end - np.mod(end, self.slide) + self.offset
        start = np.full_like(end, _FOREVER) if self.duration is None else end - self.duration
        if self.daily and self.duration is not None:
            start -= np.mod(start, _DAY)
        return (start if self.since is None else np.maximum(start, self.since)), end


@dataclass(frozen=True)
class Windowed:
    """A column to compute: a function of the column `values` over windows.

    Attributes
    ----------
    title
        How an error names the column.
    """

    name: str
    function: Function
    values: str
    edges: WindowEdges
    title: str = "A sum"


@dataclass(frozen=True)
class WindowScan:
    """What the pass needs to know; Spark sends it to its workers.

    The rows have the keys, ``__at`` (microseconds), ``__label`` (the label row as a struct, NULL for an event) and the
    columns of values, sorted by keys and ``__at``, all of a key in one task; events have no NULL in keys and ``__at``. Out
    come ``__label`` and the columns of `wanted`. A label with a NULL key has no events, one with a NULL time no windows.

    Attributes
    ----------
    reach
        How far before a label its events can lie; None: any distance, so that all of a key's events are kept in memory.
    out
        Names and types of `wanted`.
    """

    keys: tuple[str, ...]
    wanted: tuple[Windowed, ...]
    reach: int | None
    out: pa.Schema

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give the label rows of one task, with their windows; a key of any length is gone through in pieces."""
        import pyarrow as pa

        waiting: list[pa.RecordBatch] = []
        fresh = 0
        for batch in batches:
            waiting.append(batch)
            fresh += batch.num_rows
            if fresh >= _CHUNK_ROWS:
                rows = pa.Table.from_batches(waiting).combine_chunks()
                yield from self._labelled(rows)
                waiting, fresh = self._kept(rows), 0
        if fresh:
            yield from self._labelled(pa.Table.from_batches(waiting).combine_chunks())

    def _kept(self, rows: pa.Table) -> list[pa.RecordBatch]:
        """Return the last key's events that later labels can reach."""
        code, at = _codes(rows, self.keys), _times(rows)
        kept = (code == code[-1]) & ~_is_label(rows)
        if self.reach is not None:
            kept &= at > at[-1] - self.reach
        return list(rows.filter(kept).to_batches())

    def _labelled(self, rows: pa.Table) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        is_label = _is_label(rows)
        labels, events = np.flatnonzero(is_label), np.flatnonzero(~is_label)
        if not len(labels):
            return
        code, at = _codes(rows, self.keys), _times(rows)
        known = rows["__at"].combine_chunks().is_valid().to_numpy(zero_copy_only=False)[labels]
        moments = np.unique(at[events])
        width = len(moments) + 1
        place = code[events] * width + np.searchsorted(moments, at[events])
        ranges: dict[WindowEdges, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
        values: dict[str, SortedValues] = {}
        columns = [rows["__label"].combine_chunks().take(pa.array(labels))]
        for one in self.wanted:
            if one.edges not in ranges:
                start, end = one.edges.of(at[labels])
                low = code[labels] * width + np.searchsorted(moments, start)
                high = code[labels] * width + np.searchsorted(moments, end)
                ranges[one.edges] = (low, np.where(known, np.maximum(high, low), low))
            if one.values not in values:
                values[one.values] = SortedValues(rows[one.values].combine_chunks().take(pa.array(events)), place)
            within = values[one.values].between(*ranges[one.edges])
            aggregate = aggregate_of(one.function)
            computed = aggregate.compute(values[one.values], within, one.function, one.title)
            absent = ~known if aggregate.is_zero_of_nothing else within.lengths == 0
            columns.append(_typed(computed, absent, self.out.field(one.name).type))
        schema = pa.schema([pa.field("__label", columns[0].type), *self.out])
        yield from pa.table(columns, schema=schema).to_batches(max_chunksize=10_000)


def _typed(values: Any, absent: Any, target: pa.DataType) -> pa.Array:
    """Return the column, NULL where the value is absent."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(values, pa.ListArray):
        return pa.ListArray.from_arrays(
            values.offsets, values.values.cast(target.value_type), type=target, mask=pa.array(absent)
        )
    if isinstance(values, pa.Array):
        return pc.if_else(pa.array(absent), pa.scalar(None, values.type), values).cast(target)
    if isinstance(values, list):
        return pa.array(values, target, mask=absent)
    return pa.array(values, mask=absent).cast(target)


def _is_label(rows: pa.Table) -> NDArray[np.bool_]:
    return np.asarray(rows["__label"].combine_chunks().is_valid().to_numpy(zero_copy_only=False))


def _times(rows: pa.Table) -> NDArray[np.int64]:
    return np.asarray(rows["__at"].combine_chunks().fill_null(0).to_numpy(zero_copy_only=False))


def _codes(rows: pa.Table, keys: Sequence[str]) -> NDArray[np.int64]:
    """Return 0, 1, … for the keys in the order of the rows, which are sorted by them; NULL is a key of its own."""
    changed = np.zeros(rows.num_rows, dtype=bool)
    for key in keys:
        encoded = rows[key].combine_chunks().dictionary_encode(null_encoding="encode")
        one = encoded.indices.to_numpy(zero_copy_only=False)
        changed[1:] |= one[1:] != one[:-1]
    return np.cumsum(changed).astype(np.int64)
