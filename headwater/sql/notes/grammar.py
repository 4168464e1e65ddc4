"""How tags, owners and comments are written."""

from __future__ import annotations

from headwater.sql.clauses import KINDS, finished, name_or_text, securable
from headwater.sql.cursor import Cursor, NotOursError
from headwater.sql.notes.statements import CommentOn, SetOwner, SetTags, UnsetTags
from headwater.sql.statement import Securable

__all__ = ["alter_owner", "alter_set_tags", "alter_unset_tags", "comment_on", "set_tag", "unset_tag"]


def alter_set_tags(cursor: Cursor) -> SetTags:
    """Read ``(key [= value], …)`` after ``ALTER … SET TAGS``."""
    return finished(cursor, SetTags(_altered(cursor), _tags(cursor)))


def alter_unset_tags(cursor: Cursor) -> UnsetTags:
    """Read ``(key, …)`` after ``ALTER … UNSET TAGS``."""
    return finished(cursor, UnsetTags(_altered(cursor), tuple(key for key, _ in _tags(cursor))))


def alter_owner(cursor: Cursor) -> SetOwner:
    """Read the principal after ``ALTER … [SET] OWNER TO``."""
    return finished(cursor, SetOwner(_altered(cursor), name_or_text(cursor)))


def set_tag(cursor: Cursor) -> SetTags:
    """Read ``kind name key [= value]`` after ``SET TAG ON``."""
    on = securable(cursor)
    key = name_or_text(cursor)
    value = name_or_text(cursor) if cursor.take("=") else ""
    return finished(cursor, SetTags(on, ((key, value),)))


def unset_tag(cursor: Cursor) -> UnsetTags:
    """Read ``kind name key`` after ``UNSET TAG ON``."""
    on = securable(cursor)
    return finished(cursor, UnsetTags(on, (name_or_text(cursor),)))


def comment_on(cursor: Cursor) -> CommentOn:
    """Read ``kind name IS '…' | NULL`` after ``COMMENT ON``."""
    on = securable(cursor)
    cursor.need("IS")
    if on.kind == "TABLE" or cursor.word() in {":", "?"}:
        raise NotOursError
    comment = "" if cursor.take("NULL") else cursor.string()
    return finished(cursor, CommentOn(on, comment, cursor.text))


def _altered(cursor: Cursor) -> Securable:
    """Return what the statement's opening names: a thing, or a column of a table."""
    name, *column = cursor.named
    return Securable("COLUMN", name, ".".join(column[0])) if column else Securable(KINDS[cursor.opening[1]], name)


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
