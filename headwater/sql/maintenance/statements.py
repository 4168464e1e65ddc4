"""Statements that tidy up."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.sql.cursor import Name
from headwater.sql.statement import Statement

__all__ = ["Vacuum"]


@dataclass(frozen=True)
class Vacuum(Statement):
    """VACUUM: Delta does it, once it is clear that no champion's training set is lost by it.

    Attributes
    ----------
    hours
        For how long files that no newer version has are kept; None: as long as the table says.
    """

    table: Name
    text: str
    hours: float | None = None
    dry_run: bool = False
