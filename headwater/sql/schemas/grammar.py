"""How statements on schemas are written."""

from __future__ import annotations

from headwater.lakehouse import is_plain_name
from headwater.sql.clauses import finished
from headwater.sql.cursor import Cursor, NotOursError
from headwater.sql.schemas.statements import CreateSchema, DescribeSchema, DropSchema, UseSchema

__all__ = ["create_schema", "describe_schema", "drop_schema", "use_schema"]


def create_schema(cursor: Cursor) -> CreateSchema | None:
    """Read ``CREATE SCHEMA [IF NOT EXISTS] c.s [COMMENT …] [MANAGED LOCATION …] …``: a managed location is cut out.

    Returns None where there is nothing to keep and nothing to cut out.
    """
    cursor.take("IF", "NOT", "EXISTS")
    name = cursor.name()
    if len(name) > 2:
        raise NotOursError
    text, comment = cursor.text, ""
    while cursor.peek():
        if cursor.take("COMMENT"):
            comment = cursor.string()
        elif cursor.word() == "MANAGED":
            start = cursor.here
            cursor.need("MANAGED", "LOCATION")
            cursor.string()
            text = text[:start] + " " * (cursor.behind - start) + text[cursor.behind :]
        else:
            cursor.next()
    spark_can = len(name) == 1 and is_plain_name(name[0]) and not comment and text == cursor.text
    return None if spark_can else CreateSchema(name, text, comment)


def drop_schema(cursor: Cursor) -> DropSchema:
    """Read ``DROP SCHEMA [IF EXISTS] c.s [RESTRICT | CASCADE]``."""
    cursor.take("IF", "EXISTS")
    name = cursor.name()
    cascade = cursor.take_any("RESTRICT", "CASCADE") == "CASCADE"
    cursor.finish()
    return DropSchema(name, cascade, cursor.text)


def use_schema(cursor: Cursor) -> UseSchema | None:
    """Read ``USE [SCHEMA] c.s``; None without a catalog."""
    if cursor.word(1) not in {".", "", ";", "("}:
        cursor.take_any("SCHEMA", "DATABASE", "NAMESPACE")
    name = cursor.name()
    cursor.finish()
    return UseSchema(name[0], cursor.text) if len(name) == 2 else None


def describe_schema(cursor: Cursor) -> DescribeSchema:
    """Read ``DESCRIBE SCHEMA | DATABASE [EXTENDED] s``."""
    extended = cursor.take("EXTENDED")
    return finished(cursor, DescribeSchema(cursor.name(), cursor.text, extended))
