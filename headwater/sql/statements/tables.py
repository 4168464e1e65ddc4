"""Statements on tables, their constraints, and views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headwater.sql.cursor import Edit, Name, edited
from headwater.sql.statements.statement import Statement

__all__ = [
    "AddForeignKey",
    "AddPrimaryKey",
    "Analyze",
    "ChangeColumn",
    "ChangeView",
    "Check",
    "CreateTable",
    "DescribeTable",
    "DropConstraint",
    "DropNotNull",
    "ForeignKey",
    "PrimaryKey",
    "RenameTable",
    "SetNotNull",
    "ShowCreateTable",
]


@dataclass(frozen=True)
class PrimaryKey:
    """A primary key: columns as written, the time series one, the constraint's name or nothing."""

    columns: tuple[str, ...]
    time: str = ""
    name: str = ""


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key; `parent_columns` may be empty."""

    columns: tuple[str, ...]
    parent: Name
    parent_columns: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Check:
    """A condition on rows, as written."""

    condition: str
    name: str = ""


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
class AddPrimaryKey(Statement):
    """ALTER TABLE … ADD CONSTRAINT … PRIMARY KEY."""

    table: Name
    key: PrimaryKey


@dataclass(frozen=True)
class AddForeignKey(Statement):
    """ALTER TABLE … ADD CONSTRAINT … FOREIGN KEY."""

    table: Name
    key: ForeignKey


@dataclass(frozen=True)
class DropConstraint(Statement):
    """ALTER TABLE … DROP CONSTRAINT, DROP PRIMARY KEY, DROP FOREIGN KEY."""

    table: Name
    kind: Literal["CONSTRAINT", "PRIMARY KEY", "FOREIGN KEY"]
    name: str = ""
    columns: tuple[str, ...] = ()
    if_exists: bool = False
    text: str = ""


@dataclass(frozen=True)
class SetNotNull(Statement):
    """ALTER TABLE … ALTER COLUMN … SET NOT NULL."""

    table: Name
    column: Name


@dataclass(frozen=True)
class DropNotNull(Statement):
    """ALTER TABLE … ALTER COLUMN … DROP NOT NULL."""

    table: Name
    column: Name
    text: str


@dataclass(frozen=True)
class ChangeColumn(Statement):
    """ALTER TABLE … DROP COLUMN, RENAME COLUMN: not for key columns."""

    table: Name
    columns: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class RenameTable(Statement):
    """ALTER TABLE … RENAME TO; `text` up to the new name."""

    table: Name
    to: Name
    text: str


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
class Analyze(Statement):
    """ANALYZE TABLE … COMPUTE STATISTICS."""

    table: Name
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChangeView(Statement):
    """CREATE, ALTER or DROP VIEW: Spark does it, we keep what has become of it."""

    name: Name
    text: str
    replaces: Name = ()
    creates: bool = False
