"""How statements on volumes are written."""

from __future__ import annotations

from headwater.sql.clauses import comment_and_location, finished, like
from headwater.sql.cursor import Cursor
from headwater.sql.volumes.statements import CreateVolume, DescribeVolume, DropVolume, ShowVolumes

__all__ = ["create_volume", "describe_volume", "drop_volume", "show_volumes"]


def create_volume(cursor: Cursor) -> CreateVolume:
    """Read ``CREATE [EXTERNAL] VOLUME [IF NOT EXISTS] c.s.v [LOCATION '…'] [COMMENT '…']``."""
    if_not_exists = cursor.take("IF", "NOT", "EXISTS")
    name = cursor.name()
    comment, location = comment_and_location(cursor)
    cursor.finish()
    return CreateVolume(name, if_not_exists, comment, location)


def drop_volume(cursor: Cursor) -> DropVolume:
    """Read ``DROP VOLUME [IF EXISTS] c.s.v``."""
    if_exists = cursor.take("IF", "EXISTS")
    name = cursor.name()
    cursor.finish()
    return DropVolume(name, if_exists)


def show_volumes(cursor: Cursor) -> ShowVolumes:
    """Read ``SHOW VOLUMES [IN c.s] [[LIKE] 'pattern']``."""
    schema = cursor.name() if cursor.take_any("IN", "FROM") else ()
    pattern = like(cursor)
    cursor.finish()
    return ShowVolumes(schema, pattern)


def describe_volume(cursor: Cursor) -> DescribeVolume:
    """Read ``DESCRIBE VOLUME [EXTENDED] c.s.v``."""
    cursor.take("EXTENDED")
    return finished(cursor, DescribeVolume(cursor.name()))
