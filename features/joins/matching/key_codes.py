"""Keys as integers: the same number for the same key on both sides of a lookup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["codes_of"]

_LARGEST = 2**40  # of a code, so that many times still fit beside it into 64 bits
_DENSE = 4  # numbers per row, at most, that integer keys may span to be codes as they are


def codes_of(
    label_keys: Sequence[pa.ChunkedArray], feature_keys: Sequence[pa.ChunkedArray]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the codes of the labels' and of the features' keys; -1 where a key is NULL, or a feature's that no label has.

    Parameters
    ----------
    label_keys, feature_keys
        As many columns each, of equal types, at least one.

    Notes
    -----
    Integers and dates that lie close together are their own codes; for all else the labels' different values are looked
    up in a hash table. Codes of several columns are digits of one number. No sort, unless that number grows too large.

    Examples
    --------
    >>> import pyarrow as pa
    >>> column = lambda *values: pa.chunked_array([list(values)])
    >>> labels, features = codes_of([column(7, None, 9)], [column(9, 8, 7)])
    >>> labels.tolist(), features.tolist()
    ([0, -1, 2], [2, -1, 0])
    """
    labels = features = None
    size = 1
    for label, feature in zip(label_keys, feature_keys, strict=True):
        one, other, width = _codes(label, feature.cast(label.type))
        if labels is None or features is None:
            labels, features, size = one, other, width
            continue
        labels, features = _digits(labels, one, width), _digits(features, other, width)
        size *= width
        if size > _LARGEST:
            labels, features, size = _dense(labels, features)
    assert labels is not None
    assert features is not None
    return labels, _asked(labels, features, size)


def _codes(label: pa.ChunkedArray, feature: pa.ChunkedArray) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_date32(label.type):
        label, feature = label.cast(pa.int32()), feature.cast(pa.int32())
    if pa.types.is_integer(label.type):
        ends: Any = pc.min_max(label)
        low, high = ends["min"].as_py(), ends["max"].as_py()
        if low is not None and high - low < _DENSE * (len(label) + len(feature)) + 1024:
            return _offsets(label, low, high), _offsets(feature, low, high), high - low + 1
    different = pc.unique(label).drop_null()
    found = [_numbers(pc.index_in(column, value_set=different)) for column in (label, feature)]
    return found[0], found[1], max(1, len(different))


def _offsets(column: pa.ChunkedArray, low: int, high: int) -> NDArray[np.int64]:
    values = np.asarray(column.fill_null(high).to_numpy() if column.null_count else column.to_numpy())
    codes = values.astype(np.int64, copy=False) - low
    strange = (values < low) | (values > high)
    if column.null_count:
        strange |= np.asarray(column.is_null().to_numpy())
    codes[strange] = -1
    return codes


def _numbers(indices: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.asarray(indices.fill_null(-1).to_numpy()).astype(np.int64)


def _digits(codes: NDArray[np.int64], one: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    return np.where((codes < 0) | (one < 0), -1, codes * width + one)


def _dense(labels: NDArray[np.int64], features: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return the ranks of codes among the labels' codes."""
    different = np.unique(labels[labels >= 0])
    if len(different) == 0:
        return labels, np.full_like(features, -1), 1
    places = [np.searchsorted(different, side) for side in (labels, features)]
    places = [np.minimum(place, len(different) - 1) for place in places]
    found = [
        np.where(different[place] == side, place, -1) for place, side in zip(places, (labels, features), strict=True)
    ]
    return found[0], found[1], len(different)


def _asked(labels: NDArray[np.int64], features: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return the features' codes, -1 for those that no label has."""
    if size > _DENSE * (len(labels) + len(features)) + 1024:
        different = np.unique(labels)
        return np.where(np.isin(features, different), features, -1)
    asked = np.zeros(size + 1, dtype=bool)
    asked[labels] = True
    asked[-1] = False
    return np.where(asked[features], features, -1)
