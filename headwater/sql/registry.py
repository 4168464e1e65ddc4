"""The protocol by which the folder of a subject declares its statements, and the list of the subjects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from headwater.sql.call import Call
from headwater.sql.cursor import Cursor
from headwater.sql.statement import Statement

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["SUBJECTS", "Form", "execute", "forms"]

# The folders of headwater.sql that have FORMS.
SUBJECTS = (
    "alter_table", "catalogs", "functions", "grants", "maintenance", "notes", "schemas", "tables", "views", "volumes",
)  # fmt: skip


@dataclass(frozen=True)
class Form:
    """One way to write a statement.

    Attributes
    ----------
    openings
        Its leading words: ``|`` between alternatives, ``…`` for a name, ``!`` where it is clear that Spark has no such statement.
    grammar
        Reads the rest; returns None, or raises NotOursError, if Spark is to have the statement.
    verbs
        The statements that the grammar returns, each with the function that does it.
    examples
        Texts of the form; together they give each of the statements.
    """

    openings: tuple[str, ...]
    grammar: Callable[[Cursor], Statement | None]
    verbs: Mapping[type[Statement], Callable[[Any, Call], DataFrame]]
    examples: tuple[str, ...]


@cache
def forms() -> tuple[Form, ...]:
    """Return the forms of all subjects."""
    return tuple(form for subject in SUBJECTS for form in import_module(f"headwater.sql.{subject}").FORMS)


def execute(statement: Statement, call: Call) -> DataFrame:
    """Do what a statement says; return its rows, or none for a change. TypeError if no form has such a statement."""
    for form in forms():
        if type(statement) in form.verbs:
            return form.verbs[type(statement)](statement, call)
    raise TypeError(f"No form in headwater.sql has a verb for {type(statement).__name__}.")
