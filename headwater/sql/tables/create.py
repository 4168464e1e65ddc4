"""CREATE TABLE with constraints: in one statement of Spark's where it can, cleaned up after where it cannot."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError, MissingColumnsError, TableName, literal, quoted
from headwater.sql.call import Call
from headwater.sql.constraints import KEY_NAME, PrimaryKey, foreign_key_property
from headwater.sql.tables.statements import CreateTable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["create_table"]

_LOG = logging.getLogger("headwater.sql")


def create_table(statement: CreateTable, call: Call) -> DataFrame:
    """Let Spark make a table, with its constraints; leave none behind if they do not hold."""
    full = call.full(statement.name)
    lakehouse.check_new_name(call.spark, "table", full.schema, full.table)
    there = lakehouse.table_exists(call.spark, full.quoted)
    if there and statement.if_not_exists:
        return call.given(statement.with_properties(""))
    _refuse_defaults(statement, full)
    if statement.automatic:
        _LOG.warning("%s: CLUSTER BY AUTO chooses no columns here; the table is not clustered.", full)
    made = call.given(statement.with_properties(_properties(statement, call, full)))
    try:
        _finish(statement, call, full)
    except BaseException:
        if not there:
            call.run(f"DROP TABLE {full.quoted}")
        raise
    return made


def _properties(statement: CreateTable, call: Call, full: TableName) -> str:
    """Return the table properties that hold the constraints; the key of a query's table is declared afterwards."""
    found = dict(foreign_key_property(call, full, key) for key in statement.foreign_keys)
    if statement.primary_key and statement.columns:
        found |= _key(statement.primary_key, full, statement.columns)
    return ", ".join(f"{literal(key)} = {literal(value)}" for key, value in found.items())


def _finish(statement: CreateTable, call: Call, full: TableName) -> None:
    """Do what can only be done to a table that is there: the key of a query's table, conditions on rows."""
    key = statement.primary_key
    if key and not statement.columns:
        columns = [field["name"] for field in lakehouse.metadata_of(call.spark, full.quoted).fields]
        properties = _key(key, full, columns)
        lakehouse.set_not_null(call.spark, full.quoted, key.columns)
        lakehouse.set_table_properties(call.spark, full.quoted, properties)
    for i, check in enumerate(statement.checks):
        name = quoted(check.name or f"{full.table}_check{i + 1}")
        call.run(f"ALTER TABLE {full.quoted} ADD CONSTRAINT {name} CHECK ({check.condition})")


def _key(key: PrimaryKey, full: TableName, columns: tuple[str, ...] | list[str]) -> dict[str, str]:
    from headwater.features import key_properties

    spelled = {column.lower(): column for column in columns}
    missing = [column for column in key.columns if column.lower() not in spelled]
    if missing:
        raise MissingColumnsError(missing, f"the columns of {full}", columns, "primary keys")
    names = [spelled[column.lower()] for column in key.columns]
    time = [spelled[key.time.lower()]] if key.time else []
    return key_properties(str(full), names, time) | {KEY_NAME: key.name or f"{full.table}_pk"}


def _refuse_defaults(statement: CreateTable, full: TableName) -> None:
    """Say what Delta would say, before it leaves a folder behind that is in the way of the next try."""
    if statement.defaults:
        raise InvalidInputError(
            f"{full} has columns with a DEFAULT ({', '.join(statement.defaults)}), which a Delta table must allow: add "
            "TBLPROPERTIES ('delta.feature.allowColumnDefaults' = 'supported')."
        )
