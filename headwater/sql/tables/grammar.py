"""Statements on tables that are not CREATE TABLE and ALTER TABLE."""

from __future__ import annotations

from headwater.sql.cursor import Cursor, NotOursError
from headwater.sql.tables.statements import Analyze, DescribeTable, ShowCreateTable, ShowTables

__all__ = ["analyze", "describe_table", "show_create_table", "show_tables"]


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


def show_tables(cursor: Cursor) -> ShowTables:
    """Read ``SHOW TABLES [IN c.s]``; one with a pattern is Spark's, and lists all that has such a name."""
    if cursor.take_any("IN", "FROM"):
        cursor.name()
    cursor.finish()
    return ShowTables(cursor.text)


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
