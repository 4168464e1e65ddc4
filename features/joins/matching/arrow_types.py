"""Which columns can go through Arrow, and be keys there, and which of their values is the greater."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql.types import DataType, StructType

__all__ = ["comparable", "is_key", "rank", "strange_column"]

_KEY_TYPES = ("boolean", "byte", "short", "integer", "long", "string", "date", "timestamp", "binary", "decimal")
_TYPES = (*_KEY_TYPES, "float", "double", "timestamp_ntz", "void")


def strange_column(schema: StructType) -> str | None:
    """Return the name of the first column whose type does not go through Arrow unchanged, or None."""
    return next((field.name for field in schema if not _plain(field.dataType)), None)


def is_key(kind: DataType) -> bool:
    """Say whether keys of this type are matched in Arrow as Spark would: equal ones have equal bytes."""
    return kind.typeName().split("(")[0] in _KEY_TYPES and " collate " not in kind.simpleString()


def rank(value: Any) -> Any:
    """Return what to compare in place of a value so that the order is Spark's: NULL lowest, NaN greatest, the rest as usual.

    Examples
    --------
    >>> sorted([float("nan"), 1.0, None, -1.0], key=rank)
    [None, -1.0, 1.0, nan]
    """
    if value is None:
        return (False,)
    if isinstance(value, float):
        return (True, math.isnan(value), 0.0 if math.isnan(value) else value)
    if isinstance(value, dict):
        return (True, [rank(one) for one in value.values()])
    if isinstance(value, list):
        return (True, [rank(one) for one in value])
    return (True, value)


def comparable(column: pa.ChunkedArray) -> list[Any]:
    """Return the column's values as Python compares them; times as numbers, which unlike dates of Python have no end."""
    import pyarrow as pa

    kind = column.type
    return [rank(value) for value in (column.cast(pa.int64()) if pa.types.is_timestamp(kind) else column).to_pylist()]


def _plain(kind: DataType) -> bool:
    from pyspark.sql import types as t

    if isinstance(kind, t.ArrayType):
        return _plain(kind.elementType)
    if isinstance(kind, t.MapType):
        return _plain(kind.keyType) and _plain(kind.valueType)
    if isinstance(kind, t.StructType):
        return all(_plain(field.dataType) for field in kind)
    return kind.typeName().split("(")[0] in _TYPES
