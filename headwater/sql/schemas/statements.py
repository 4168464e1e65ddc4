"""Statements on schemas."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.sql.cursor import Name
from headwater.sql.statement import Statement

__all__ = ["CreateSchema", "DescribeSchema", "DropSchema", "UseSchema"]


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
class UseSchema(Statement):
    """USE SCHEMA with a catalog."""

    catalog: str
    text: str


@dataclass(frozen=True)
class DescribeSchema(Statement):
    """DESCRIBE SCHEMA; `text` is for Spark."""

    name: Name
    text: str
    extended: bool = False
