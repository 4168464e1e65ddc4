"""Statements on volumes."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.sql.cursor import Name
from headwater.sql.statement import Statement

__all__ = ["CreateVolume", "DescribeVolume", "DropVolume", "ShowVolumes"]


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
class DescribeVolume(Statement):
    """DESCRIBE VOLUME."""

    name: Name
