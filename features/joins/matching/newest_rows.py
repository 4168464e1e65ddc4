"""Which feature row belongs to each label row, in NumPy: the heart of the in-process point-in-time join.

Keys become integer codes, key and time one integer, by which the smaller side is sorted once; each label's row is then found
by bisection. No row of one side is ever paired with all rows of the other, and only keys and times are looked at:
what the columns hold, and of which type they are, does not matter here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headwater.features.joins.matching.key_codes import codes_of
from headwater.features.joins.matching.sorted_search import (
    finder,
    in_threads,
    last_of_unsorted,
    parts_of,
    sorted_places,
)

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["AmbiguousRowsError", "newest_rows", "rows_of_keys"]

_LARGEST = np.iinfo(np.int64).max
_FEWER = 2  # times as many feature rows as labels, from which it is the labels that are sorted


class AmbiguousRowsError(ValueError):
    """Two feature rows have one key and time: which one counts depends on what else they hold."""


def newest_rows(
    label_keys: Sequence[pa.ChunkedArray],
    label_time: pa.ChunkedArray,
    feature_keys: Sequence[pa.ChunkedArray],
    feature_time: pa.ChunkedArray,
    lookback: int | None = None,
    greatest: Callable[[NDArray[np.int64]], int] | None = None,
) -> NDArray[np.int64]:
    """Return for each label row the position of the newest feature row of its key at or before its time; -1 for none.

    Parameters
    ----------
    label_keys, feature_keys
        As many columns each, of equal types. NULL matches nothing.
    label_time, feature_time
        TIMESTAMP or DATE. NULL matches nothing.
    lookback
        Oldest age, inclusive, in the unit of the times (microseconds, or days of dates).
    greatest
        Says which of several feature rows of one key and time counts, by their positions.

    Raises
    ------
    AmbiguousRowsError
        If a key has several feature rows of one time, one of them some label's, and nothing says which counts; or of any time,
        where the feature rows are sorted.

    Notes
    -----
    One sort of the smaller side: of the feature rows, if they do not come sorted, or of the label rows where they are far
    fewer. As many threads as there are processors; memory some 40 bytes per row of both sides.

    Examples
    --------
    >>> import pyarrow as pa
    >>> column = lambda *values: pa.chunked_array([list(values)])
    >>> newest_rows([column("a", "b", None)], column(5, 5, 5), [column("a", "b", "a")], column(6, 1, 4)).tolist()
    [2, 1, -1]
    """
    labels, features = codes_of(label_keys, feature_keys)
    at, known_at = _integers(label_time), _integers(feature_time)
    if label_time.null_count:
        labels[~_valid(label_time)] = -1
    there = features >= 0
    if feature_time.null_count:
        there &= _valid(feature_time)
    wanted = None if there.all() else np.flatnonzero(there)
    code, times = (features, known_at) if wanted is None else (features[wanted], known_at[wanted])
    if len(code) == 0 or len(labels) == 0:
        return np.full(len(labels), -1, dtype=np.int64)
    first, width, times, at_scaled = _scaled(times, at, int(max(code.max(), labels.max())))
    place = code * width + (times - first)
    asked = _Labels(labels, at_scaled, first, width)
    found = np.empty(len(labels), dtype=np.int64)

    def keep(
        part: slice, position: NDArray[np.int64], rows: NDArray[np.int64] | None, place: NDArray[np.int64]
    ) -> None:
        held = asked.of_their_key(part, position, place)
        row = position if rows is None else rows[position]
        if lookback is not None:
            held &= at[part] - known_at[row] <= lookback
        found[part] = np.where(held, row, -1)

    if _FEWER * len(labels) <= len(place):
        position = last_of_unsorted(place, asked.places(slice(None)))
        if position is not None:
            keep(slice(None), position, wanted, place)
            return found
    place, rows = _sorted(place, wanted, greatest)
    find = finder(place, len(labels))

    def match(part: slice) -> None:
        keep(part, find(asked.places(part)), rows, place)

    in_threads(match, parts_of(len(labels)))
    return found


def rows_of_keys(label_keys: Sequence[pa.ChunkedArray], feature_keys: Sequence[pa.ChunkedArray]) -> NDArray[np.int64]:
    """Return for each label row the position of the feature row of its keys; -1 for none, and for NULL keys.

    Raises
    ------
    AmbiguousRowsError
        If a key that is asked for has several feature rows.
    """
    labels, features = codes_of(label_keys, feature_keys)
    wanted = np.flatnonzero(features >= 0)
    if len(wanted) == 0 or len(labels) == 0:
        return np.full(len(labels), -1, dtype=np.int64)
    code = features[wanted]
    order, code = sorted_places(code)
    if np.any(code[1:] == code[:-1]):
        raise AmbiguousRowsError
    spot = np.minimum(np.searchsorted(code, labels), len(code) - 1)
    return np.where((labels >= 0) & (code[spot] == labels), wanted[order[spot]], -1)


@dataclass(frozen=True)
class _Labels:
    """Codes and times of the label rows, and how both become one number, as they do for the feature rows."""

    codes: NDArray[np.int64]
    times: NDArray[np.int64]
    first: int
    width: int

    def places(self, part: slice) -> NDArray[np.int64]:
        """Return the numbers; before the first time of all, a label stands after everything of the key before."""
        return self.codes[part] * self.width + np.clip(self.times[part] - self.first, -1, self.width - 1)

    def of_their_key(self, part: slice, position: NDArray[np.int64], place: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say which labels found a row of their own key; positions of none become 0."""
        codes = self.codes[part]
        held = (position >= 0) & (codes >= 0)
        position[position < 0] = 0
        return np.asarray(held & (place[position] >= codes * self.width))


def _sorted(
    place: NDArray[np.int64], rows: NDArray[np.int64] | None, greatest: Callable[[NDArray[np.int64]], int] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    """Return the places sorted, each once, and their rows; None: row i has place i."""
    if np.any(place[1:] < place[:-1]):
        order, place = sorted_places(place)
        rows = order if rows is None else rows[order]
    if np.any(place[1:] == place[:-1]):
        if greatest is None:
            raise AmbiguousRowsError
        return _without_ties(place, np.arange(len(place)) if rows is None else rows, greatest)
    return place, rows


def _without_ties(
    place: NDArray[np.int64], rows: NDArray[np.int64], greatest: Callable[[NDArray[np.int64]], int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each place once, and the row that counts there."""
    starts = np.flatnonzero(np.concatenate([[True], place[1:] != place[:-1]]))
    ends = np.append(starts[1:], len(place))
    chosen = rows[starts]
    for i in np.flatnonzero(ends - starts > 1):
        chosen[i] = greatest(rows[starts[i] : ends[i]])
    return place[starts], chosen


def _scaled(
    times: NDArray[np.int64], label_times: NDArray[np.int64], codes: int
) -> tuple[int, int, NDArray[np.int64], NDArray[np.int64]]:
    """Return first time, width of the range, and the times; ranks instead of times if key and time are too wide for 64 bits."""
    first = int(times.min())
    width = int(times.max()) - first + 1
    if (codes + 1) * width < _LARGEST:
        return first, width, times, label_times
    different, ranks = np.unique(times, return_inverse=True)
    label_ranks = np.searchsorted(different, label_times, "right") - 1
    return 0, len(different), ranks.astype(np.int64), label_ranks.astype(np.int64)


def _integers(time: pa.ChunkedArray) -> NDArray[np.int64]:
    import pyarrow as pa

    integers: Any = time.cast(pa.int32()) if pa.types.is_date32(time.type) else time.cast(pa.int64())
    return np.asarray(integers.fill_null(0).to_numpy().astype(np.int64, copy=False))


def _valid(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.asarray(column.is_valid().to_numpy())
