"""Tags, owners and comments."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.sql.statement import Securable, Statement

__all__ = ["CommentOn", "SetOwner", "SetTags", "UnsetTags"]


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
