"""Any windows at any times, in NumPy: one pass over events and label rows of a Spark task, sorted by keys and time.

Each window of each label row is a range of its key's sorted events. Counts and sums of whole numbers and decimals are
differences of running totals, which are exact; all else is taken anew from the range, so that a value does not depend on
what else lies in the task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from headwater.features.windows.exact_sums import RunningTotals, SumOverflowError, WholeSums

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
    """A column to compute: an aggregation (`kind`, and its number, if it takes one) of the column `values` over windows.

    Attributes
    ----------
    title
        How an error names the column.
    """

    name: str
    kind: str
    number: float | None
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
        values: dict[str, _Values] = {}
        columns = [rows["__label"].combine_chunks().take(pa.array(labels))]
        for one in self.wanted:
            if one.edges not in ranges:
                start, end = one.edges.of(at[labels])
                low = code[labels] * width + np.searchsorted(moments, start)
                high = code[labels] * width + np.searchsorted(moments, end)
                ranges[one.edges] = (low, np.where(known, np.maximum(high, low), low))
            if one.values not in values:
                values[one.values] = _Values(rows[one.values].combine_chunks().take(pa.array(events)), place)
            low, high = values[one.values].between(*ranges[one.edges])
            found = _AGGREGATES[one.kind](values[one.values], low, high, one)
            columns.append(_typed(found, low == high, known, one.kind, self.out.field(one.name).type))
        schema = pa.schema([pa.field("__label", columns[0].type), *self.out])
        yield from pa.table(columns, schema=schema).to_batches(max_chunksize=10_000)


class _Values:
    """The values of one column that are not NULL, sorted by key, time and value, and their places in that order."""

    def __init__(self, column: pa.Array, place: NDArray[np.int64]) -> None:
        valid = column.is_valid().to_numpy(zero_copy_only=False)
        self.unique, rank = _ranked(column.drop_null())
        place = place[valid]
        order = np.lexsort((rank, place))
        self.rank, self.place = rank[order], place[order]

    def between(self, low: NDArray[np.int64], high: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the ranges of these values for ranges of places."""
        return np.searchsorted(self.place, low), np.searchsorted(self.place, high)

    @cached_property
    def numbers(self) -> NDArray[Any]:
        """The values as int64, float64, or Python's integers in a decimal's last place."""
        import pyarrow as pa

        kind = self.unique.type
        if pa.types.is_decimal(kind):
            whole = [int(value.scaleb(kind.scale)) for value in self.unique.to_pylist()]
            return np.array(whole, dtype=object)[self.rank]
        target = pa.float64() if pa.types.is_floating(kind) else pa.int64()
        return np.asarray(self.unique.cast(target).to_numpy(zero_copy_only=False))[self.rank]

    @cached_property
    def floats(self) -> NDArray[np.float64]:
        """The values as float64."""
        import pyarrow as pa

        scale = self.unique.type.scale if pa.types.is_decimal(self.unique.type) else 0
        return (self.numbers / 10**scale if scale else self.numbers).astype("float64")

    @cached_property
    def totals(self) -> RunningTotals | NDArray[Any]:
        """Running totals from 0: of BIGINT, or of Python's integers, which have no bounds."""
        if self.numbers.dtype.kind == "i":
            return RunningTotals(self.numbers)
        return np.concatenate([np.zeros(1, dtype=self.numbers.dtype), np.cumsum(self.numbers)])

    @cached_property
    def before(self) -> NDArray[np.int64]:
        """For each value the index of the one before it that is equal; -1 for none."""
        order = np.lexsort((np.arange(len(self.rank)), self.rank))
        before = np.full(len(self.rank), -1, dtype=np.int64)
        same = self.rank[order[1:]] == self.rank[order[:-1]]
        before[order[1:][same]] = order[:-1][same]
        return before

    def sums(self, low: NDArray[np.int64], high: NDArray[np.int64]) -> WholeSums | NDArray[Any]:
        """Return the sums over ranges: exact ones of whole numbers and decimals."""
        if self.numbers.dtype.kind == "f":
            return _reduced(np.add, self.numbers, low, high)
        if isinstance(self.totals, RunningTotals):
            return self.totals.between(low, high)
        return np.asarray(self.totals[high] - self.totals[low])

    def take(self, rank: NDArray[np.int64]) -> pa.Array:
        """Return values by their ranks; anything where a rank is none."""
        import pyarrow as pa

        if not len(self.unique):
            return pa.nulls(len(rank), self.unique.type)
        return self.unique.take(pa.array(np.clip(rank, 0, len(self.unique) - 1)))


_Range = "NDArray[np.int64]"
_Aggregate = Callable[[_Values, Any, Any, Windowed], Any]


def _count(values: _Values, low: Any, high: Any, output: Windowed) -> Any:
    del values, output
    return high - low


def _sum(values: _Values, low: Any, high: Any, output: Windowed) -> Any:
    import decimal

    import pyarrow as pa

    found = values.sums(low, high)
    if isinstance(found, WholeSums):
        return found.whole(output.title)
    if not pa.types.is_decimal(values.unique.type):
        return found
    scale = values.unique.type.scale
    if any(abs(total) >= 10**38 for total in found):
        raise SumOverflowError(output.title, f"decimal(38,{scale})")
    with decimal.localcontext(prec=60):
        return pa.array([decimal.Decimal(int(total)).scaleb(-scale) for total in found], pa.decimal128(38, scale))


def _avg(values: _Values, low: Any, high: Any, output: Windowed) -> Any:
    import pyarrow as pa

    del output
    scale = values.unique.type.scale if pa.types.is_decimal(values.unique.type) else 0
    found = values.sums(low, high)
    total = found.floats if isinstance(found, WholeSums) else found.astype("float64")
    return (total / 10**scale if scale else total) / np.maximum(high - low, 1)


def _spread(*, sample: bool, root: bool) -> _Aggregate:
    def compute(values: _Values, low: Any, high: Any, output: Windowed) -> Any:
        del output

        def one(start: int, stop: int) -> float | None:
            n = stop - start - sample
            if n < 1:
                return None
            around = values.floats[start:stop] - values.floats[start:stop].mean()
            variance = float((around * around).sum()) / n
            return variance**0.5 if root else variance

        with np.errstate(all="ignore"):
            return _each(one, low, high)

    return compute


def _extreme(function: np.ufunc) -> _Aggregate:
    def compute(values: _Values, low: Any, high: Any, output: Windowed) -> Any:
        del output
        return values.take(_reduced(function, values.rank, low, high))

    return compute


def _end(*, last: bool) -> _Aggregate:
    def compute(values: _Values, low: Any, high: Any, output: Windowed) -> Any:
        del output
        return values.take(np.append(values.rank, 0)[high - 1 if last else low])

    return compute


def _some(*, last: bool) -> _Aggregate:
    def compute(values: _Values, low: Any, high: Any, output: Windowed) -> Any:
        counts = np.minimum(high - low, int(output.number or 0))
        offsets = np.concatenate([[0], np.cumsum(counts)])
        step = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
        at = np.repeat(high - 1, counts) - step if last else np.repeat(low, counts) + step
        return _lists(offsets, values.take(values.rank[at]))

    return compute


def _different(*, last: bool) -> _Aggregate:
    def compute(values: _Values, low: Any, high: Any, output: Windowed) -> Any:
        wanted = int(output.number or 0)

        def one(start: int, stop: int) -> list[int]:
            found: dict[int, None] = {}
            size = 4 * wanted
            while start < stop and len(found) < wanted:
                piece = values.rank[max(start, stop - size) : stop][::-1] if last else values.rank[start : start + size]
                piece = piece if last else piece[: stop - start]
                found.update(dict.fromkeys(piece.tolist()))
                start, stop, size = (start, stop - size, 4 * size) if last else (start + size, stop, 4 * size)
            return list(found)[:wanted]

        found = _each(one, low, high)
        offsets = np.concatenate([[0], np.cumsum([len(ranks) for ranks in found])]).astype(np.int64)
        flat = np.fromiter((rank for ranks in found for rank in ranks), dtype=np.int64, count=int(offsets[-1]))
        return _lists(offsets, values.take(flat))

    return compute


def _distinct(values: _Values, low: Any, high: Any, output: Windowed) -> Any:
    del output
    return _each(lambda start, stop: int(np.count_nonzero(values.before[start:stop] < start)), low, high)


def _percentile(values: _Values, low: Any, high: Any, output: Windowed) -> Any:
    def one(start: int, stop: int) -> int:
        if start == stop:
            return 0
        at = max(int(np.ceil((output.number or 0) * (stop - start))) - 1, 0)
        return int(np.partition(values.rank[start:stop], at)[at])

    return values.take(np.asarray(_each(one, low, high), dtype=np.int64))


_AGGREGATES: Final[dict[str, _Aggregate]] = {
    "approx_count_distinct": _distinct,
    "approx_percentile": _percentile,
    "avg": _avg,
    "count": _count,
    "first": _end(last=False),
    "first_distinct": _different(last=False),
    "first_n": _some(last=False),
    "last": _end(last=True),
    "last_distinct": _different(last=True),
    "last_n": _some(last=True),
    "max": _extreme(np.maximum),
    "min": _extreme(np.minimum),
    "stddev_pop": _spread(sample=False, root=True),
    "stddev_samp": _spread(sample=True, root=True),
    "sum": _sum,
    "var_pop": _spread(sample=False, root=False),
    "var_samp": _spread(sample=True, root=False),
}


def _typed(found: Any, empty: Any, known: Any, kind: str, target: pa.DataType) -> pa.Array:
    """Return the column with NULL where nothing was aggregated; a count is NULL only where the time is unknown."""
    import pyarrow as pa
    import pyarrow.compute as pc

    absent = ~known if kind in ("count", "approx_count_distinct") else empty
    if isinstance(found, pa.ListArray):
        return pa.ListArray.from_arrays(
            found.offsets, found.values.cast(target.value_type), type=target, mask=pa.array(absent)
        )
    if isinstance(found, pa.Array):
        return pc.if_else(pa.array(absent), pa.scalar(None, found.type), found).cast(target)
    if isinstance(found, list):
        return pa.array(found, target, mask=absent)
    return pa.array(found, mask=absent).cast(target)


def _each(one: Callable[[int, int], Any], low: NDArray[np.int64], high: NDArray[np.int64]) -> list[Any]:
    """Return the value of each range; equal ranges are computed once."""
    pairs, of = np.unique(np.stack([low, high]), axis=1, return_inverse=True)
    found = [one(start, stop) for start, stop in zip(*pairs.tolist(), strict=True)]
    return [found[i] for i in of.ravel().tolist()]


def _reduced(function: np.ufunc, values: NDArray[Any], low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[Any]:
    """Return the reduction of the values in [low, high) for each pair; anything where a range is empty."""
    if not len(low):
        return values[:0]
    ranges = np.empty(2 * len(low), dtype=np.int64)
    ranges[::2], ranges[1::2] = low, high
    with np.errstate(all="ignore"):
        return np.asarray(function.reduceat(np.append(values, np.zeros(1, dtype=values.dtype)), ranges)[::2])


def _lists(offsets: NDArray[np.int64], values: pa.Array) -> pa.ListArray:
    import pyarrow as pa

    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def _ranked(column: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
    """Return the different values in order (NaN last), and the rank among them of each value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(column.type):
        unique, rank = np.unique(column.to_numpy(zero_copy_only=False), return_inverse=True)
        return pa.array(unique, column.type, from_pandas=False), rank.astype(np.int64)
    if pa.types.is_integer(column.type):
        unique, rank = np.unique(column.to_numpy(zero_copy_only=False), return_inverse=True)
        return pa.array(unique, column.type), rank.astype(np.int64)
    encoded = column.dictionary_encode()
    if pa.types.is_nested(column.type) or pa.types.is_null(column.type):
        return encoded.dictionary, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    order = pc.sort_indices(encoded.dictionary)
    place = np.empty(len(order), dtype=np.int64)
    place[order.to_numpy()] = np.arange(len(order))
    return encoded.dictionary.take(order), place[encoded.indices.to_numpy(zero_copy_only=False)]


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
