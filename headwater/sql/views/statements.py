"""Statements on views."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.sql.cursor import Name
from headwater.sql.statement import Statement

__all__ = ["ChangeView"]


@dataclass(frozen=True)
class ChangeView(Statement):
    """CREATE, ALTER or DROP VIEW: Spark does it, we keep what has become of it."""

    name: Name
    text: str
    replaces: Name = ()
    creates: bool = False
