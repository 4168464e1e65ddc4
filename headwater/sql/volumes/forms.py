"""Statements on volumes: how each begins, and what does it."""

from __future__ import annotations

from headwater.sql.registry import Form
from headwater.sql.volumes import grammar, verbs
from headwater.sql.volumes.statements import CreateVolume, DescribeVolume, DropVolume, ShowVolumes

__all__ = ["FORMS"]

FORMS = (
    Form(
        ("CREATE VOLUME !", "CREATE EXTERNAL VOLUME !"),
        grammar.create_volume,
        {CreateVolume: verbs.create_volume},
        ("CREATE VOLUME c.s.v", "CREATE EXTERNAL VOLUME v LOCATION '/x'"),
    ),
    Form(("DROP VOLUME !",), grammar.drop_volume, {DropVolume: verbs.drop_volume}, ("DROP VOLUME IF EXISTS c.s.v",)),
    Form(
        ("SHOW VOLUMES !",), grammar.show_volumes, {ShowVolumes: verbs.show_volumes}, ("SHOW VOLUMES IN c.s LIKE 'x*'",)
    ),
    Form(
        ("DESC|DESCRIBE VOLUME !",),
        grammar.describe_volume,
        {DescribeVolume: verbs.describe_volume},
        ("DESCRIBE VOLUME c.s.v",),
    ),
)
