"""Bisection of many unsorted numbers at once, in NumPy and in threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["finder", "in_threads", "last_of_unsorted", "parts_of", "sorted_places"]

_Part = TypeVar("_Part")
_Done = TypeVar("_Done")

_PARTS = 64
_WORTH_PARTS = 1 << 22
_CHUNK = 1 << 19
_STEPS = 3  # back from a bucket's end, before the rest is bisected


def finder(places: NDArray[np.int64], count: int) -> Callable[[NDArray[np.int64]], NDArray[np.int64]]:
    """Return a function that gives, for numbers, the position of the last of `places` at or before each; -1 for none.

    Parameters
    ----------
    places
        Sorted, without duplicates, at least one.
    count
        How many numbers will be asked for in all.

    Notes
    -----
    Where many are asked for, `places` are first counted into buckets of equal width, some two for each place: a number is
    then found by a look into its bucket's end and a step or two back. That is 4 to 5 times as fast as bisection, which
    waits for memory at each of its 20 steps. Where places lie so unevenly that this does not end, the rest is bisected.

    Examples
    --------
    >>> finder(np.array([10, 20, 30]), 4)(np.array([9, 10, 29, 99])).tolist()
    [-1, 0, 1, 2]
    """
    low, high, n = int(places[0]), int(places[-1]), len(places)
    if count < n // 8:
        return lambda numbers: _bisected(places, numbers)
    shift = max(0, ((high - low) // (2 * n)).bit_length())
    buckets = ((high - low) >> shift) + 1
    ends = np.cumsum(np.bincount((places - low) >> shift, minlength=buckets)) - 1

    def find(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        bucket = (np.clip(numbers, low, high) - low) >> shift
        position: NDArray[np.int64] = ends[bucket]
        left = np.flatnonzero(places[position] > numbers)
        for _ in range(_STEPS):
            if len(left) == 0:
                return position
            position[left] -= 1
            at = position[left]
            left = left[(at >= 0) & (places[at] > numbers[left])]
        position[left] = _bisected(places, numbers[left])
        return position

    return find


def sorted_places(places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the order that sorts numbers, and the sorted numbers; equal ones stay in their order.

    Notes
    -----
    NumPy sorts plain numbers ten times as fast as it finds the order that sorts them. So each number's position is written
    into its lowest bits, and its own lowest bits, where there is no room for them, are left out: only among the few
    numbers that are then equal the order is found as usual. Very many numbers are first dealt out into parts by their size,
    and these, which fit the processor's cache, sorted in threads.

    Examples
    --------
    >>> order, places = sorted_places(np.array([30, 10, 20]))
    >>> order.tolist(), places.tolist()
    ([1, 2, 0], [10, 20, 30])
    """
    if len(places) < _WORTH_PARTS:
        return _sorted_part(places)
    low = int(places.min())
    width = (int(places.max()) - low) // _PARTS + 1
    part = ((places - low) // width).astype(np.uint8)
    order = np.argsort(part, kind="stable")  # of bytes: a radix sort
    ends = np.concatenate([[0], np.cumsum(np.bincount(part, minlength=_PARTS))])
    ordered = np.empty_like(places)

    def sort(i: int) -> None:
        here = slice(ends[i], ends[i + 1])
        rows = order[here]
        within, ordered[here] = _sorted_part(places[rows])
        order[here] = rows[within]

    in_threads(sort, range(_PARTS))
    return order, ordered


def _sorted_part(places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if len(places) == 0:
        return np.empty(0, dtype=np.int64), places
    low = int(places.min())
    bits = len(places).bit_length()
    left_out = max(0, (int(places.max()) - low).bit_length() + bits - 63)
    if left_out > bits:  # numbers spread over all 64 bits: too many would be equal
        order = np.argsort(places, kind="stable")
        return order, places[order]
    keyed = (((places - low) >> left_out) << bits) + np.arange(len(places))
    keyed.sort()
    order = keyed & ((1 << bits) - 1)
    ordered = places[order]
    if left_out and np.any(ordered[1:] < ordered[:-1]):
        keyed >>= bits
        equal = keyed[1:] == keyed[:-1]
        tied = np.flatnonzero(np.append(equal, False) | np.append(False, equal))
        again = np.argsort(ordered[tied], kind="stable")
        order[tied], ordered[tied] = order[tied][again], ordered[tied][again]
    return order, ordered


def last_of_unsorted(places: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return for each of a few numbers the position of the greatest of `places` at or before it; -1 for none.

    None if the greatest is there twice.

    Notes
    -----
    Where places are many more than numbers, it is the numbers that are sorted, and each place looks for the number after it:
    half of the time of sorting the places.

    Examples
    --------
    >>> last_of_unsorted(np.array([30, 10, 20, 99]), np.array([25, 9, 40, 41])).tolist()
    [2, -1, 0, 0]
    """
    order, ordered = sorted_places(numbers)
    starts = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    different = ordered[starts]
    find, after = finder(different, len(places)), np.empty(len(places), dtype=np.int64)

    def look(part: slice) -> None:
        after[part] = find(places[part] - 1) + 1

    in_threads(look, parts_of(len(places)))
    greatest = np.full(len(different) + 1, np.iinfo(np.int64).min)
    np.maximum.at(greatest, after, places)
    greatest[-1] = np.iinfo(np.int64).max  # what lies after all numbers is nobody's
    rows = np.flatnonzero(places == greatest[after])
    own = np.full(len(different), -1)
    own[after[rows]] = rows
    if np.count_nonzero(own >= 0) < len(rows):
        return None
    last = np.maximum.accumulate(np.where(own >= 0, np.arange(len(own)), 0))
    position = np.empty(len(numbers), dtype=np.int64)
    position[order] = own[last][np.cumsum(starts) - 1]
    return position


def parts_of(count: int) -> list[slice]:
    """Return slices of so many rows; the arrays of one stay in the processor's cache.

    Examples
    --------
    >>> parts_of(600_000)
    [slice(0, 524288, None), slice(524288, 1048576, None)]
    """
    return [slice(start, start + _CHUNK) for start in range(0, count, _CHUNK)]


def in_threads(work: Callable[[_Part], _Done], parts: Iterable[_Part]) -> list[_Done]:
    """Do the work for each part, in as many threads as there are processors, and return what it gives for each.

    NumPy and Arrow let go of Python's lock meanwhile.
    """
    parts = list(parts)
    if len(parts) <= 1:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(min(len(parts), os.cpu_count() or 1)) as pool:
        return list(pool.map(work, parts))


def _bisected(places: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the positions by bisection; sorted numbers walk through memory in one direction."""
    order, ordered = sorted_places(numbers)
    position = np.empty(len(numbers), dtype=np.int64)
    position[order] = np.searchsorted(places, ordered, "right") - 1
    return position
