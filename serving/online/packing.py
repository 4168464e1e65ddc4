"""Rows of feature tables as bytes: one packed value per key, from which every column type comes back exactly.

A packed row is a msgpack array: the row's time, then the features in the online table's order. Types that msgpack has no form for
are written as

==================  =================================================
DATE                days since 1970-01-01
TIMESTAMP           microseconds since 1970-01-01 UTC
DECIMAL             its digits as text
MAP                 an array of pairs
STRUCT              an array of its fields, in their order
==================  =================================================

so that NULL and NaN stay apart, and no value depends on a time zone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from headwater.lakehouse import arrow_type

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Key", "key_packer", "pack_keys", "pack_rows", "plain_values", "row_reader", "to_plain"]

Key: TypeAlias = int | bytes  # one whole number as it is, all else packed

_INTEGERS = ("tinyint", "smallint", "int", "bigint")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NAIVE_EPOCH = dt.datetime(1970, 1, 1)
_DAY_ZERO = dt.date(1970, 1, 1)
_MICROSECOND = dt.timedelta(microseconds=1)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


def pack_rows(times: Sequence[int | None], columns: Sequence[Sequence[Any]]) -> list[bytes]:
    """Return the packed rows of columns of plain values; `times` are microseconds since 1970 UTC, or None."""
    return list(map(_encode, zip(times, *columns, strict=True)))


def pack_keys(columns: Sequence[Sequence[Any]], kinds: Sequence[str]) -> Sequence[Key]:
    r"""Return the keys of columns of plain values, none of which is NULL.

    Examples
    --------
    >>> pack_keys([[7, 8]], ["bigint"]), pack_keys([["a"], [1]], ["string", "int"])
    ([7, 8], [b'\x92\xa1a\x01'])
    """
    if _is_number(kinds):
        return list(columns[0])
    made = [
        [_same_float(value) for value in column] if kind in ("double", "float") else column
        for column, kind in zip(columns, kinds, strict=True)
    ]
    return list(map(_encode, zip(*made, strict=True)))


def key_packer(kinds: Sequence[str]) -> Callable[[Sequence[Any]], Key | None]:
    """Return what makes of Python values of these types the key of a row; None if one of them is NULL, for that matches no row.

    Examples
    --------
    >>> key_packer(["bigint"])([7]), key_packer(["bigint"])([None])
    (7, None)
    """
    if _is_number(kinds):
        return lambda values: values[0]
    converters = [_same_float if kind in ("double", "float") else _plain_of(kind) for kind in kinds]

    def packed(values: Sequence[Any]) -> bytes | None:
        if None in values:
            return None
        return _encode([convert(value) for convert, value in zip(converters, values, strict=True)])

    return packed


def row_reader(kinds: Sequence[str]) -> Callable[[bytes], list[Any]]:
    """Return what makes of a packed row its time (microseconds since 1970 UTC, or None) and its features as Python values.

    Times are aware, UTC (TIMESTAMP_NTZ: without a zone), decimals ``Decimal``, maps lists of pairs, structs dicts: as Arrow's
    ``to_pylist`` gives them.
    """
    converters = [(at, convert) for at, kind in enumerate(kinds, 1) if (convert := _python_of(kind)) is not None]
    if not converters:
        return _decode

    def read(packed: bytes) -> list[Any]:
        row: list[Any] = _decode(packed)
        for at, convert in converters:
            if row[at] is not None:
                row[at] = convert(row[at])
        return row

    return read


def plain_values(column: pa.ChunkedArray, kind: str) -> list[Any]:
    """Return a column of Arrow as plain values, NULL as None: some 20 ns a number, more for other types."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.types as t

    if t.is_date32(column.type):
        column = column.cast(pa.int32())
    elif t.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
    if not (t.is_integer(column.type) or t.is_floating(column.type)):
        convert = to_plain(kind)
        values = column.to_pylist()
        return values if convert is None else [None if one is None else convert(one) for one in values]
    if not column.null_count:
        numbers: list[Any] = column.to_numpy().tolist()
        return numbers
    numbers = column.fill_null(0).to_numpy().tolist()
    for at in np.flatnonzero(column.is_null().to_numpy()).tolist():
        numbers[at] = None
    return numbers


@cache
def to_plain(kind: str) -> Callable[[Any], Any] | None:
    """Return what makes of a Python value of the type its plain form; None if it is plain."""
    return _plainer(arrow_type(kind))


def _plain_of(kind: str) -> Callable[[Any], Any]:
    return to_plain(kind) or (lambda value: value)


@cache
def _python_of(kind: str) -> Callable[[Any], Any] | None:
    return _reviver(arrow_type(kind))


def _is_number(kinds: Sequence[str]) -> bool:
    return len(kinds) == 1 and kinds[0] in _INTEGERS


def _same_float(value: float) -> float:
    """Return the one form of numbers that a lookup takes for equal: -0.0 is 0.0, and all NaN are one."""
    return float("nan") if value != value else value + 0.0  # noqa: PLR0124


def _plainer(kind: pa.DataType) -> Callable[[Any], Any] | None:  # noqa: PLR0911 - one return a type
    import pyarrow.types as t

    if t.is_date(kind):
        return lambda value: (value - _DAY_ZERO).days
    if t.is_timestamp(kind):
        epoch = _EPOCH if kind.tz else _NAIVE_EPOCH
        return lambda value: (value - epoch) // _MICROSECOND
    if t.is_decimal(kind):
        return str
    if t.is_map(kind):
        return _both(_plainer(kind.key_type), _plainer(kind.item_type))
    if t.is_list(kind):
        return _each(_plainer(kind.value_type))
    if t.is_struct(kind):
        fields = [(one.name, _nullable(_plainer(one.type))) for one in kind]
        return lambda value: [convert(value[name]) for name, convert in fields]
    return None


def _reviver(kind: pa.DataType) -> Callable[[Any], Any] | None:  # noqa: PLR0911 - one return a type
    import pyarrow.types as t

    if t.is_date(kind):
        return lambda days: _DAY_ZERO + dt.timedelta(days=days)
    if t.is_timestamp(kind):
        epoch = _EPOCH if kind.tz else _NAIVE_EPOCH
        return lambda micros: epoch + dt.timedelta(microseconds=micros)
    if t.is_decimal(kind):
        return Decimal
    if t.is_map(kind):
        both = _both(_reviver(kind.key_type), _reviver(kind.item_type))
        return lambda pairs: [(key, value) for key, value in both(pairs)]
    if t.is_list(kind):
        return _each(_reviver(kind.value_type))
    if t.is_struct(kind):
        fields = [(one.name, _nullable(_reviver(one.type))) for one in kind]
        return lambda values: {name: convert(value) for (name, convert), value in zip(fields, values, strict=True)}
    return None


def _nullable(convert: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    if convert is None:
        return lambda value: value
    return lambda value: None if value is None else convert(value)


def _each(convert: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
    if convert is None:
        return None
    one = _nullable(convert)
    return lambda values: [one(value) for value in values]


def _both(key: Callable[[Any], Any] | None, value: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    first, second = _nullable(key), _nullable(value)
    return lambda pairs: [[first(one), second(other)] for one, other in pairs]
