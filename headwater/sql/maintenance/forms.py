"""Statements that tidy up: how each begins, and what does it."""

from __future__ import annotations

from headwater.sql.maintenance import grammar, verbs
from headwater.sql.maintenance.statements import Vacuum
from headwater.sql.registry import Form

__all__ = ["FORMS"]

FORMS = (
    Form(
        ("VACUUM",),
        grammar.vacuum,
        {Vacuum: verbs.vacuum},
        ("VACUUM t", "VACUUM c.s.t RETAIN 240 HOURS", "VACUUM t FULL DRY RUN"),
    ),
)
