"""Statements on tables and views that are not CREATE TABLE and ALTER TABLE."""

from __future__ import annotations

from headwater.sql.cursor import Cursor, NotOursError
from headwater.sql.grammar.notes import alter_note
from headwater.sql.statements import Analyze, ChangeView, DescribeTable, Securable, ShowCreateTable, Statement

__all__ = ["alter_view", "analyze", "create_view", "describe_table", "drop_view", "show_create_table"]


def create_view(cursor: Cursor) -> ChangeView:
    """Read ``CREATE [OR REPLACE] VIEW [IF NOT EXISTS] v …``; temporary views are Spark's."""
    cursor.take("IF", "NOT", "EXISTS")
    return ChangeView(cursor.name(), cursor.text, creates=True)


def alter_view(cursor: Cursor) -> Statement:
    """Read ``ALTER VIEW v …``."""
    name = cursor.name()
    note = alter_note(cursor, Securable("VIEW", name))
    if note:
        return note
    return ChangeView(name, cursor.text, cursor.name() if cursor.take("RENAME", "TO") else ())


def drop_view(cursor: Cursor) -> ChangeView:
    """Read ``DROP VIEW [IF EXISTS] v``."""
    cursor.take("IF", "EXISTS")
    return ChangeView(cursor.name(), cursor.text)


def describe_table(cursor: Cursor) -> DescribeTable:
    """Read ``DESCRIBE [TABLE] EXTENDED t`` without a partition or a column, ``AS JSON`` or a version."""
    name = cursor.name()
    cursor.finish()
    return DescribeTable(name, cursor.text)


def show_create_table(cursor: Cursor) -> ShowCreateTable:
    """Read ``SHOW CREATE TABLE t``."""
    name = cursor.name()
    cursor.finish()
    return ShowCreateTable(name, cursor.text)


def analyze(cursor: Cursor) -> Analyze:
    """Read ``ANALYZE TABLE t [PARTITION (…)] COMPUTE [DELTA] STATISTICS [NOSCAN | FOR [ALL] COLUMNS …]``."""
    name = cursor.name()
    if cursor.take("PARTITION"):
        cursor.skip_group()
    cursor.need("COMPUTE")
    cursor.take("DELTA")
    if not cursor.take("STATISTICS"):
        raise NotOursError
    columns: list[str] = []
    if cursor.take("FOR", "COLUMNS"):
        if cursor.word() == "(":
            columns += cursor.names()
        else:
            columns.append(cursor.identifier())
            while cursor.take(","):
                columns.append(cursor.identifier())
    elif not cursor.take("FOR", "ALL", "COLUMNS"):
        cursor.take("NOSCAN")
    cursor.finish()
    return Analyze(name, tuple(columns))
