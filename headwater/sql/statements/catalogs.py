"""Statements on catalogs, schemas and volumes."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.sql.cursor import Name
from headwater.sql.statements.statement import Securable, Statement

__all__ = [
    "CreateCatalog",
    "CreateSchema",
    "CreateVolume",
    "DescribeSecurable",
    "DropCatalog",
    "DropSchema",
    "DropVolume",
    "ShowCatalogs",
    "ShowVolumes",
    "UseCatalog",
    "UseSchema",
]


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
class UseSchema(Statement):
    """USE SCHEMA with a catalog."""

    catalog: str
    text: str


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
