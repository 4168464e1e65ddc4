"""Statements on catalogs."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.sql.statement import Statement

__all__ = ["CreateCatalog", "DescribeCatalog", "DropCatalog", "ShowCatalogs", "UseCatalog"]


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
class DescribeCatalog(Statement):
    """DESCRIBE CATALOG."""

    name: str
    extended: bool = False
