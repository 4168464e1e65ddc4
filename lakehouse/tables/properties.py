"""A table's properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from headwater.lakehouse.sql_text import literal
from headwater.lakehouse.tables.conflicts import tried_again
from headwater.lakehouse.tables.existing import resolve

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["set_table_properties", "table_properties"]


def table_properties(spark: SparkSession, name: str) -> dict[str, str]:
    """Return the table's properties."""
    rows = spark.sql(f"SHOW TBLPROPERTIES {resolve(spark, name).quoted}").collect()
    return {row["key"]: row["value"] for row in rows}


def set_table_properties(spark: SparkSession, name: str, properties: Mapping[str, str | None]) -> None:
    """Set properties; a value of None removes one."""
    full = resolve(spark, name)
    kept = ", ".join(f"{literal(k)} = {literal(v)}" for k, v in properties.items() if v is not None)
    gone = ", ".join(literal(k) for k, v in properties.items() if v is None)
    if kept:
        tried_again(lambda: spark.sql(f"ALTER TABLE {full.quoted} SET TBLPROPERTIES ({kept})"), full)
    if gone:
        tried_again(lambda: spark.sql(f"ALTER TABLE {full.quoted} UNSET TBLPROPERTIES IF EXISTS ({gone})"), full)
