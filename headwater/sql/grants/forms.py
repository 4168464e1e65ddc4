"""Statements on grants: how each begins, and what does it."""

from __future__ import annotations

from headwater.sql.grants import grammar, verbs
from headwater.sql.grants.statements import Grant, Revoke, ShowGrants
from headwater.sql.registry import Form

__all__ = ["FORMS"]

FORMS = (
    Form(("GRANT !",), grammar.grant, {Grant: verbs.grant}, ("GRANT SELECT, MODIFY ON TABLE t TO `a b`",)),
    Form(("REVOKE !",), grammar.revoke, {Revoke: verbs.revoke}, ("REVOKE ALL PRIVILEGES ON SCHEMA s FROM users",)),
    Form(
        ("SHOW GRANT|GRANTS !",),
        grammar.show_grants,
        {ShowGrants: verbs.show_grants},
        ("SHOW GRANTS users ON CATALOG c",),
    ),
)
