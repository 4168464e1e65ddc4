"""Statements on functions."""

from __future__ import annotations

from dataclasses import dataclass, field

from headwater.sql.cursor import Name
from headwater.sql.statement import Statement

__all__ = ["CreateFunction", "CreatePythonFunction", "DescribeFunction", "DropFunction", "Parameter", "ShowFunctions"]


@dataclass(frozen=True)
class Parameter:
    """A function's parameter: default and comment as written, or None and nothing."""

    name: str
    type: str
    default: str | None = None
    comment: str = ""


@dataclass(frozen=True)
class CreatePythonFunction(Statement):
    """CREATE FUNCTION … LANGUAGE PYTHON."""

    name: Name
    parameters: tuple[Parameter, ...]
    returns: str
    body: str
    comment: str = ""
    replace: bool = False
    if_not_exists: bool = False
    deterministic: bool = True


@dataclass(frozen=True)
class CreateFunction(Statement):
    """CREATE FUNCTION of another language: Spark does it, we keep it; `name_at` is where its name begins and ends."""

    name: Name
    name_at: tuple[int, int]
    text: str
    replace: bool = False


@dataclass(frozen=True)
class DropFunction(Statement):
    """DROP FUNCTION."""

    name: Name
    text: str
    if_exists: bool = False


@dataclass(frozen=True)
class DescribeFunction(Statement):
    """DESCRIBE FUNCTION."""

    name: Name
    text: str
    extended: bool = False


@dataclass(frozen=True)
class ShowFunctions(Statement):
    """SHOW FUNCTIONS."""

    text: str
    schema: Name = field(default=())
