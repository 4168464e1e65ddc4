"""Constraints on tables, as they stand in CREATE TABLE and ALTER TABLE."""

from __future__ import annotations

from headwater.sql.constraints import Check, ForeignKey, PrimaryKey
from headwater.sql.cursor import Cursor

__all__ = ["check", "constraint", "foreign_key", "options", "primary_key", "starts_constraint"]

_OPTIONS = (
    ("NOT", "ENFORCED"),
    ("ENFORCED",),
    ("NOT", "DEFERRABLE"),
    ("DEFERRABLE",),
    ("INITIALLY", "DEFERRED"),
    ("NORELY",),
    ("RELY",),
    ("MATCH", "FULL"),
    ("ON", "UPDATE", "NO", "ACTION"),
    ("ON", "DELETE", "NO", "ACTION"),
)


def starts_constraint(cursor: Cursor) -> bool:
    """Say whether a table constraint comes next, not a column of such a name."""
    word, after = cursor.word(), cursor.word(1)
    return (
        word == "CONSTRAINT"
        or (word in {"PRIMARY", "FOREIGN"} and after == "KEY")
        or (word == "CHECK" and after == "(")
    )


def constraint(cursor: Cursor) -> PrimaryKey | ForeignKey | Check:
    """Read ``[CONSTRAINT name] PRIMARY KEY (…) | FOREIGN KEY (…) REFERENCES … | CHECK (…)`` with its options."""
    name = ""
    if cursor.take("CONSTRAINT") and not (cursor.word() in {"PRIMARY", "FOREIGN"} and cursor.word(1) == "KEY"):
        name = cursor.identifier()
    if cursor.take("PRIMARY", "KEY"):
        return primary_key(cursor, name)
    if cursor.take("FOREIGN", "KEY"):
        return foreign_key(cursor, cursor.names(), name)
    cursor.need("CHECK")
    return check(cursor, name)


def primary_key(cursor: Cursor, name: str) -> PrimaryKey:
    """Read ``(column [TIMESERIES], …)`` with its options."""
    columns, time = _key_columns(cursor)
    options(cursor)
    return PrimaryKey(columns, time, name)


def foreign_key(cursor: Cursor, columns: tuple[str, ...], name: str) -> ForeignKey:
    """Read ``REFERENCES table [(column, …)]`` with its options."""
    cursor.need("REFERENCES")
    parent = cursor.name()
    parents = cursor.names() if cursor.word() == "(" else ()
    options(cursor)
    return ForeignKey(columns, parent, parents, name)


def check(cursor: Cursor, name: str) -> Check:
    """Read ``(condition)`` with its options."""
    start, end = cursor.skip_group()
    options(cursor)
    return Check(cursor.text[start + 1 : end - 1].strip(), name)


def options(cursor: Cursor) -> None:
    """Step over ``NOT ENFORCED RELY …``: what Databricks takes as a hint for its optimiser."""
    while any(cursor.take(*words) for words in _OPTIONS):
        pass


def _key_columns(cursor: Cursor) -> tuple[tuple[str, ...], str]:
    cursor.need("(")
    columns, time = [], ""
    while True:
        columns.append(cursor.identifier())
        if cursor.take("TIMESERIES"):
            if time:
                raise cursor.wrong("one TIMESERIES column")
            time = columns[-1]
        if not cursor.take(","):
            break
    cursor.need(")")
    return tuple(columns), time
