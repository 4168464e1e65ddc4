"""Values of requests as Python values of the types of a feature spec: what Arrow's ``to_pylist`` would give of the column."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import math
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from headwater.lakehouse import arrow_type

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["json_reader", "rounded_decimal"]

_Reader: TypeAlias = Callable[[Any], Any]
_PRECISE = Context(prec=76)


@cache
def json_reader(kind: str) -> _Reader:
    """Return what makes of a JSON value a Python value of the SQL type, or raises ValueError; null stays None.

    Numbers are numbers: ``3.0`` is taken for a whole one, ``"3"`` and ``true`` are not. Dates and times are ISO 8601 texts, a
    time without an offset is UTC. Binary values are base64 texts. Decimals come as numbers or texts and are rounded half up.
    Maps are objects or arrays of pairs, structs objects or arrays.

    Examples
    --------
    >>> json_reader("timestamp")("2026-01-02T03:04:05+01:00").isoformat()
    '2026-01-02T02:04:05+00:00'
    >>> json_reader("int")(2**31)
    Traceback (most recent call last):
    ValueError: 2147483648 is beyond the range of int
    """
    return _nullable(_reader(arrow_type(kind), kind))


def rounded_decimal(value: Any, scale: int) -> Decimal:
    """Return a number, or its text, as a decimal rounded half up; all 38 digits that Spark has are kept.

    Examples
    --------
    >>> rounded_decimal(1.005, 2), rounded_decimal("12345678901234567890123456789012345678", 0)
    (Decimal('1.01'), Decimal('12345678901234567890123456789012345678'))
    """
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, _PRECISE)


def _reader(wanted: pa.DataType, kind: str) -> _Reader:  # noqa: PLR0911 - one return a type
    import pyarrow.types as t

    if t.is_integer(wanted):
        return _whole(kind, wanted.bit_width)
    if t.is_floating(wanted):
        return _single if wanted.bit_width == 32 else _double
    if t.is_boolean(wanted):
        return _exactly(bool, kind)
    if t.is_string(wanted):
        return _exactly(str, kind)
    if t.is_binary(wanted):
        return _binary
    if t.is_date(wanted):
        return _date
    if t.is_timestamp(wanted):
        return _time if wanted.tz else _time_without_zone
    if t.is_decimal(wanted):
        return _decimal(wanted.precision, wanted.scale, kind)
    return _nested(wanted, kind)


def _nested(wanted: pa.DataType, kind: str) -> _Reader:
    import pyarrow.types as t

    if t.is_map(wanted):
        first, second = (_nullable(_reader(part, str(part))) for part in (wanted.key_type, wanted.item_type))
        number = t.is_integer(wanted.key_type)

        def pairs(value: Any) -> Any:
            if isinstance(value, Mapping):
                given = [(int(key) if number and isinstance(key, str) else key, one) for key, one in value.items()]
            else:
                given = [(key, one) for key, one in _exactly(list, kind)(value)]
            return [(first(key), second(one)) for key, one in given]

        return pairs
    if t.is_struct(wanted):
        fields = {one.name: _nullable(_reader(one.type, str(one.type))) for one in wanted}

        def struct(value: Any) -> Any:
            given = value if isinstance(value, Mapping) else dict(zip(fields, _exactly(list, kind)(value), strict=True))
            odd = [name for name in given if name not in fields]
            if odd:
                message = f"{kind} has no field {odd[0]!r}"
                raise ValueError(message)
            return {name: read(given.get(name)) for name, read in fields.items()}

        return struct
    one = _nullable(_reader(wanted.value_type, str(wanted.value_type)))
    return lambda value: [one(item) for item in _exactly(list, kind)(value)]


def _nullable(read: _Reader) -> _Reader:
    return lambda value: None if value is None else read(value)


def _exactly(wanted: type, kind: str) -> _Reader:
    def read(value: Any) -> Any:
        if isinstance(value, wanted):
            return value
        raise ValueError(_found(value, kind))

    return read


def _whole(kind: str, bits: int) -> _Reader:
    least, most = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1

    def read(value: Any) -> int:
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int:
            raise ValueError(_found(value, kind))
        if not least <= value <= most:
            message = f"{value if abs(value) < 2**70 else 'the number'} is beyond the range of {kind}"
            raise ValueError(message)
        return value

    return read


def _double(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is int:
        try:
            return float(value)
        except OverflowError as error:
            message = "the number is beyond the range of double"
            raise ValueError(message) from error
    raise ValueError(_found(value, "double"))


def _single(value: Any) -> float:
    import numpy as np

    number = _double(value)
    with np.errstate(over="ignore"):
        single = float(np.float32(number))
    if math.isinf(single) and not math.isinf(number):
        message = f"{number} is beyond the range of float"
        raise ValueError(message)
    return single


def _binary(value: Any) -> bytes:
    try:
        return base64.b64decode(_exactly(str, "base64 text")(value), validate=True)
    except binascii.Error as error:
        message = "the text is no base64"
        raise ValueError(message) from error


def _date(value: Any) -> dt.date:
    text = _exactly(str, "a date like 2026-01-31")(value)
    try:
        return dt.date.fromisoformat(text[:10] if _is_midnight(text) else text)
    except ValueError as error:
        message = "the text is no date: write it like 2026-01-31"
        raise ValueError(message) from error


def _is_midnight(text: str) -> bool:
    return text[10:] in ("T00:00:00", "T00:00:00.000", "T00:00:00.000Z", "T00:00:00Z", " 00:00:00")


def _time(value: Any) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(_exactly(str, "a time like 2026-01-31T12:30:00Z")(value))
        return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        if "found" in str(error):
            raise
        message = "the text is no time: write it like 2026-01-31T12:30:00Z"
        raise ValueError(message) from error


def _time_without_zone(value: Any) -> dt.datetime:
    return _time(value).replace(tzinfo=None)


def _decimal(precision: int, scale: int, kind: str) -> _Reader:
    def read(value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
            raise ValueError(_found(value, kind))  # noqa: TRY004 - callers catch one kind
        try:
            number = rounded_decimal(value, scale)
            fits = number.is_finite() and (not number or number.adjusted() + 1 <= precision - scale)
        except ArithmeticError:
            fits = False
        if not fits:
            message = f"the value does not fit {kind}"
            raise ValueError(message)
        return number

    return read


def _found(value: Any, kind: str) -> str:
    names = {
        bool: "a boolean",
        dict: "an object",
        float: "a number",
        int: "a whole number",
        list: "an array",
        str: "a text",
    }
    return f"found {names.get(type(value), type(value).__name__)}, not {kind}"
