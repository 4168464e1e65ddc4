"""How tags, owners and comments are written."""

from __future__ import annotations

from headwater.sql.clauses import KINDS, finished, name_or_text, securable
from headwater.sql.cursor import Cursor, NotOursError
from headwater.sql.notes.statements import CommentOn, SetOwner, SetTags, UnsetTags
from headwater.sql.statement import Securable, Statement

__all__ = ["alter_note", "alter_securable", "comment_on", "set_tag", "unset_tag"]


def alter_securable(cursor: Cursor) -> Statement | None:
    """Read ``ALTER CATALOG | SCHEMA | VOLUME | FUNCTION name …``."""
    kind = KINDS[cursor.tokens[cursor.at - 1].word]
    cursor.ours = kind != "SCHEMA"
    return alter_note(cursor, Securable(kind, cursor.name()))


def alter_note(cursor: Cursor, on: Securable) -> Statement | None:
    """Read ``SET TAGS (…) | UNSET TAGS (…) | [SET] OWNER TO p`` after an ALTER; None for anything else."""
    if cursor.take("SET", "TAGS"):
        cursor.ours = True
        return finished(cursor, SetTags(on, _tags(cursor)))
    if cursor.take("UNSET", "TAGS"):
        cursor.ours = True
        return finished(cursor, UnsetTags(on, tuple(key for key, _ in _tags(cursor))))
    if cursor.take("SET", "OWNER", "TO") or cursor.take("OWNER", "TO"):
        cursor.ours = True
        return finished(cursor, SetOwner(on, name_or_text(cursor)))
    if cursor.ours:
        raise cursor.wrong("SET TAGS, UNSET TAGS or OWNER TO")
    return None


def set_tag(cursor: Cursor) -> SetTags:
    """Read ``SET TAG ON kind name key [= value]``."""
    cursor.ours = True
    on = securable(cursor)
    key = name_or_text(cursor)
    value = name_or_text(cursor) if cursor.take("=") else ""
    return finished(cursor, SetTags(on, ((key, value),)))


def unset_tag(cursor: Cursor) -> UnsetTags:
    """Read ``UNSET TAG ON kind name key``."""
    cursor.ours = True
    on = securable(cursor)
    return finished(cursor, UnsetTags(on, (name_or_text(cursor),)))


def comment_on(cursor: Cursor) -> CommentOn:
    """Read ``COMMENT ON kind name IS '…' | NULL``."""
    on = securable(cursor)
    cursor.need("IS")
    if on.kind == "TABLE" or cursor.word() in {":", "?"}:
        raise NotOursError
    comment = "" if cursor.take("NULL") else cursor.string()
    return finished(cursor, CommentOn(on, comment, cursor.text))


def _tags(cursor: Cursor) -> tuple[tuple[str, str], ...]:
    cursor.need("(")
    found = []
    while True:
        key = name_or_text(cursor)
        found.append((key, name_or_text(cursor) if cursor.take("=") else ""))
        if not cursor.take(","):
            break
    cursor.need(")")
    return tuple(found)
