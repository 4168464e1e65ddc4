"""The windows of sorted buckets in NumPy: one pass over a Spark task's rows, all keys and windows of a chunk at once.

Counts and sums of integers are differences of running totals, which are exact. A sum of floating-point numbers is taken
anew for each window, since a running total's last digits would depend on where it began.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from headwater.features.windows.exact_sums import RunningTotals

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["ChangeScan", "Total"]

_CHUNK_ROWS: Final = 200_000
_LARGEST: Final = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Total:
    """An aggregate of the buckets' column `partial` over the last `duration` microseconds."""

    how: Literal["sum", "min", "max"]
    partial: str
    duration: int


@dataclass(frozen=True)
class ChangeScan:
    """What the pass needs to know; Spark sends it to its workers.

    The rows have the keys, ``__at`` (the bucket's end in microseconds) and the buckets' columns, sorted by keys and
    ``__at``, all of a key in one task. Out come keys, ``__at`` (a time at which a window changes, with `first` ≤ time <
    `last`) and the totals over the buckets in (time - duration, time].
    """

    keys: tuple[str, ...]
    totals: tuple[tuple[str, Total], ...]
    slide: int
    first: int
    last: int
    out: pa.Schema

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give the change rows of one task's buckets; a key of any length is gone through in pieces."""
        import pyarrow as pa

        waiting: list[pa.RecordBatch] = []
        done: int | None = None
        fresh = 0
        for batch in batches:
            waiting.append(batch)
            fresh += batch.num_rows
            if fresh >= _CHUNK_ROWS:
                rows = pa.Table.from_batches(waiting).combine_chunks()
                yield from self._changes(rows, done, whole=False).to_batches()
                waiting, done = self._kept(rows)
                fresh = 0
        if waiting:
            yield from self._changes(pa.Table.from_batches(waiting).combine_chunks(), done, whole=True).to_batches()

    @property
    def _longest(self) -> int:
        return max(total.duration for _, total in self.totals)

    def _kept(self, rows: pa.Table) -> tuple[list[pa.RecordBatch], int]:
        """Return the last key's rows that later windows can reach, and the time up to which it is done, inclusive."""
        code, at = _codes(rows, self.keys), rows["__at"].to_numpy()
        horizon = int(at[-1])
        kept = (code == code[-1]) & (at > horizon - self._longest - self.slide)
        return rows.slice(int(np.flatnonzero(kept)[0])).to_batches(), horizon

    def _changes(self, rows: pa.Table, done: int | None, *, whole: bool) -> pa.Table:
        """Return change rows; of the first key those after `done`, of the last one, unless `whole`, those up to its end."""
        import pyarrow as pa

        code, at = _codes(rows, self.keys), rows["__at"].to_numpy()
        base = int(at.min())
        width = int(at.max()) - base + self._longest + 2 * self.slide + 2
        if int(code[-1] + 1) * width >= _LARGEST:
            middle = int(np.searchsorted(code, (code[-1] + 1) // 2))
            parts = [
                self._changes(rows.slice(0, middle), done, whole=True),
                self._changes(rows.slice(middle), None, whole=whole),
            ]
            return pa.concat_tables(parts)
        place = code * width + (at - base)
        time_code, time = self._times(code, at, base, width, done, whole=whole)
        columns = [rows[key].combine_chunks().take(pa.array(np.searchsorted(code, time_code))) for key in self.keys]
        columns.append(pa.array(time))
        stop = np.searchsorted(place, time_code * width + (time - base), "right")
        start: dict[int, NDArray[np.int64]] = {}
        for name, total in self.totals:
            if total.duration not in start:
                since = np.maximum(time - total.duration + 1 - base, 0)
                start[total.duration] = np.searchsorted(place, time_code * width + since)
            columns.append(
                _aggregated(rows[total.partial], total.how, start[total.duration], stop, self.out.field(name))
            )
        return pa.table(columns, schema=self.out)

    def _times(
        self, code: NDArray[np.int64], at: NDArray[np.int64], base: int, width: int, done: int | None, *, whole: bool
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return key and time of each change: where a bucket enters a window, and where it leaves one."""
        offsets = [0, *sorted({total.duration for _, total in self.totals})]
        times = np.concatenate([_after(at - 1 + offset, self.slide) for offset in offsets])
        codes = np.tile(code, len(offsets))
        wanted = (times >= self.first) & (times < self.last)
        if done is not None:
            wanted &= (codes > 0) | (times > done)
        if not whole:
            wanted &= (codes < code[-1]) | (times <= at[-1])
        place = np.unique(codes[wanted] * width + (times[wanted] - base))
        return place // width, place % width + base


def _aggregated(
    column: pa.ChunkedArray, how: str, start: NDArray[np.int64], stop: NDArray[np.int64], field: pa.Field
) -> pa.Array:
    """Return the aggregate of the values in [start, stop) for each pair; NULL where all of them are."""
    import pyarrow as pa

    valid = column.is_valid().to_numpy()
    there = np.concatenate([[0], np.cumsum(valid)])
    empty = there[stop] == there[start]
    values = column.fill_null(0).to_numpy()
    if how == "sum" and values.dtype.kind == "i":
        sums = RunningTotals(np.where(valid, values, 0)).between(start, stop)
        found: NDArray[Any] = sums.whole(f"A total of {field.name!r}")
    else:
        found = _reduced(values, valid, how, start, stop)
    return pa.array(found, mask=empty).cast(field.type)


def _reduced(
    values: NDArray[Any], valid: NDArray[np.bool_], how: str, start: NDArray[np.int64], stop: NDArray[np.int64]
) -> NDArray[Any]:
    """Return sums of floats, minima (NaN last) or maxima (NaN first) over ranges; anything where a range is empty."""
    whole = values.dtype.kind in "iu"
    limits = (np.iinfo(values.dtype).max, np.iinfo(values.dtype).min) if whole else (np.nan, -np.inf)
    neutral = {"sum": 0, "min": limits[0], "max": limits[1]}[how]
    # Nulls are left out before, so that an infinite minimum or a NaN is one of the values.
    kept = np.flatnonzero(valid)
    first, last = np.searchsorted(kept, start), np.searchsorted(kept, stop)
    padded = np.append(values[kept], np.asarray(neutral, dtype=values.dtype))
    if len(start) == 0:
        return padded[:0]
    function = {"sum": np.add, "min": np.fmin, "max": np.maximum}[how]
    ranges = np.empty(2 * len(start), dtype=np.int64)
    ranges[::2], ranges[1::2] = first, last
    return np.asarray(function.reduceat(padded, ranges)[::2])


def _after(time: NDArray[np.int64], step: int) -> NDArray[np.int64]:
    """Return the first multiple of `step` after each time, also before 1970."""
    return np.asarray(time - np.mod(time, step) + step)


def _codes(rows: pa.Table, keys: Sequence[str]) -> NDArray[np.int64]:
    """Return 0, 1, … for the keys in the order of the rows, which are sorted by them."""
    changed = np.zeros(rows.num_rows, dtype=bool)
    for key in keys:
        encoded = rows[key].combine_chunks().dictionary_encode()
        one = encoded.indices.to_numpy(zero_copy_only=False)
        changed[1:] |= one[1:] != one[:-1]
    return np.cumsum(changed).astype(np.int64)
