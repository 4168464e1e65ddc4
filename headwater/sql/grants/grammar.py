"""How grants are written."""

from __future__ import annotations

from headwater.sql.clauses import KINDS, finished, name_or_text, securable
from headwater.sql.cursor import Cursor
from headwater.sql.grants.statements import Grant, Revoke, ShowGrants
from headwater.sql.statement import Securable

__all__ = ["grant", "revoke", "show_grants"]


def grant(cursor: Cursor) -> Grant:
    """Read ``GRANT privilege, … ON [kind] name TO principal``."""
    privileges, on = _privileges(cursor), _granted_on(cursor)
    cursor.need("TO")
    return finished(cursor, Grant(privileges, on, name_or_text(cursor)))


def revoke(cursor: Cursor) -> Revoke:
    """Read ``REVOKE privilege, … ON [kind] name FROM principal``."""
    privileges, on = _privileges(cursor), _granted_on(cursor)
    cursor.need("FROM")
    return finished(cursor, Revoke(privileges, on, name_or_text(cursor)))


def show_grants(cursor: Cursor) -> ShowGrants:
    """Read ``SHOW GRANTS [principal] ON [kind] name``."""
    principal = "" if cursor.word() == "ON" else name_or_text(cursor)
    return finished(cursor, ShowGrants(_granted_on(cursor), principal))


def _privileges(cursor: Cursor) -> tuple[str, ...]:
    found = []
    while True:
        words = []
        while cursor.word().isalpha() and cursor.word() != "ON":
            words.append(cursor.next().word)
        if not words:
            raise cursor.wrong("a privilege such as SELECT")
        found.append(" ".join(words))
        if not cursor.take(","):
            return tuple(found)


def _granted_on(cursor: Cursor) -> Securable:
    cursor.need("ON")
    if cursor.take("METASTORE"):
        return Securable("METASTORE", ())
    after = cursor.peek(1)
    if cursor.word() in KINDS and after is not None and after.word not in {".", "TO", "FROM", ";"}:
        return securable(cursor)
    return Securable("TABLE", cursor.name())
