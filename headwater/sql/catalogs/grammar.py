"""How statements on catalogs are written."""

from __future__ import annotations

from headwater.sql.catalogs.statements import CreateCatalog, DescribeCatalog, DropCatalog, ShowCatalogs, UseCatalog
from headwater.sql.clauses import comment_and_location, finished, like, single_name
from headwater.sql.cursor import Cursor, NotOursError

__all__ = ["create_catalog", "describe_catalog", "drop_catalog", "show_catalogs", "use_catalog"]


def create_catalog(cursor: Cursor) -> CreateCatalog:
    """Read ``CREATE CATALOG [IF NOT EXISTS] c [MANAGED LOCATION '…'] [COMMENT '…'] [DEFAULT COLLATION x]``."""
    if_not_exists = cursor.take("IF", "NOT", "EXISTS")
    name = single_name(cursor)
    comment, location = comment_and_location(cursor)
    cursor.finish()
    return CreateCatalog(name, if_not_exists, comment, location)


def drop_catalog(cursor: Cursor) -> DropCatalog:
    """Read ``DROP CATALOG [IF EXISTS] c [RESTRICT | CASCADE]``."""
    if_exists = cursor.take("IF", "EXISTS")
    name = single_name(cursor)
    cascade = cursor.take_any("RESTRICT", "CASCADE") == "CASCADE"
    cursor.finish()
    return DropCatalog(name, if_exists, cascade)


def use_catalog(cursor: Cursor) -> UseCatalog:
    """Read ``USE CATALOG c`` and ``SET CATALOG c``; a text in quotes is a name too."""
    if cursor.word() == "=":  # SET catalog = 1 sets a variable
        raise NotOursError
    token = cursor.peek()
    name = cursor.string() if token and token.kind == "STRING" else single_name(cursor)
    cursor.ours = True
    cursor.finish()
    return UseCatalog(name)


def show_catalogs(cursor: Cursor) -> ShowCatalogs:
    """Read ``SHOW CATALOGS [[LIKE] 'pattern']``."""
    pattern = like(cursor)
    cursor.finish()
    return ShowCatalogs(pattern)


def describe_catalog(cursor: Cursor) -> DescribeCatalog:
    """Read ``DESCRIBE CATALOG [EXTENDED] c``."""
    extended = cursor.take("EXTENDED")
    return finished(cursor, DescribeCatalog(single_name(cursor), extended))
