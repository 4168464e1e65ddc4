"""Statements on tables."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.sql.constraints import Check, ForeignKey, PrimaryKey
from headwater.sql.cursor import Edit, Name, edited
from headwater.sql.statement import Statement

__all__ = ["Analyze", "CreateTable", "DescribeTable", "ShowCreateTable"]


@dataclass(frozen=True)
class CreateTable(Statement):
    """CREATE TABLE with what Spark or Delta cannot do: `text` with `edits` is what they can.

    Attributes
    ----------
    columns
        Names of the columns that are declared; none for CREATE TABLE … AS SELECT.
    properties_at
        Where table properties can be put in.
    properties_open
        Whether that place is inside a TBLPROPERTIES clause.
    defaults
        Columns with a DEFAULT although the table property for it is not set.
    automatic
        Whether CLUSTER BY AUTO was cut out.
    """

    name: Name
    text: str
    edits: tuple[Edit, ...]
    properties_at: int
    properties_open: bool
    columns: tuple[str, ...]
    primary_key: PrimaryKey | None = None
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    defaults: tuple[str, ...] = ()
    replace: bool = False
    if_not_exists: bool = False
    automatic: bool = False

    def with_properties(self, properties: str) -> str:
        """Return what Spark is given, with further table properties (``'k' = 'v', …``)."""
        at, edits = self.properties_at, list(self.edits)
        if properties:
            more = f"{properties}, " if self.properties_open else f" TBLPROPERTIES ({properties}) "
            edits.append(Edit(at, at, more))
        return edited(self.text, edits)


@dataclass(frozen=True)
class DescribeTable(Statement):
    """DESCRIBE TABLE EXTENDED."""

    table: Name
    text: str


@dataclass(frozen=True)
class ShowCreateTable(Statement):
    """SHOW CREATE TABLE."""

    table: Name
    text: str


@dataclass(frozen=True)
class ShowTables(Statement):
    """SHOW TABLES without a pattern; `text` is for Spark."""

    text: str


@dataclass(frozen=True)
class Analyze(Statement):
    """ANALYZE TABLE … COMPUTE STATISTICS."""

    table: Name
    columns: tuple[str, ...] = ()
