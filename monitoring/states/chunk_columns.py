"""Columns of a chunk of rows as small numbers: what is dear is done once a chunk, and each group of its rows only counts.

The different values of a column are sorted, binned and hashed once. A window, slice or model is then a count of codes, whatever
the number of granularities and slices that its rows count for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from headwater.monitoring.states.column_state import (
    ColumnState,
    bins_of,
    counted_numbers,
    counted_strings,
    hashes_of_numbers,
)

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["ChunkColumn", "chunk_column", "coded"]

NULL: Final = 0
_NAN: Final = 1
_FIRST: Final = 2
_SPARSE: Final = 4  # a group with fewer rows than this share of the codes is sorted, not counted


class ChunkColumn(Protocol):
    """A column of a chunk: `codes` has a number per row, 0 for NULL."""

    @property
    def codes(self) -> NDArray[np.int32]:
        """Return the code of each row."""
        ...

    def state(self, codes: NDArray[np.int32]) -> ColumnState:
        """Return the state of the rows with these codes."""
        ...


def chunk_column(column: pa.ChunkedArray, kind: str, edges: NDArray[np.float64]) -> ChunkColumn:
    """Return a prepared column of a chunk; `kind` is that of its :class:`~headwater.monitoring.states.columns.ProfiledColumn`."""
    valid = column.is_valid().to_numpy()
    if kind == "string":
        codes, names = coded(column)
        order = np.argsort(names, kind="stable")
        ranks = np.empty(len(names) + 1, dtype=np.int32)
        ranks[order] = np.arange(len(names), dtype=np.int32) + _FIRST
        ranks[-1] = NULL  # where code -1 looks
        return _Strings(ranks[codes], names[order])
    if kind == "other":
        return _Presence(np.where(valid, np.int32(_FIRST), np.int32(NULL)))
    numbers = column.fill_null(0).to_numpy()
    if kind == "binary":
        lengths, of_lengths = np.unique(numbers, return_inverse=True)
        return _Lengths(np.where(valid, _from_first(of_lengths), np.int32(NULL)), lengths.astype(np.int64))
    nan = np.isnan(numbers)
    # Adding 0.0 makes -0.0 and 0.0 one value. NaN is sorted last, whatever its bits.
    values, places = np.unique(numbers + 0.0, return_inverse=True)
    of_rows = _from_first(places)
    of_rows[nan] = _NAN
    of_rows[~valid] = NULL
    return _Numbers(of_rows, values[~np.isnan(values)], edges)


@dataclass(frozen=True)
class _Numbers:
    codes: NDArray[np.int32]
    values: NDArray[np.float64]
    edges: NDArray[np.float64]

    @cached_property
    def bins(self) -> NDArray[np.int64]:
        return bins_of(self.values, self.edges)

    @cached_property
    def hashes(self) -> NDArray[np.uint64]:
        return hashes_of_numbers(self.values)

    def state(self, codes: NDArray[np.int32]) -> ColumnState:
        nulls, nans, places, counts = _counted(codes, len(self.values))
        return counted_numbers(
            self.values[places], counts, nulls, nans, lambda: (self.bins[places], self.hashes[places])
        )


@dataclass(frozen=True)
class _Strings:
    codes: NDArray[np.int32]
    names: NDArray[Any]

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        return np.fromiter(map(len, self.names), dtype=np.int64, count=len(self.names))

    def state(self, codes: NDArray[np.int32]) -> ColumnState:
        nulls, _, places, counts = _counted(codes, len(self.names))
        return counted_strings(self.names[places], counts, nulls, self.lengths[places])


@dataclass(frozen=True)
class _Lengths:
    codes: NDArray[np.int32]
    values: NDArray[np.int64]

    def state(self, codes: NDArray[np.int32]) -> ColumnState:
        nulls, _, places, counts = _counted(codes, len(self.values))
        state = ColumnState(count=int(counts.sum()), num_nulls=nulls)
        if len(places):
            lengths = self.values[places]
            state.min_length, state.max_length = int(lengths[0]), int(lengths[-1])
            state.sum_length = int((lengths * counts).sum())
        return state


@dataclass(frozen=True)
class _Presence:
    codes: NDArray[np.int32]

    def state(self, codes: NDArray[np.int32]) -> ColumnState:
        present = int(np.count_nonzero(codes))
        return ColumnState(count=present, num_nulls=len(codes) - present)


def coded(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return each row's position in the different strings, -1 for null, and these strings."""
    import pyarrow as pa

    joined = column.combine_chunks()
    joined = pa.concat_arrays(joined.chunks) if isinstance(joined, pa.ChunkedArray) else joined
    encoded = joined.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    return codes, np.array([*encoded.dictionary.to_pylist(), None], dtype=object)[:-1]


def _from_first(places: NDArray[np.int64]) -> NDArray[np.int32]:
    return (places + _FIRST).astype(np.int32)


def _counted(codes: NDArray[np.int32], different: int) -> tuple[int, int, NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers of NULLs and NaNs, and which of the `different` values occur, ascending, and how often."""
    if len(codes) * _SPARSE < different:
        found, counts = np.unique(codes, return_counts=True)
        values = np.searchsorted(found, _FIRST)
        nulls = int(counts[0]) if values and found[0] == NULL else 0
        nans = int(counts[:values].sum()) - nulls
        return nulls, nans, (found[values:] - _FIRST).astype(np.int64), counts[values:].astype(np.int64)
    every = np.bincount(codes, minlength=_FIRST)
    rest = every[_FIRST:]
    places = np.flatnonzero(rest)
    return int(every[NULL]), int(every[_NAN]), places, rest[places].astype(np.int64)
