"""Statements on views: how each begins, and what does it."""

from __future__ import annotations

from headwater.sql.registry import Form
from headwater.sql.views import grammar, verbs
from headwater.sql.views.statements import ChangeView

__all__ = ["FORMS"]

FORMS = (
    Form(
        ("CREATE VIEW", "CREATE OR REPLACE VIEW"),
        grammar.create_view,
        {ChangeView: verbs.change_view},
        ("CREATE VIEW v AS SELECT 1",),
    ),
    Form(("ALTER VIEW",), grammar.alter_view, {ChangeView: verbs.change_view}, ("ALTER VIEW v RENAME TO w",)),
    Form(("DROP VIEW",), grammar.drop_view, {ChangeView: verbs.change_view}, ("DROP VIEW IF EXISTS v",)),
)
