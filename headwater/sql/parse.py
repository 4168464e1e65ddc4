"""From a statement's text to what it asks for, or None for one that is Spark's alone.

The leading words tell the form: each subject's folder declares its own (:mod:`headwater.sql.registry`).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from headwater.lakehouse.sql_tokens import after_comments
from headwater.sql.cursor import Cursor, NotOursError
from headwater.sql.openings import Opening, longest, openings
from headwater.sql.registry import Form, forms
from headwater.sql.statement import Statement

__all__ = ["may_be_ours", "parse"]

_FAR = 400  # characters in which the leading words stand, comments aside


def may_be_ours(text: str) -> bool:
    r"""Say whether the leading words could be those of a statement of ours; a few microseconds, and no tokens.

    Examples
    --------
    >>> may_be_ours("  -- all of it\nSELECT * FROM t"), may_be_ours("/* now */ create or replace function f() ...")
    (False, True)
    """
    heads, most = _heads()
    words = tuple(after_comments(text)[:_FAR].upper().rstrip(";").split(None, most)[:most])
    return any(words[:count] in heads for count in range(1, len(words) + 1))


def parse(text: str, args: Any = None) -> Statement | None:
    """Return what the statement asks for, or None if Spark is to have it as it is.

    Parameters
    ----------
    args
        The parameters given with the statement, for names written as ``IDENTIFIER(:p)``.

    Raises
    ------
    SqlSyntaxError
        It is clearly one that only Databricks has, but not written as it must be.

    Examples
    --------
    >>> parse("USE CATALOG dev")
    UseCatalog(name='dev')
    >>> parse("SELECT 1") is None
    True
    """
    if not may_be_ours(text):
        return None
    try:
        cursor = Cursor(text, args)
        by_opening = _forms_by_opening().get(cursor.word(), {})
        opening = longest(cursor, by_opening)
        return by_opening[opening].grammar(cursor) if opening else None
    except NotOursError:
        return None


@cache
def _forms_by_opening() -> dict[str, dict[Opening, Form]]:
    """Return the forms by their openings, and those by their first word."""
    found: dict[str, dict[Opening, Form]] = {}
    for form in forms():
        for pattern in form.openings:
            for opening in openings(pattern):
                found.setdefault(opening.words[0], {})[opening] = form
    return found


@cache
def _heads() -> tuple[frozenset[tuple[str, ...]], int]:
    """Return the words that stand before the first name of each opening, and the largest number of them."""
    heads = frozenset(opening.head for by_opening in _forms_by_opening().values() for opening in by_opening)
    return heads, max(map(len, heads))
