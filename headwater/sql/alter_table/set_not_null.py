"""ALTER TABLE … ALTER COLUMN … SET NOT NULL: for a table that has rows, which Delta does not do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError
from headwater.sql.call import Call, frame
from headwater.sql.clauses import finished
from headwater.sql.cursor import Cursor, Name
from headwater.sql.registry import Form
from headwater.sql.statement import Statement

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["FORMS", "SetNotNull"]


@dataclass(frozen=True)
class SetNotNull(Statement):
    """ALTER TABLE … ALTER COLUMN … SET NOT NULL."""

    table: Name
    column: Name


def read(cursor: Cursor) -> SetNotNull:
    """Read the end of the statement."""
    return finished(cursor, SetNotNull(*cursor.named))


def set_not_null(statement: SetNotNull, call: Call) -> DataFrame:
    """Make a column NOT NULL that has no NULL."""
    full, _ = call.table(statement.table)
    if len(statement.column) > 1:
        raise InvalidInputError(
            f"{'.'.join(statement.column)} of {full} is a field of a struct: it cannot be NOT NULL."
        )
    lakehouse.set_not_null(call.spark, full.quoted, statement.column)
    return frame(call, [])


FORMS = (
    Form(
        ("ALTER TABLE … ALTER|CHANGE … SET NOT NULL", "ALTER TABLE … ALTER|CHANGE COLUMN … SET NOT NULL"),
        read,
        {SetNotNull: set_not_null},
        ("ALTER TABLE t ALTER COLUMN c SET NOT NULL", "ALTER TABLE t CHANGE c SET NOT NULL"),
    ),
)
