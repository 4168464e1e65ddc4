"""Runs the statements of a SQL cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headwater.notebook.kernel.statements import (
    CreateWidget,
    RemoveWidget,
    fill_in,
    markers,
    split_statements,
    widget_statement,
)
from headwater.notebook.workspace.widgets import Widgets

__all__ = ["SqlStatementError", "run_statements"]


class SqlStatementError(Exception):
    """Marks the line of its cell, from 0, on which the statement that failed begins; the cause is the failure itself."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def run_statements(spark: Any, text: str, widgets: Widgets, show: Callable[[Any], None]) -> Any:
    """Run the statements one by one, show each result, and return the last statement's frame, or None.

    ``:name`` of a widget is a parameter of Spark's; ``${name}`` and ``getArgument("name")`` are filled in as text.

    Raises
    ------
    SqlStatementError
        From the failure of a statement.
    """
    last = None
    for statement in split_statements(text):
        try:
            last = _run(spark, statement.text, widgets)
            if last is not None:
                show(last)
        except Exception as error:
            raise SqlStatementError(statement.line) from error
    return last


def _run(spark: Any, text: str, widgets: Widgets) -> Any:
    match widget_statement(text):
        case CreateWidget() as made:
            widgets.text(made.name, made.default)
            return None
        case RemoveWidget() as gone:
            widgets.remove(gone.name)
            return None
    values = widgets.getAll()
    filled = fill_in(text, values)
    arguments = {name: values[name] for name in markers(filled) if name in values}
    return spark.sql(filled, arguments) if arguments else spark.sql(filled)
