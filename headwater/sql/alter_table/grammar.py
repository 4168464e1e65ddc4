"""ALTER TABLE: what Delta cannot do of it."""

from __future__ import annotations

from headwater.sql.alter_table.statements import (
    AddForeignKey,
    AddPrimaryKey,
    ChangeColumn,
    DropConstraint,
    DropNotNull,
    RenameTable,
    SetNotNull,
)
from headwater.sql.constraint_grammar import constraint
from headwater.sql.constraints import Check, PrimaryKey
from headwater.sql.cursor import Cursor, Name, NotOursError
from headwater.sql.notes.grammar import alter_note
from headwater.sql.statement import Securable, Statement

__all__ = ["alter_table"]


def alter_table(cursor: Cursor) -> Statement | None:
    """Read ``ALTER TABLE t …``; None for what Delta does itself."""
    table = cursor.name()
    word = cursor.word()
    if word == "ADD":
        return _add(cursor, table)
    if word == "DROP":
        return _drop(cursor, table)
    if word in {"ALTER", "CHANGE"}:
        return _column(cursor, table)
    if word == "RENAME":
        return _rename(cursor, table)
    return alter_note(cursor, Securable("TABLE", table))


def _add(cursor: Cursor, table: Name) -> Statement | None:
    cursor.need("ADD")
    if cursor.word() not in {"CONSTRAINT", "PRIMARY", "FOREIGN"}:
        return None
    found = constraint(cursor)
    if isinstance(found, Check):
        return None
    cursor.ours = True
    cursor.finish()
    return AddPrimaryKey(table, found) if isinstance(found, PrimaryKey) else AddForeignKey(table, found)


def _drop(cursor: Cursor, table: Name) -> Statement | None:
    cursor.need("DROP")
    if cursor.take("PRIMARY", "KEY"):
        cursor.ours = True
        if_exists = cursor.take("IF", "EXISTS")
        cursor.take_any("RESTRICT", "CASCADE")
        cursor.finish()
        return DropConstraint(table, "PRIMARY KEY", if_exists=if_exists)
    if cursor.take("FOREIGN", "KEY"):
        cursor.ours = True
        if_exists = cursor.take("IF", "EXISTS")
        columns = cursor.names()
        cursor.finish()
        return DropConstraint(table, "FOREIGN KEY", columns=columns, if_exists=if_exists)
    if cursor.take("CONSTRAINT"):
        if_exists = cursor.take("IF", "EXISTS")
        name = cursor.identifier()
        cursor.take_any("RESTRICT", "CASCADE")
        cursor.finish()
        return DropConstraint(table, "CONSTRAINT", name, if_exists=if_exists, text=cursor.text)
    if cursor.take_any("COLUMN", "COLUMNS"):
        cursor.take("IF", "EXISTS")
        columns = cursor.names() if cursor.word() == "(" else (cursor.identifier(),)
        return ChangeColumn(table, columns, cursor.text)
    return None


def _column(cursor: Cursor, table: Name) -> Statement | None:
    cursor.next()
    cursor.take("COLUMN")
    column = cursor.name()
    if cursor.take("SET", "NOT", "NULL"):
        cursor.finish()
        return SetNotNull(table, column)
    if cursor.take("DROP", "NOT", "NULL"):
        cursor.finish()
        return DropNotNull(table, column, cursor.text)
    return alter_note(cursor, Securable("COLUMN", table, ".".join(column)))


def _rename(cursor: Cursor, table: Name) -> Statement | None:
    cursor.need("RENAME")
    if cursor.take("COLUMN"):
        return ChangeColumn(table, (cursor.identifier(),), cursor.text)
    cursor.need("TO")
    head = cursor.text[: cursor.behind]
    to = cursor.name()
    cursor.finish()
    if len(to) > 3:
        raise NotOursError
    return RenameTable(table, to, head) if len(to) == 3 else None
