"""ALTER TABLE … ADD PRIMARY KEY: kept as table properties, as :mod:`headwater.features.tables.properties` keeps it.

The table is a feature table then. Like on Databricks, keys are not checked when rows are written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError, quoted
from headwater.sql.call import Call, frame
from headwater.sql.clauses import finished
from headwater.sql.constraint_grammar import primary_key
from headwater.sql.constraints import KEY_NAME, PrimaryKey
from headwater.sql.cursor import Cursor, Name
from headwater.sql.errors import TakenError
from headwater.sql.registry import Form
from headwater.sql.statement import Statement

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["FORMS", "AddPrimaryKey"]


@dataclass(frozen=True)
class AddPrimaryKey(Statement):
    """ALTER TABLE … ADD CONSTRAINT … PRIMARY KEY."""

    table: Name
    key: PrimaryKey


def read(cursor: Cursor) -> AddPrimaryKey:
    """Read ``(columns)`` with options."""
    table, *name = cursor.named
    return finished(cursor, AddPrimaryKey(table, primary_key(cursor, name[0][-1] if name else "")))


def add_primary_key(statement: AddPrimaryKey, call: Call) -> DataFrame:
    """Declare the key of a table whose columns for it are NOT NULL."""
    from headwater.features import declared_key, key_properties

    full, now = call.table(statement.table)
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


FORMS = (
    Form(
        (
            "ALTER TABLE … ADD PRIMARY KEY !",
            "ALTER TABLE … ADD CONSTRAINT PRIMARY KEY !",
            "ALTER TABLE … ADD CONSTRAINT … PRIMARY KEY !",
        ),
        read,
        {AddPrimaryKey: add_primary_key},
        ("ALTER TABLE t ADD PRIMARY KEY (id)", "ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (id, at TIMESERIES) RELY"),
    ),
)
