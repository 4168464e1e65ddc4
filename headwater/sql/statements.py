"""The statements that Spark does not have, or that we must see go by: as data.

Names have the parts that were written; they are completed when a statement is run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from headwater.sql.cursor import Edit, Name, edited

__all__ = [
    "AddForeignKey",
    "AddPrimaryKey",
    "Analyze",
    "ChangeColumn",
    "ChangeView",
    "Check",
    "CommentOn",
    "CreateCatalog",
    "CreateFunction",
    "CreatePythonFunction",
    "CreateSchema",
    "CreateTable",
    "CreateVolume",
    "DescribeFunction",
    "DescribeSecurable",
    "DescribeTable",
    "DropCatalog",
    "DropConstraint",
    "DropFunction",
    "DropNotNull",
    "DropSchema",
    "DropVolume",
    "ForeignKey",
    "Grant",
    "Parameter",
    "PrimaryKey",
    "RenameTable",
    "Revoke",
    "Securable",
    "SetNotNull",
    "SetOwner",
    "SetTags",
    "ShowCatalogs",
    "ShowCreateTable",
    "ShowFunctions",
    "ShowGrants",
    "ShowVolumes",
    "Statement",
    "UnsetTags",
    "UseCatalog",
]


@dataclass(frozen=True)
class Statement:
    """Any of them."""


@dataclass(frozen=True)
class Securable:
    """A thing that can have an owner, tags, a comment, grants: its kind in capitals, its name, perhaps a column of it."""

    kind: str
    name: Name
    column: str = ""


# Catalogs, schemas, volumes


@dataclass(frozen=True)
class CreateCatalog(Statement):
    """CREATE CATALOG."""

    name: str
    if_not_exists: bool = False
    comment: str = ""
    location: str = ""


@dataclass(frozen=True)
class DropCatalog(Statement):
    """DROP CATALOG."""

    name: str
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True)
class UseCatalog(Statement):
    """USE CATALOG and SET CATALOG."""

    name: str


@dataclass(frozen=True)
class ShowCatalogs(Statement):
    """SHOW CATALOGS."""

    pattern: str = "*"


@dataclass(frozen=True)
class CreateSchema(Statement):
    """CREATE SCHEMA in a catalog; `text` is for Spark."""

    name: Name
    text: str
    comment: str = ""


@dataclass(frozen=True)
class DropSchema(Statement):
    """DROP SCHEMA; `text` is for Spark."""

    name: Name
    cascade: bool
    text: str


@dataclass(frozen=True)
class CreateVolume(Statement):
    """CREATE VOLUME."""

    name: Name
    if_not_exists: bool = False
    comment: str = ""
    location: str = ""


@dataclass(frozen=True)
class DropVolume(Statement):
    """DROP VOLUME."""

    name: Name
    if_exists: bool = False


@dataclass(frozen=True)
class ShowVolumes(Statement):
    """SHOW VOLUMES."""

    schema: Name = ()
    pattern: str = "*"


@dataclass(frozen=True)
class DescribeSecurable(Statement):
    """DESCRIBE CATALOG, SCHEMA or VOLUME."""

    on: Securable
    text: str
    extended: bool = False


# Tables and their constraints


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


# What is said of things


@dataclass(frozen=True)
class SetTags(Statement):
    """SET TAGS, SET TAG ON."""

    on: Securable
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class UnsetTags(Statement):
    """UNSET TAGS, UNSET TAG ON."""

    on: Securable
    tags: tuple[str, ...]


@dataclass(frozen=True)
class SetOwner(Statement):
    """OWNER TO."""

    on: Securable
    owner: str


@dataclass(frozen=True)
class CommentOn(Statement):
    """COMMENT ON; no comment is an empty one."""

    on: Securable
    comment: str
    text: str


@dataclass(frozen=True)
class Grant(Statement):
    """GRANT."""

    privileges: tuple[str, ...]
    on: Securable
    principal: str


@dataclass(frozen=True)
class Revoke(Statement):
    """REVOKE."""

    privileges: tuple[str, ...]
    on: Securable
    principal: str


@dataclass(frozen=True)
class ShowGrants(Statement):
    """SHOW GRANTS."""

    on: Securable
    principal: str = ""


# Functions


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
    """CREATE FUNCTION of another language: Spark does it, we keep it."""

    name: Name
    text: str


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
