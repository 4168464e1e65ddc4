"""How statements on views are written."""

from __future__ import annotations

from headwater.sql.cursor import Cursor
from headwater.sql.views.statements import ChangeView

__all__ = ["alter_view", "create_view", "drop_view"]


def create_view(cursor: Cursor) -> ChangeView:
    """Read ``CREATE [OR REPLACE] VIEW [IF NOT EXISTS] v …``; temporary views are Spark's."""
    cursor.take("IF", "NOT", "EXISTS")
    return ChangeView(cursor.name(), cursor.text, creates=True)


def alter_view(cursor: Cursor) -> ChangeView:
    """Read ``ALTER VIEW v …``."""
    return ChangeView(cursor.name(), cursor.text, cursor.name() if cursor.take("RENAME", "TO") else ())


def drop_view(cursor: Cursor) -> ChangeView:
    """Read ``DROP VIEW [IF EXISTS] v``."""
    cursor.take("IF", "EXISTS")
    return ChangeView(cursor.name(), cursor.text)
