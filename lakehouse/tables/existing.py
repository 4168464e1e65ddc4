"""Which tables there are.

Names of one to three levels are completed from the session's current catalog and schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.conventions import is_own_table
from headwater.lakehouse.errors import TableNotFoundError
from headwater.lakehouse.names import TableName
from headwater.lakehouse.sql_text import quoted
from headwater.lakehouse.warehouse import catalog

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["is_there", "list_tables", "resolve", "table_exists"]


def table_exists(spark: SparkSession, name: str) -> bool:
    """Say whether there is a table of this name, also if another process made it since the session started."""
    return is_there(spark, catalog.complete(spark, name))


def is_there(spark: SparkSession, full: TableName) -> bool:
    """Say whether there is a table of this full name."""
    if catalog.register(spark, full):
        return True
    return catalog.can_hold(spark, full) and bool(spark.catalog.tableExists(full.quoted))


def resolve(spark: SparkSession, name: str) -> TableName:
    """Return the full name of a table that is there.

    Raises
    ------
    TableNotFoundError
        If it is not; the error names the tables of its schema.
    DamagedTableError
        If there is a folder for it that holds no readable table.
    """
    full = catalog.complete(spark, name)
    if not is_there(spark, full):
        raise catalog.damage_of(spark, full) or TableNotFoundError(
            str(full),
            list_tables(spark, full.catalog, full.schema),
            catalog.folders_elsewhere(spark, full),
            catalog.damaged_tables(spark, full),
        )
    return full


def list_tables(spark: SparkSession, catalog_name: str, schema: str) -> list[str]:
    """Return the full names of the tables in a schema, sorted, without Headwater's own; none if there is no such schema."""
    from pyspark.errors import AnalysisException

    catalog.refresh(spark)
    try:
        rows = spark.sql(f"SHOW TABLES IN {quoted(catalog_name)}.{quoted(schema)}").collect()
    except AnalysisException:
        return []
    names = [row["tableName"] for row in rows if not row["isTemporary"] and not is_own_table(row["tableName"])]
    return sorted(str(TableName(catalog_name, schema, name)) for name in names)
