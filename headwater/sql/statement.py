"""What statements are about."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.sql.cursor import Name

__all__ = ["Securable", "Statement"]


@dataclass(frozen=True)
class Statement:
    """Any of them."""


@dataclass(frozen=True)
class Securable:
    """A thing that can have an owner, tags, a comment, grants: its kind in capitals, its name, perhaps a column of it."""

    kind: str
    name: Name
    column: str = ""
