"""ALTER TABLE … ADD FOREIGN KEY: kept as a table property and shown, and not checked when rows are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.sql.call import Call, frame
from headwater.sql.clauses import finished
from headwater.sql.constraint_grammar import foreign_key
from headwater.sql.constraints import FOREIGN, ForeignKey, foreign_key_property
from headwater.sql.cursor import Cursor, Name
from headwater.sql.errors import TakenError
from headwater.sql.registry import Form
from headwater.sql.statement import Statement

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["FORMS", "AddForeignKey"]


@dataclass(frozen=True)
class AddForeignKey(Statement):
    """ALTER TABLE … ADD CONSTRAINT … FOREIGN KEY."""

    table: Name
    key: ForeignKey


def read(cursor: Cursor) -> AddForeignKey:
    """Read ``(columns) REFERENCES table [(columns)]`` with options."""
    table, *name = cursor.named
    return finished(cursor, AddForeignKey(table, foreign_key(cursor, cursor.names(), name[0][-1] if name else "")))


def add_foreign_key(statement: AddForeignKey, call: Call) -> DataFrame:
    """Keep a foreign key whose columns, and table, are there."""
    full, now = call.table(statement.table)
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


FORMS = (
    Form(
        (
            "ALTER TABLE … ADD FOREIGN KEY !",
            "ALTER TABLE … ADD CONSTRAINT FOREIGN KEY !",
            "ALTER TABLE … ADD CONSTRAINT … FOREIGN KEY !",
        ),
        read,
        {AddForeignKey: add_foreign_key},
        ("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (x) REFERENCES p (id)",),
    ),
)
