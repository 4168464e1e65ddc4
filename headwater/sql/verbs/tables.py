"""What is asked of tables and views that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.features import declared_key
from headwater.lakehouse import InvalidInputError, TableName, quoted
from headwater.sql.call import Call, execute, frame
from headwater.sql.show_create import create_statement
from headwater.sql.statements import Analyze, ChangeView, DescribeTable, RenameTable, ShowCreateTable
from headwater.sql.verbs.constraints import FOREIGN, KEY_NAME

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["change_view", "primary_key_clause"]


def change_view(call: Call, full: TableName) -> None:
    """Keep what has become of a view."""
    lakehouse.keep_view(
        call.spark, lakehouse.settings_of(call.spark).warehouse / f"{full.schema.lower()}.db", full.table
    )


def primary_key_clause(properties: dict[str, str]) -> str:
    """Return the primary key that properties declare as SQL says it, or nothing.

    Examples
    --------
    >>> primary_key_clause({"headwater.primaryKeys": '["id", "ts"]', "headwater.timeseriesColumn": "ts"})
    'PRIMARY KEY (`id`, `ts` TIMESERIES)'
    """
    keys, time = declared_key(properties)
    columns = ", ".join(quoted(key) + (" TIMESERIES" if key == time else "") for key in keys)
    return f"PRIMARY KEY ({columns})" if keys else ""


@execute.register(ChangeView)
def _change_view(statement: ChangeView, call: Call) -> DataFrame:
    names = [call.full(name) for name in (statement.name, statement.replaces) if name]
    for full in names[0 if statement.creates else 1 :]:
        lakehouse.check_new_name(call.spark, "view", full.schema, full.table)
    changed = call.given(statement.text)
    for full in names:
        change_view(call, full)
    return changed


@execute.register(RenameTable)
def _rename(statement: RenameTable, call: Call) -> DataFrame:
    """Rename within the schema: Spark's catalog takes the new name with two levels."""
    full, to = call.full(statement.table), call.full(statement.to)
    if full.schema.lower() != to.schema.lower():
        raise InvalidInputError(f"{full} cannot become {to}: a table keeps its schema. CREATE TABLE … CLONE copies it.")
    lakehouse.check_new_name(call.spark, "table", to.schema, to.table)
    return call.run(f"ALTER TABLE {full.quoted} RENAME TO {quoted(to.schema)}.{quoted(to.table)}")


@execute.register(DescribeTable)
def _describe(statement: DescribeTable, call: Call) -> DataFrame:
    """Add the constraints and the owner, as Databricks shows them, to what Spark says of a table."""
    said = call.given(statement.text)
    rows = said.collect()
    kept = next((row["data_type"] for row in rows if row["col_name"] == "Table Properties"), "") or ""
    if "headwater." not in kept or call.frames:
        return said
    properties = lakehouse.metadata_of(call.spark, call.full(statement.table).quoted).properties
    constraints = _constraints(properties, call.full(statement.table).table)
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


def _constraints(properties: dict[str, str], table: str) -> list[list[str]]:
    key = primary_key_clause(properties)
    rows = [[properties.get(KEY_NAME, f"{table}_pk"), key, ""]] if key else []
    return rows + [[k.removeprefix(FOREIGN), v, ""] for k, v in sorted(properties.items()) if k.startswith(FOREIGN)]


@execute.register(ShowCreateTable)
def _show_create(statement: ShowCreateTable, call: Call) -> DataFrame:
    full = call.full(statement.table)
    if not lakehouse.table_exists(call.spark, full.quoted) or _is_not_delta(call, full):
        return call.given(statement.text)
    clustered = call.run(f"DESCRIBE DETAIL {full.quoted}").collect()[0]["clusteringColumns"]
    text = create_statement(full, lakehouse.metadata_of(call.spark, full.quoted), tuple(clustered))
    return frame(call, ["createtab_stmt"], [[text]])


@execute.register(Analyze)
def _analyze(statement: Analyze, call: Call) -> DataFrame:
    """Check the names; Delta keeps its statistics itself, with every file that it writes."""
    full = call.full(statement.table)
    now = lakehouse.metadata_of(call.spark, full.quoted)
    for column in statement.columns:
        now.column(column, str(full))
    return frame(call, [])


def _is_not_delta(call: Call, full: TableName) -> bool:
    folder = lakehouse.settings_of(call.spark).warehouse / f"{full.schema.lower()}.db" / full.table.lower()
    return not (folder / "_delta_log").is_dir()
