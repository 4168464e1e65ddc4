"""Statements on functions: how each begins, and what does it."""

from __future__ import annotations

from headwater.sql.functions import grammar, verbs
from headwater.sql.functions.statements import (
    CreateFunction,
    CreatePythonFunction,
    DescribeFunction,
    DropFunction,
    ShowFunctions,
)
from headwater.sql.registry import Form

__all__ = ["FORMS"]

FORMS = (
    Form(
        ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
        grammar.create_function,
        {CreateFunction: verbs.create_function, CreatePythonFunction: verbs.create_python_function},
        (
            "CREATE FUNCTION f(a INT) RETURNS INT RETURN a + 1",
            "CREATE OR REPLACE FUNCTION f(a INT) RETURNS INT LANGUAGE PYTHON AS $$ return a $$",
        ),
    ),
    Form(
        ("DROP FUNCTION",), grammar.drop_function, {DropFunction: verbs.drop_function}, ("DROP FUNCTION IF EXISTS f",)
    ),
    Form(
        ("DESC|DESCRIBE FUNCTION",),
        grammar.describe_function,
        {DescribeFunction: verbs.describe_function},
        ("DESCRIBE FUNCTION EXTENDED f",),
    ),
    Form(
        ("SHOW FUNCTIONS", "SHOW ALL|USER FUNCTIONS"),
        grammar.show_functions,
        {ShowFunctions: verbs.show_functions},
        ("SHOW USER FUNCTIONS IN c.s",),
    ),
)
