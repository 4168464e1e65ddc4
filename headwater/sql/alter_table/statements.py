"""Forms of ALTER TABLE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headwater.sql.constraints import ForeignKey, PrimaryKey
from headwater.sql.cursor import Name
from headwater.sql.statement import Statement

__all__ = [
    "AddForeignKey",
    "AddPrimaryKey",
    "ChangeColumn",
    "DropConstraint",
    "DropNotNull",
    "RenameTable",
    "SetNotNull",
]


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
