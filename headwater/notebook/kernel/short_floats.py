"""FLOAT values as they are written: -5.71, which as a DOUBLE is -5.710000038146973."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["shorten_floats"]


def shorten_floats(rows: Sequence[Sequence[Any]], schema: Any) -> Sequence[Sequence[Any]]:
    """Return the rows of a Spark frame, the FLOAT values in them replaced by the shortest number of the same FLOAT.

    Those in arrays, maps and structs too. Rows without such a type come back as they are.
    """
    kinds = [field.dataType for field in schema.fields]
    if not any(map(_has_float, kinds)):
        return rows
    return [tuple(_shortened(value, kind) for value, kind in zip(row, kinds, strict=True)) for row in rows]


def _has_float(kind: Any) -> bool:
    return "float" in kind.simpleString()


def _shortened(value: Any, kind: Any) -> Any:
    if value is None or not _has_float(kind):
        return value
    match kind.typeName():
        case "float":
            import numpy as np

            return float(str(np.float32(value)))
        case "array":
            return [_shortened(one, kind.elementType) for one in value]
        case "map":
            return {_shortened(key, kind.keyType): _shortened(one, kind.valueType) for key, one in value.items()}
        case "struct":
            from pyspark.sql import Row

            return Row(*kind.names)(*(_shortened(one, field.dataType) for one, field in zip(value, kind, strict=True)))
    return value
