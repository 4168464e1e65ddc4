"""Statements on grants."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.sql.statement import Securable, Statement

__all__ = ["Grant", "Revoke", "ShowGrants"]


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
