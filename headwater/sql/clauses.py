"""Clauses that statements on several subjects have."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TypeVar

from headwater.sql.cursor import Cursor
from headwater.sql.statement import Securable, Statement

__all__ = ["KINDS", "comment_and_location", "finished", "like", "matches", "name_or_text", "securable", "single_name"]

S = TypeVar("S", bound=Statement)
KINDS = {
    "CATALOG": "CATALOG",
    "COLUMN": "COLUMN",
    "DATABASE": "SCHEMA",
    "FUNCTION": "FUNCTION",
    "METASTORE": "METASTORE",
    "SCHEMA": "SCHEMA",
    "TABLE": "TABLE",
    "VIEW": "VIEW",
    "VOLUME": "VOLUME",
}


def like(cursor: Cursor) -> str:
    """Read ``[[LIKE] 'pattern']``."""
    token = cursor.peek()
    return cursor.string() if cursor.take("LIKE") or (token and token.kind == "STRING") else "*"


def matches(name: str, pattern: str) -> bool:
    """Say whether a name meets Spark's pattern: ``*`` for anything, ``|`` between alternatives.

    Examples
    --------
    >>> matches("Main", "m*|x"), matches("main", "a")
    (True, False)
    """
    return any(fnmatchcase(name.lower(), each.strip().lower()) for each in pattern.split("|"))


def single_name(cursor: Cursor) -> str:
    """Read a name of one part."""
    name = cursor.name()
    if len(name) != 1:
        raise cursor.wrong("a name of one part")
    return name[0]


def comment_and_location(cursor: Cursor) -> tuple[str, str]:
    """Read ``COMMENT '…'`` and ``[MANAGED] LOCATION '…'`` in any order, up to the end."""
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


def securable(cursor: Cursor) -> Securable:
    """Read ``kind name``; the name of a column is its table's with the column's."""
    if cursor.word() not in KINDS:
        raise cursor.wrong(f"one of {', '.join(KINDS)}")
    kind = KINDS[cursor.next().word]
    name = cursor.name()
    if kind != "COLUMN":
        return Securable(kind, name)
    if len(name) < 2:
        raise cursor.wrong("table.column")
    return Securable(kind, name[:-1], name[-1])


def name_or_text(cursor: Cursor) -> str:
    """Read a tag, a principal or a tag's value: a name or a text in quotes."""
    token = cursor.peek()
    return cursor.string() if token and token.kind in {"STRING", "RAW_STRING"} else cursor.identifier()


def finished(cursor: Cursor, statement: S) -> S:
    """Require that the text ends here; return the statement."""
    cursor.finish()
    return statement
