"""Forms of ALTER TABLE that Delta does, but for columns of the primary key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError, TableName
from headwater.sql.call import Call
from headwater.sql.clauses import finished
from headwater.sql.cursor import Cursor, Name
from headwater.sql.registry import Form
from headwater.sql.statement import Statement

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["FORMS", "ChangeColumn", "DropNotNull"]


@dataclass(frozen=True)
class DropNotNull(Statement):
    """ALTER TABLE … ALTER COLUMN … DROP NOT NULL."""

    table: Name
    column: Name
    text: str


@dataclass(frozen=True)
class ChangeColumn(Statement):
    """ALTER TABLE … DROP COLUMN, RENAME COLUMN: not for key columns."""

    table: Name
    columns: tuple[str, ...]
    text: str


def read_drop_not_null(cursor: Cursor) -> DropNotNull:
    """Read the end of the statement."""
    table, column = cursor.named
    return finished(cursor, DropNotNull(table, column, cursor.text))


def read_drop(cursor: Cursor) -> ChangeColumn:
    """Read ``[IF EXISTS] column | (columns)`` after ``DROP COLUMN``."""
    cursor.take("IF", "EXISTS")
    columns = cursor.names() if cursor.word() == "(" else (cursor.identifier(),)
    return ChangeColumn(cursor.named[0], columns, cursor.text)


def read_rename(cursor: Cursor) -> ChangeColumn:
    """Read the column after ``RENAME COLUMN``."""
    return ChangeColumn(cursor.named[0], (cursor.identifier(),), cursor.text)


def drop_not_null(statement: DropNotNull, call: Call) -> DataFrame:
    """Let Delta do it, but for a column of the primary key."""
    _refuse_keys(call, call.full(statement.table), (statement.column[0],), "must stay NOT NULL")
    return call.given(statement.text)


def change_column(statement: ChangeColumn, call: Call) -> DataFrame:
    """Let Delta do it, but for a column of the primary key."""
    _refuse_keys(call, call.full(statement.table), statement.columns, "cannot be dropped or renamed")
    return call.given(statement.text)


def _refuse_keys(call: Call, full: TableName, columns: tuple[str, ...], why: str) -> None:
    from headwater.features import declared_key

    keys, _ = declared_key(lakehouse.table_properties(call.spark, full.quoted))
    wrong = [key for key in keys if key.lower() in {column.lower() for column in columns}]
    if wrong:
        raise InvalidInputError(
            f"{', '.join(wrong)} {why}: the primary key of {full} has it. First: ALTER TABLE {full} DROP PRIMARY KEY."
        )


FORMS = (
    Form(
        ("ALTER TABLE … ALTER|CHANGE … DROP NOT NULL", "ALTER TABLE … ALTER|CHANGE COLUMN … DROP NOT NULL"),
        read_drop_not_null,
        {DropNotNull: drop_not_null},
        ("ALTER TABLE t ALTER COLUMN c DROP NOT NULL",),
    ),
    Form(
        ("ALTER TABLE … DROP COLUMN|COLUMNS",),
        read_drop,
        {ChangeColumn: change_column},
        ("ALTER TABLE t DROP COLUMN c", "ALTER TABLE t DROP COLUMNS (c, d)"),
    ),
    Form(
        ("ALTER TABLE … RENAME COLUMN",),
        read_rename,
        {ChangeColumn: change_column},
        ("ALTER TABLE t RENAME COLUMN c TO d",),
    ),
)
