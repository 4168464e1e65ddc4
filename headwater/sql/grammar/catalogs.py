"""Catalogs, schemas and volumes."""

from __future__ import annotations

from headwater.lakehouse import is_plain_name
from headwater.sql.cursor import Cursor, NotOursError
from headwater.sql.statements import (
    CreateCatalog,
    CreateSchema,
    CreateVolume,
    DescribeSecurable,
    DropCatalog,
    DropSchema,
    DropVolume,
    Securable,
    ShowCatalogs,
    ShowVolumes,
    UseCatalog,
    UseSchema,
)

__all__ = [
    "create_catalog",
    "create_schema",
    "create_volume",
    "describe",
    "drop_catalog",
    "drop_schema",
    "drop_volume",
    "like",
    "show_catalogs",
    "show_volumes",
    "use_catalog",
    "use_schema",
]


def create_catalog(cursor: Cursor) -> CreateCatalog:
    """Read ``CREATE CATALOG [IF NOT EXISTS] c [MANAGED LOCATION '…'] [COMMENT '…'] [DEFAULT COLLATION x]``."""
    cursor.ours = True
    if_not_exists = cursor.take("IF", "NOT", "EXISTS")
    name = _one(cursor)
    comment, location = _comment_and_location(cursor)
    cursor.finish()
    return CreateCatalog(name, if_not_exists, comment, location)


def drop_catalog(cursor: Cursor) -> DropCatalog:
    """Read ``DROP CATALOG [IF EXISTS] c [RESTRICT | CASCADE]``."""
    cursor.ours = True
    if_exists = cursor.take("IF", "EXISTS")
    name = _one(cursor)
    cascade = cursor.take_any("RESTRICT", "CASCADE") == "CASCADE"
    cursor.finish()
    return DropCatalog(name, if_exists, cascade)


def use_catalog(cursor: Cursor) -> UseCatalog:
    """Read ``USE CATALOG c`` and ``SET CATALOG c``; a text in quotes is a name too."""
    if cursor.word() == "=":  # SET catalog = 1 sets a variable
        raise NotOursError
    token = cursor.peek()
    name = cursor.string() if token and token.kind == "STRING" else _one(cursor)
    cursor.ours = True
    cursor.finish()
    return UseCatalog(name)


def use_schema(cursor: Cursor) -> UseSchema | None:
    """Read ``USE [SCHEMA] c.s``; None without a catalog."""
    if cursor.word(1) not in {".", "", ";", "("}:
        cursor.take_any("SCHEMA", "DATABASE", "NAMESPACE")
    name = cursor.name()
    cursor.finish()
    return UseSchema(name[0], cursor.text) if len(name) == 2 else None


def show_catalogs(cursor: Cursor) -> ShowCatalogs:
    """Read ``SHOW CATALOGS [[LIKE] 'pattern']``."""
    pattern = like(cursor)
    cursor.finish()
    return ShowCatalogs(pattern)


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


def create_volume(cursor: Cursor) -> CreateVolume:
    """Read ``CREATE [EXTERNAL] VOLUME [IF NOT EXISTS] c.s.v [LOCATION '…'] [COMMENT '…']``."""
    cursor.ours = True
    if_not_exists = cursor.take("IF", "NOT", "EXISTS")
    name = cursor.name()
    comment, location = _comment_and_location(cursor)
    cursor.finish()
    return CreateVolume(name, if_not_exists, comment, location)


def drop_volume(cursor: Cursor) -> DropVolume:
    """Read ``DROP VOLUME [IF EXISTS] c.s.v``."""
    cursor.ours = True
    if_exists = cursor.take("IF", "EXISTS")
    name = cursor.name()
    cursor.finish()
    return DropVolume(name, if_exists)


def show_volumes(cursor: Cursor) -> ShowVolumes:
    """Read ``SHOW VOLUMES [IN c.s] [[LIKE] 'pattern']``."""
    cursor.ours = True
    schema = cursor.name() if cursor.take_any("IN", "FROM") else ()
    pattern = like(cursor)
    cursor.finish()
    return ShowVolumes(schema, pattern)


def describe(cursor: Cursor) -> DescribeSecurable:
    """Read ``DESCRIBE CATALOG | SCHEMA | VOLUME [EXTENDED] name``."""
    kind = cursor.tokens[cursor.at - 1].word.replace("DATABASE", "SCHEMA")
    cursor.ours = kind != "SCHEMA"
    extended = cursor.take("EXTENDED")
    name = cursor.name()
    cursor.finish()
    return DescribeSecurable(Securable(kind, name), cursor.text, extended)


def like(cursor: Cursor) -> str:
    """Read ``[[LIKE] 'pattern']``."""
    token = cursor.peek()
    return cursor.string() if cursor.take("LIKE") or (token and token.kind == "STRING") else "*"


def _one(cursor: Cursor) -> str:
    name = cursor.name()
    if len(name) != 1:
        raise cursor.wrong("a name of one part")
    return name[0]


def _comment_and_location(cursor: Cursor) -> tuple[str, str]:
    comment = location = ""
    while cursor.peek() and cursor.word() != ";":
        if cursor.take("COMMENT"):
            comment = cursor.string()
        elif cursor.take("MANAGED", "LOCATION") or cursor.take("LOCATION"):
            location = cursor.string()
        elif cursor.take("DEFAULT", "COLLATION"):
            cursor.identifier()
        else:
            raise cursor.wrong("COMMENT or a LOCATION")
    return comment, location
