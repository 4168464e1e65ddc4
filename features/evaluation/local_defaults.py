"""Defaults in place of NULLs, on Arrow columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql.types import StructType

__all__ = ["filled"]

_EXACT = {"integer": (int,), "long": (int,), "double": (int, float), "string": (str,), "boolean": (bool,)}


def filled(
    rows: pa.Table, schema: StructType, names: Sequence[str], defaults: Mapping[str, Any]
) -> tuple[pa.Table, StructType] | None:
    """Return the columns in this order with their defaults, and their types; None for a default that only Spark can cast."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyspark.sql.types import StructType

    columns = {name: rows.column(name) for name in names}
    for name, value in defaults.items():
        if value is None:
            continue
        known = _EXACT.get(schema[name].dataType.typeName(), ())
        if not isinstance(value, known) or (isinstance(value, bool) and bool not in known):
            return None
        columns[name] = pc.fill_null(columns[name], pa.scalar(value, columns[name].type))
    return pa.table(columns), StructType([schema[name] for name in names])
