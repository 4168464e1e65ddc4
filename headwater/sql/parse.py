"""From a statement's text to what it asks for, or None for one that is Spark's alone.

The grammar is by leading words: one function per kind of statement in the subject's ``grammar``.
"""

from __future__ import annotations

from typing import Any

from headwater.sql.statement import Statement

__all__ = ["may_be_ours", "parse"]

# A first look, before sqlglot is loaded: the leading word, and the one after it (after OR REPLACE, SET's and SHOW's own).
_OURS: dict[str, set[str] | None] = {
    "ALTER": {"CATALOG", "DATABASE", "FUNCTION", "SCHEMA", "TABLE", "VIEW", "VOLUME"},
    "ANALYZE": {"TABLE"},
    "COMMENT": {"ON"},
    "CREATE": {"CATALOG", "DATABASE", "EXTERNAL", "FUNCTION", "SCHEMA", "TABLE", "VIEW", "VOLUME"},
    "DESC": {"CATALOG", "DATABASE", "EXTENDED", "FUNCTION", "SCHEMA", "TABLE", "VOLUME"},
    "DROP": {"CATALOG", "DATABASE", "FUNCTION", "SCHEMA", "VIEW", "VOLUME"},
    "GRANT": None,
    "REPLACE": {"TABLE"},
    "REVOKE": None,
    "SET": {"CATALOG", "TAG"},
    "SHOW": {"ALL", "CATALOGS", "CREATE", "FUNCTIONS", "GRANT", "GRANTS", "SYSTEM", "USER", "VOLUMES"},
    "UNSET": {"TAG"},
    "USE": None,
}
_OURS["DESCRIBE"] = _OURS["DESC"]
_FAR = 400  # characters in which the leading words stand, comments aside


def may_be_ours(text: str) -> bool:
    r"""Say whether the leading words could be those of a statement of ours; a microsecond or two.

    Examples
    --------
    >>> may_be_ours("  -- all of it\nSELECT * FROM t"), may_be_ours("/* now */ create or replace function f() ...")
    (False, True)
    """
    words = _after_comments(text)[:_FAR].upper().split(None, 4)
    if not words or words[0] not in _OURS:
        return False
    second = _OURS[words[0]]
    if second is None:
        return True
    at = 3 if words[1:3] == ["OR", "REPLACE"] else 1
    return len(words) > at and words[at].rstrip(";") in second


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
    from headwater.sql.cursor import Cursor, NotOursError
    from headwater.sql.rules import rule_for

    try:
        cursor = Cursor(text, args)
        rule = rule_for(cursor)
        return rule(cursor) if rule else None
    except NotOursError:
        return None


def _after_comments(text: str) -> str:
    """Return the text from its first word on."""
    text = text.lstrip()
    while text.startswith(("--", "/*")):
        end = "\n" if text.startswith("--") else "*/"
        _, _, text = text.partition(end)
        text = text.lstrip()
    return text
