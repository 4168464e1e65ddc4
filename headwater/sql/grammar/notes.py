"""What is said of things: tags, owners, comments, grants."""

from __future__ import annotations

from typing import TypeVar

from headwater.sql.cursor import Cursor, NotOursError
from headwater.sql.statements import (
    CommentOn,
    Grant,
    Revoke,
    Securable,
    SetOwner,
    SetTags,
    ShowGrants,
    Statement,
    UnsetTags,
)

__all__ = ["alter_note", "alter_securable", "comment_on", "grant", "revoke", "set_tag", "show_grants", "unset_tag"]

S = TypeVar("S", bound=Statement)
_KINDS = {
    "CATALOG": "CATALOG",
    "COLUMN": "COLUMN",
    "DATABASE": "SCHEMA",
    "FUNCTION": "FUNCTION",
    "METASTORE": "METASTORE",
    "SCHEMA": "SCHEMA",
    "TABLE": "TABLE",
    "VIEW": "VIEW",
    "VOLUME": "VOLUME",
}


def alter_securable(cursor: Cursor) -> Statement | None:
    """Read ``ALTER CATALOG | SCHEMA | VOLUME | FUNCTION name …``."""
    kind = _KINDS[cursor.tokens[cursor.at - 1].word]
    cursor.ours = kind != "SCHEMA"
    return alter_note(cursor, Securable(kind, cursor.name()))


def alter_note(cursor: Cursor, on: Securable) -> Statement | None:
    """Read ``SET TAGS (…) | UNSET TAGS (…) | [SET] OWNER TO p`` after an ALTER; None for anything else."""
    if cursor.take("SET", "TAGS"):
        cursor.ours = True
        return _finished(cursor, SetTags(on, _tags(cursor)))
    if cursor.take("UNSET", "TAGS"):
        cursor.ours = True
        return _finished(cursor, UnsetTags(on, tuple(key for key, _ in _tags(cursor))))
    if cursor.take("SET", "OWNER", "TO") or cursor.take("OWNER", "TO"):
        cursor.ours = True
        return _finished(cursor, SetOwner(on, _principal(cursor)))
    if cursor.ours:
        raise cursor.wrong("SET TAGS, UNSET TAGS or OWNER TO")
    return None


def set_tag(cursor: Cursor) -> SetTags:
    """Read ``SET TAG ON kind name key [= value]``."""
    cursor.ours = True
    on = _securable(cursor)
    key = _text(cursor)
    value = _text(cursor) if cursor.take("=") else ""
    return _finished(cursor, SetTags(on, ((key, value),)))


def unset_tag(cursor: Cursor) -> UnsetTags:
    """Read ``UNSET TAG ON kind name key``."""
    cursor.ours = True
    on = _securable(cursor)
    return _finished(cursor, UnsetTags(on, (_text(cursor),)))


def comment_on(cursor: Cursor) -> CommentOn:
    """Read ``COMMENT ON kind name IS '…' | NULL``."""
    on = _securable(cursor)
    cursor.need("IS")
    if on.kind == "TABLE" or cursor.word() in {":", "?"}:
        raise NotOursError
    comment = "" if cursor.take("NULL") else cursor.string()
    return _finished(cursor, CommentOn(on, comment, cursor.text))


def grant(cursor: Cursor) -> Grant:
    """Read ``GRANT privilege, … ON [kind] name TO principal``."""
    cursor.ours = True
    privileges, on = _privileges(cursor), _granted_on(cursor)
    cursor.need("TO")
    return _finished(cursor, Grant(privileges, on, _principal(cursor)))


def revoke(cursor: Cursor) -> Revoke:
    """Read ``REVOKE privilege, … ON [kind] name FROM principal``."""
    cursor.ours = True
    privileges, on = _privileges(cursor), _granted_on(cursor)
    cursor.need("FROM")
    return _finished(cursor, Revoke(privileges, on, _principal(cursor)))


def show_grants(cursor: Cursor) -> ShowGrants:
    """Read ``SHOW GRANTS [principal] ON [kind] name``."""
    cursor.ours = True
    principal = "" if cursor.word() == "ON" else _principal(cursor)
    return _finished(cursor, ShowGrants(_granted_on(cursor), principal))


def _privileges(cursor: Cursor) -> tuple[str, ...]:
    found = []
    while True:
        words = []
        while cursor.word() not in {",", "ON", ""}:
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
    if cursor.word() in _KINDS and after is not None and after.word not in {".", "TO", "FROM", ";"}:
        return _securable(cursor)
    return Securable("TABLE", cursor.name())


def _securable(cursor: Cursor) -> Securable:
    if cursor.word() not in _KINDS:
        raise cursor.wrong(f"one of {', '.join(_KINDS)}")
    kind = _KINDS[cursor.next().word]
    name = cursor.name()
    if kind != "COLUMN":
        return Securable(kind, name)
    if len(name) < 2:
        raise cursor.wrong("table.column")
    return Securable(kind, name[:-1], name[-1])


def _tags(cursor: Cursor) -> tuple[tuple[str, str], ...]:
    cursor.need("(")
    found = []
    while True:
        key = _text(cursor)
        found.append((key, _text(cursor) if cursor.take("=") else ""))
        if not cursor.take(","):
            break
    cursor.need(")")
    return tuple(found)


def _text(cursor: Cursor) -> str:
    token = cursor.peek()
    return cursor.string() if token and token.kind in {"STRING", "RAW_STRING"} else cursor.identifier()


def _principal(cursor: Cursor) -> str:
    return _text(cursor)


def _finished(cursor: Cursor, statement: S) -> S:
    cursor.finish()
    return statement
