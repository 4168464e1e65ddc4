"""Columns as SQL declares them, and whether Delta writes them under their own names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.lakehouse.sql_text import literal, quoted

if TYPE_CHECKING:
    from pyspark.sql.types import DataType, StructField

__all__ = ["column_sql", "has_plain_names"]

_UNPLAIN = frozenset(" ,;{}()\n\t=")  # in a column's name, Delta's files take none of these


def column_sql(field: StructField) -> str:
    """Return a column's name, type, NOT NULL and comment as CREATE TABLE takes them."""
    comment = field.metadata.get("comment")
    return " ".join(
        [quoted(field.name), _sql_type(field.dataType)]
        + ([] if field.nullable else ["NOT NULL"])
        + ([f"COMMENT {literal(comment)}"] if comment else [])
    )


def _sql_type(kind: DataType) -> str:
    """Return a type as SQL takes it, names of fields in quotes."""
    from pyspark.sql.types import ArrayType, MapType, StructType

    if isinstance(kind, StructType):
        return f"struct<{', '.join(f'{quoted(field.name)}: {_sql_type(field.dataType)}' for field in kind)}>"
    if isinstance(kind, ArrayType):
        return f"array<{_sql_type(kind.elementType)}>"
    if isinstance(kind, MapType):
        return f"map<{_sql_type(kind.keyType)}, {_sql_type(kind.valueType)}>"
    return kind.simpleString()


def has_plain_names(kind: DataType) -> bool:
    """Say whether Delta writes all columns and fields under their own names; it maps others to names of its own."""
    from pyspark.sql.types import ArrayType, MapType, StructType

    if isinstance(kind, StructType):
        return all(not _UNPLAIN & set(field.name) and has_plain_names(field.dataType) for field in kind)
    if isinstance(kind, ArrayType):
        return has_plain_names(kind.elementType)
    if isinstance(kind, MapType):
        return has_plain_names(kind.keyType) and has_plain_names(kind.valueType)
    return True
