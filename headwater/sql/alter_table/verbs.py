"""Constraints of tables that are there: keys are kept as table properties, NOT NULL is enforced by Delta.

A primary key is kept as :mod:`headwater.features.tables.declare` keeps it, so that the table is a feature table.
Foreign keys are kept and shown. Like on Databricks, neither is checked when rows are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.features import declared_key, key_properties, without_key
from headwater.lakehouse import InvalidInputError, TableMetadata, TableName, quoted
from headwater.sql.alter_table.statements import (
    AddForeignKey,
    AddPrimaryKey,
    ChangeColumn,
    DropConstraint,
    DropNotNull,
    RenameTable,
    SetNotNull,
)
from headwater.sql.call import Call, execute, frame
from headwater.sql.constraints import FOREIGN, KEY_NAME, foreign_key_property
from headwater.sql.errors import NotFoundError, TakenError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__: list[str] = []


@execute.register(AddPrimaryKey)
def _add_primary_key(statement: AddPrimaryKey, call: Call) -> DataFrame:
    full, now = _table(call, statement.table)
    if declared_key(now.properties)[0]:
        name = now.properties.get(KEY_NAME, "its primary key")
        raise TakenError("primary key", f"{name} of {full}", f"ALTER TABLE {full} DROP PRIMARY KEY first")
    columns = [now.column(column, str(full)) for column in statement.key.columns]
    time = [now.column(statement.key.time, str(full))] if statement.key.time else []
    nullable = [field["name"] for field in now.fields if field["name"] in columns and field["nullable"]]
    if nullable:
        todo = "; ".join(f"ALTER TABLE {full} ALTER COLUMN {quoted(column)} SET NOT NULL" for column in nullable)
        raise InvalidInputError(
            f"{full} cannot have the primary key ({', '.join(columns)}): {', '.join(nullable)} may be NULL. First: {todo}."
        )
    properties = key_properties(str(full), columns, time)
    kept = {key: value for key, value in properties.items() if key not in now.properties}  # the table's id stays
    lakehouse.set_table_properties(
        call.spark, full.quoted, {**kept, KEY_NAME: statement.key.name or f"{full.table}_pk"}
    )
    return frame(call, [])


@execute.register(AddForeignKey)
def _add_foreign_key(statement: AddForeignKey, call: Call) -> DataFrame:
    full, now = _table(call, statement.table)
    for column in statement.key.columns:
        now.column(column, str(full))
    parent = lakehouse.metadata_of(call.spark, call.full(statement.key.parent).quoted)
    for column in statement.key.parent_columns:
        parent.column(column, str(call.full(statement.key.parent)))
    name, said = foreign_key_property(call, full, statement.key)
    if name in now.properties:
        raise TakenError(
            "constraint", f"{name.removeprefix(FOREIGN)} of {full}", "choose another name, or drop it first"
        )
    lakehouse.set_table_properties(call.spark, full.quoted, {name: said})
    return frame(call, [])


@execute.register(DropConstraint)
def _drop_constraint(statement: DropConstraint, call: Call) -> DataFrame:
    full, now = _table(call, statement.table)
    kept = {key.removeprefix(FOREIGN): key for key in now.properties if key.startswith(FOREIGN)}
    has_key, key_name = bool(declared_key(now.properties)[0]), now.properties.get(KEY_NAME, f"{full.table}_pk")
    if statement.kind == "FOREIGN KEY":
        columns = f"FOREIGN KEY ({', '.join(map(quoted, statement.columns))}) "
        gone = [key for key in kept.values() if now.properties[key].startswith(columns)]
    else:
        gone = [key for name, key in kept.items() if name.lower() == statement.name.lower()]
    changes: dict[str, None] = dict.fromkeys(gone)
    if has_key and (statement.kind == "PRIMARY KEY" or statement.name.lower() == key_name.lower()):
        changes = {**without_key(), KEY_NAME: None}
    if changes:
        lakehouse.set_table_properties(call.spark, full.quoted, changes)
        return frame(call, [])
    if statement.kind == "CONSTRAINT":
        return call.given(statement.text)
    if statement.if_exists:
        return frame(call, [])
    names = [*kept, *([key_name] if has_key else [])]
    raise NotFoundError(statement.kind.lower(), f"of {full}", names)


@execute.register(SetNotNull)
def _set_not_null(statement: SetNotNull, call: Call) -> DataFrame:
    full, _ = _table(call, statement.table)
    if len(statement.column) > 1:
        raise InvalidInputError(
            f"{'.'.join(statement.column)} of {full} is a field of a struct: it cannot be NOT NULL."
        )
    lakehouse.set_not_null(call.spark, full.quoted, statement.column)
    return frame(call, [])


@execute.register(DropNotNull)
def _drop_not_null(statement: DropNotNull, call: Call) -> DataFrame:
    _refuse_keys(call, call.full(statement.table), (statement.column[0],), "must stay NOT NULL")
    return call.given(statement.text)


@execute.register(ChangeColumn)
def _change_column(statement: ChangeColumn, call: Call) -> DataFrame:
    _refuse_keys(call, call.full(statement.table), statement.columns, "cannot be dropped or renamed")
    return call.given(statement.text)


@execute.register(RenameTable)
def _rename(statement: RenameTable, call: Call) -> DataFrame:
    """Rename within the schema: Spark's catalog takes the new name with two levels."""
    full, to = call.full(statement.table), call.full(statement.to)
    if full.schema.lower() != to.schema.lower():
        raise InvalidInputError(f"{full} cannot become {to}: a table keeps its schema. CREATE TABLE … CLONE copies it.")
    lakehouse.check_new_name(call.spark, "table", to.schema, to.table)
    return call.run(f"ALTER TABLE {full.quoted} RENAME TO {quoted(to.schema)}.{quoted(to.table)}")


def _refuse_keys(call: Call, full: TableName, columns: tuple[str, ...], why: str) -> None:
    keys, _ = declared_key(lakehouse.table_properties(call.spark, full.quoted))
    wrong = [key for key in keys if key.lower() in {column.lower() for column in columns}]
    if wrong:
        raise InvalidInputError(
            f"{', '.join(wrong)} {why}: the primary key of {full} has it. First: ALTER TABLE {full} DROP PRIMARY KEY."
        )


def _table(call: Call, name: tuple[str, ...]) -> tuple[TableName, TableMetadata]:
    full = call.full(name)
    return full, lakehouse.metadata_of(call.spark, full.quoted)
