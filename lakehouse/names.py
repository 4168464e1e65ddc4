"""Names of three levels: ``catalog.schema.table``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from headwater.lakehouse.errors import InvalidInputError, InvalidNameError
from headwater.lakehouse.sql_text import quoted

__all__ = ["TableName", "check_name", "is_plain_name"]

_PART = re.compile(r"`((?:[^`]|``)+)`|([^`.\s]+)")
_PLAIN = re.compile(r"[A-Za-z0-9_]+")
_FREE = re.compile(r"[^.:/\\\s\x00-\x1f\x7f]+")
_HELD_BY_SPARK = frozenset({"schema", "table", "view"})
_MOST = 200  # a file's name has 255 bytes; ours have endings


@dataclass(frozen=True, order=True)
class TableName:
    """A full table name; also used for schemas' other things (functions, models).

    Examples
    --------
    >>> str(TableName.parse("t", catalog="main", schema="ml"))
    'main.ml.t'
    >>> TableName.parse("a.`odd name`", catalog="main", schema="ml").quoted
    '`main`.`a`.`odd name`'
    """

    catalog: str
    schema: str
    table: str

    @classmethod
    def parse(cls, name: str, *, catalog: str, schema: str) -> TableName:
        """Return the name with missing levels completed; levels may stand in backticks.

        Raises
        ------
        InvalidNameError
            If there are not one to three levels, or one is empty.
        InvalidInputError
            If the name is not text.
        """
        given: object = name
        if not isinstance(given, str):
            raise InvalidInputError(f"A table name is text like 'catalog.schema.table', found {given!r}.")
        parts: list[str] = []
        at = 0
        while at < len(name):
            match = _PART.match(name, at)
            if match is None:
                break
            parts.append(match[1].replace("``", "`") if match[1] else match[2])
            at = match.end()
            if at < len(name):
                if name[at] != "." or at + 1 == len(name):
                    at = -1
                    break
                at += 1
        if at != len(name) or not 1 <= len(parts) <= 3:
            raise InvalidNameError("table name", name, "table, schema.table or catalog.schema.table")
        return cls(*([catalog, schema][: 3 - len(parts)] + parts))

    def __str__(self) -> str:
        return f"{self.catalog}.{self.schema}.{self.table}"

    @property
    def quoted(self) -> str:
        """The name as SQL takes it."""
        return f"{self.quoted_schema}.{quoted(self.table)}"

    @property
    def quoted_schema(self) -> str:
        """Its schema's name, with the catalog, as SQL takes it."""
        return f"{quoted(self.catalog)}.{quoted(self.schema)}"


def is_plain_name(name: str) -> bool:
    """Say whether Spark's own catalog holds a schema or table of this name: letters a to z, digits and ``_``.

    Examples
    --------
    >>> [is_plain_name(name) for name in ("trips_2024", "año", "a b", "..", "a" * 300)]
    [True, False, False, False, False]
    """
    return bool(_PLAIN.fullmatch(name)) and len(name) <= _MOST


def check_name(kind: str, *parts: str) -> None:
    """Raise if the embedded store cannot hold a thing of this name; called before anything of it is written.

    Schemas, tables and views are what Spark's own catalog takes, see :func:`is_plain_name`. All other
    things have the names that Databricks takes: any characters but dots, colons, blanks, slashes and control characters.

    Parameters
    ----------
    kind
        What it is: ``schema``, ``table``, ``view``; ``catalog``, ``function``, ``volume``, ``feature spec`` and so on.
    parts
        The name's own levels, without the catalog: the schema first, where the thing is in one.

    Raises
    ------
    InvalidNameError
        Names the level that cannot be held.

    Examples
    --------
    >>> check_name("table", "ml", "trips")
    >>> check_name("catalog", "ml-prod")
    """
    for level, part in zip(("schema", kind)[-len(parts) :], parts, strict=True):
        if level not in _HELD_BY_SPARK:
            if not _FREE.fullmatch(part) or len(part.encode()) > _MOST:
                form = f"1 to {_MOST} bytes without dots, colons, blanks, slashes and control characters"
                raise InvalidNameError(f"{level} name", part, form)
        elif not is_plain_name(part):
            form = f"1 to {_MOST} letters a to z, digits and _ (Spark's own catalog takes no others)"
            raise InvalidNameError(f"{level} name", part, form)
