"""Functions of the catalog."""

from __future__ import annotations

from headwater.sql.cursor import Cursor
from headwater.sql.functions.statements import (
    CreateFunction,
    CreatePythonFunction,
    DescribeFunction,
    DropFunction,
    Parameter,
    ShowFunctions,
)
from headwater.sql.statement import Statement

__all__ = ["create_function", "describe_function", "drop_function", "show_functions"]

_CLAUSES = frozenset(
    {"RETURNS", "LANGUAGE", "COMMENT", "DETERMINISTIC", "NOT", "CONTAINS", "READS", "SQL", "AS", "RETURN", "HANDLER"}
    | {"ENVIRONMENT", "PARAMETER", "SECURITY", "CALLED"}
)


def create_function(cursor: Cursor) -> Statement:
    """Read ``CREATE [OR REPLACE] FUNCTION [IF NOT EXISTS] f(…) …``; only Python ones are read to the end."""
    replace = "REPLACE" in cursor.opening
    if_not_exists = cursor.take("IF", "NOT", "EXISTS")
    start, name = cursor.here, cursor.name()
    if not _is_python(cursor):
        return CreateFunction(name, (start, cursor.behind), cursor.text, replace)
    cursor.ours = True
    parameters = _parameters(cursor)
    clauses = _clauses(cursor)
    cursor.finish()
    return CreatePythonFunction(
        name=name,
        parameters=parameters,
        returns=clauses["RETURNS"],
        body=clauses["AS"],
        comment=clauses.get("COMMENT", ""),
        replace=replace,
        if_not_exists=if_not_exists,
        deterministic=clauses.get("DETERMINISTIC") != "NOT",
    )


def drop_function(cursor: Cursor) -> DropFunction:
    """Read ``DROP FUNCTION [IF EXISTS] f``; temporary ones are Spark's."""
    if_exists = cursor.take("IF", "EXISTS")
    name = cursor.name()
    cursor.finish()
    return DropFunction(name, cursor.text, if_exists)


def describe_function(cursor: Cursor) -> DescribeFunction:
    """Read ``DESCRIBE FUNCTION [EXTENDED] f``."""
    extended = cursor.take("EXTENDED")
    name = cursor.name()
    cursor.finish()
    return DescribeFunction(name, cursor.text, extended)


def show_functions(cursor: Cursor) -> ShowFunctions:
    """Read ``SHOW [USER | ALL] FUNCTIONS [IN c.s] …``."""
    return ShowFunctions(cursor.text, cursor.name() if cursor.take_any("IN", "FROM") else ())


def _is_python(cursor: Cursor) -> bool:
    words = [token.word for token in cursor.tokens]
    return any(words[i : i + 2] == ["LANGUAGE", "PYTHON"] for i in range(cursor.at, len(words)))


def _parameters(cursor: Cursor) -> tuple[Parameter, ...]:
    cursor.need("(")
    found: list[Parameter] = []
    while cursor.word() != ")":
        name = cursor.identifier()
        kind = _span(cursor, {"DEFAULT", "COMMENT", "NOT", ",", ")"})
        cursor.take("NOT", "NULL")
        default = _span(cursor, {"COMMENT", ",", ")"}) if cursor.take("DEFAULT") else None
        comment = cursor.string() if cursor.take("COMMENT") else ""
        found.append(Parameter(name, kind, default, comment))
        if not cursor.take(","):
            break
    cursor.need(")")
    return tuple(found)


def _clauses(cursor: Cursor) -> dict[str, str]:
    """Read the clauses between the parameters and the end, in any order."""
    found: dict[str, str] = {}
    while "AS" not in found:
        if cursor.take("RETURNS"):
            found["RETURNS"] = _span(cursor, set(_CLAUSES))
        elif cursor.take("COMMENT"):
            found["COMMENT"] = cursor.string()
        elif cursor.take("LANGUAGE", "PYTHON") or cursor.take("CONTAINS", "SQL") or cursor.take("READS", "SQL", "DATA"):
            continue
        elif cursor.take("NOT", "DETERMINISTIC"):
            found["DETERMINISTIC"] = "NOT"
        elif cursor.take("DETERMINISTIC"):
            continue
        elif cursor.take("AS"):
            found["AS"] = cursor.string()
        else:
            raise cursor.wrong("RETURNS, COMMENT, [NOT] DETERMINISTIC or AS $$ … $$")
    if "RETURNS" not in found:
        raise cursor.wrong("RETURNS type before AS")
    return found


def _span(cursor: Cursor, ends: set[str]) -> str:
    """Return the text up to one of the words that stands outside of all brackets."""
    start, depth = cursor.here, 0
    while depth or cursor.word() not in ends:
        if cursor.word() == "(":
            cursor.skip_group()
            continue
        depth += {"<": 1, ">": -1, ">>": -2}.get(cursor.word(), 0)
        cursor.next()
    if cursor.behind <= start:
        raise cursor.wrong("a type or a value")
    return cursor.text[start : cursor.behind]
