"""What is asked of tables that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.conventions import is_own_table
from headwater.lakehouse import TableName
from headwater.sql.call import Call, frame
from headwater.sql.constraints import declared_constraints
from headwater.sql.tables.show_create import create_statement
from headwater.sql.tables.statements import Analyze, DescribeTable, ShowCreateTable, ShowTables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["analyze", "describe_table", "show_create_table", "show_tables"]


def describe_table(statement: DescribeTable, call: Call) -> DataFrame:
    """Add the constraints and the owner, as Databricks shows them, to what Spark says of a table."""
    said = call.given(statement.text)
    rows = said.collect()
    kept = next((row["data_type"] for row in rows if row["col_name"] == "Table Properties"), "") or ""
    if "headwater." not in kept or call.frames:
        return said
    properties = lakehouse.metadata_of(call.spark, call.full(statement.table).quoted).properties
    constraints = [[*each, ""] for each in declared_constraints(properties, call.full(statement.table).table)]
    owner = properties.get("headwater.owner")
    if not constraints and not owner:
        return said
    shown = [list(row) for row in rows if not (owner and row["col_name"] == "Owner")]
    if owner:
        at = next(i for i, row in enumerate(shown) if row[0] == "Table Properties")
        shown.insert(at, ["Owner", owner, ""])
    if constraints:
        shown += [["", "", ""], ["# Constraints", "", ""], *constraints]
    return frame(call, ["col_name", "data_type", "comment"], [["" if c is None else c for c in row] for row in shown])


def show_create_table(statement: ShowCreateTable, call: Call) -> DataFrame:
    """Show a statement that makes such a table; Spark's own for one that is not of Delta."""
    full = call.full(statement.table)
    if not lakehouse.table_exists(call.spark, full.quoted) or _is_not_delta(call, full):
        return call.given(statement.text)
    clustered = call.run(f"DESCRIBE DETAIL {full.quoted}").collect()[0]["clusteringColumns"]
    text = create_statement(full, lakehouse.metadata_of(call.spark, full.quoted), tuple(clustered))
    return frame(call, ["createtab_stmt"], [[text]])


def show_tables(statement: ShowTables, call: Call) -> DataFrame:
    """Show Spark's list without the tables that Headwater keeps for itself."""
    from pyspark.sql import functions as F

    shown = call.given(statement.text)
    own = [row["tableName"] for row in shown.collect() if not row["isTemporary"] and is_own_table(row["tableName"])]
    return shown.where(~F.col("tableName").isin(own) | F.col("isTemporary")) if own else shown


def analyze(statement: Analyze, call: Call) -> DataFrame:
    """Check the names; Delta keeps its statistics itself, with every file that it writes."""
    full = call.full(statement.table)
    now = lakehouse.metadata_of(call.spark, full.quoted)
    for column in statement.columns:
        now.column(column, str(full))
    return frame(call, [])


def _is_not_delta(call: Call, full: TableName) -> bool:
    return not (call.folder(full).path / full.table.lower() / "_delta_log").is_dir()
