"""Which feature row belongs to each label row, in NumPy: the heart of the in-process point-in-time join.

Keys become integer codes, key and time one integer, and the feature rows are sorted by it once; each label's row is then
found by bisection. No row of one side is ever paired with all rows of the other, and only keys and times are looked at:
what the columns hold, and of which type they are, does not matter here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["AmbiguousRowsError", "newest_rows", "rows_of_keys"]

_LARGEST = np.iinfo(np.int64).max


class AmbiguousRowsError(ValueError):
    """Two feature rows have one key and time: which one counts depends on what else they hold."""


def newest_rows(
    label_keys: Sequence[pa.ChunkedArray],
    label_time: pa.ChunkedArray,
    feature_keys: Sequence[pa.ChunkedArray],
    feature_time: pa.ChunkedArray,
    lookback: int | None = None,
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

    Raises
    ------
    AmbiguousRowsError
        If a key has several feature rows of one time.

    Notes
    -----
    One sort of the feature rows, one of the label rows; memory some 40 bytes per row of both sides.

    Examples
    --------
    >>> import pyarrow as pa
    >>> column = lambda *values: pa.chunked_array([list(values)])
    >>> newest_rows([column("a", "b", None)], column(5, 5, 5), [column("a", "b", "a")], column(6, 1, 4)).tolist()
    [2, 1, -1]
    """
    labels, features = _codes(label_keys, feature_keys)
    at, known_at = _integers(label_time), _integers(feature_time)
    labels[~_valid(label_time)] = -1
    wanted = np.flatnonzero((features >= 0) & _valid(feature_time))
    found = np.full(len(labels), -1, dtype=np.int64)
    asked = np.flatnonzero(labels >= 0)
    if len(wanted) == 0 or len(asked) == 0:
        return found
    code, times = features[wanted], known_at[wanted]
    label_code, label_times = labels[asked], at[asked]
    first, width, times, label_times = _scaled(times, label_times, int(max(code.max(), label_code.max())))
    place = code * width + (times - first)
    # Before the first time of all, a label stands after everything of the key before, and finds nothing of its own.
    label_place = label_code * width + np.clip(label_times - first, -1, width - 1)
    order = None
    if np.any(place[1:] < place[:-1]):
        order = np.argsort(place)
        place = place[order]
    if np.any(place[1:] == place[:-1]):
        raise AmbiguousRowsError
    position = _bisected(place, label_place)
    held = position >= 0
    held[held] = place[position[held]] >= label_code[held] * width
    row = wanted[position[held] if order is None else order[position[held]]]
    found[asked[held]] = row
    if lookback is not None:
        there = np.flatnonzero(found >= 0)
        old = at[there] - known_at[found[there]] > lookback
        found[there[old]] = -1
    return found


def rows_of_keys(label_keys: Sequence[pa.ChunkedArray], feature_keys: Sequence[pa.ChunkedArray]) -> NDArray[np.int64]:
    """Return for each label row the position of the feature row of its keys; -1 for none, and for NULL keys.

    Raises
    ------
    AmbiguousRowsError
        If a key that is asked for has several feature rows.
    """
    labels, features = _codes(label_keys, feature_keys)
    wanted = np.flatnonzero(features >= 0)
    rows = np.full(max(int(labels.max(initial=-1)), int(features.max(initial=-1))) + 1, -1, dtype=np.int64)
    rows[features[wanted]] = wanted
    if len(np.unique(features[wanted])) < len(wanted):
        raise AmbiguousRowsError
    return np.where(labels >= 0, rows[labels], -1) if len(rows) else np.full(len(labels), -1, dtype=np.int64)


def _codes(
    label_keys: Sequence[pa.ChunkedArray], feature_keys: Sequence[pa.ChunkedArray]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the same integer for the same keys on both sides; -1 where a key is NULL, or no label has it."""
    import pyarrow as pa

    code: NDArray[np.int64] | None = None
    count = len(label_keys[0])
    for label, feature in zip(label_keys, feature_keys, strict=True):
        both = pa.chunked_array([*label.chunks, *feature.cast(label.type).chunks], type=label.type)
        encoded = both.combine_chunks().dictionary_encode()
        encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
        one = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        if code is None:
            code = one
            continue
        null = (code < 0) | (one < 0)
        _, code = np.unique(code * (len(encoded.dictionary) + 1) + one, return_inverse=True)
        code = code.astype(np.int64)
        code[null] = -1
    assert code is not None
    labels, features = code[:count].copy(), code[count:].copy()
    asked = np.zeros(int(code.max(initial=-1)) + 2, dtype=bool)
    asked[labels[labels >= 0]] = True
    features[~asked[features]] = -1  # the last place, which -1 means too, is never asked for
    return labels, features


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


def _bisected(place: NDArray[np.int64], label_place: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the last position whose place is at or before the label's; sorted labels walk through memory in one direction."""
    order = np.argsort(label_place)
    position = np.empty(len(label_place), dtype=np.int64)
    position[order] = np.searchsorted(place, label_place[order], "right") - 1
    return position


def _integers(time: pa.ChunkedArray) -> NDArray[np.int64]:
    import pyarrow as pa

    integers: Any = time.cast(pa.int32()) if pa.types.is_date32(time.type) else time.cast(pa.int64())
    return np.asarray(integers.fill_null(0).to_numpy().astype(np.int64))


def _valid(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.asarray(column.is_valid().to_numpy())
