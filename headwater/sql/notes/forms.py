"""Statements on tags, owners and comments: how each begins, and what does it."""

from __future__ import annotations

from headwater.sql.notes import grammar, verbs
from headwater.sql.notes.statements import CommentOn, SetOwner, SetTags, UnsetTags
from headwater.sql.registry import Form

__all__ = ["FORMS"]

_ALTERED = (
    "ALTER CATALOG|FUNCTION|VOLUME ! … {}",
    "ALTER DATABASE|SCHEMA|TABLE|VIEW … {} !",
    "ALTER TABLE … ALTER|CHANGE … {} !",
    "ALTER TABLE … ALTER|CHANGE COLUMN … {} !",
)


def _altered(*words: str) -> tuple[str, ...]:
    return tuple(pattern.format(each) for pattern in _ALTERED for each in words)


FORMS = (
    Form(
        _altered("SET TAGS"),
        grammar.alter_set_tags,
        {SetTags: verbs.set_tags},
        (
            "ALTER TABLE t SET TAGS ('k' = 'v')",
            "ALTER TABLE t ALTER COLUMN c SET TAGS (k)",
            "ALTER CATALOG c SET TAGS (k)",
        ),
    ),
    Form(
        _altered("UNSET TAGS"),
        grammar.alter_unset_tags,
        {UnsetTags: verbs.unset_tags},
        ("ALTER VIEW v UNSET TAGS ('k')",),
    ),
    Form(
        _altered("OWNER TO", "SET OWNER TO"),
        grammar.alter_owner,
        {SetOwner: verbs.set_owner},
        ("ALTER VOLUME v OWNER TO me", "ALTER SCHEMA s SET OWNER TO `a b`"),
    ),
    Form(("SET TAG ON !",), grammar.set_tag, {SetTags: verbs.set_tags}, ("SET TAG ON COLUMN t.c k = v",)),
    Form(("UNSET TAG ON !",), grammar.unset_tag, {UnsetTags: verbs.unset_tags}, ("UNSET TAG ON TABLE t k",)),
    Form(("COMMENT ON",), grammar.comment_on, {CommentOn: verbs.comment_on}, ("COMMENT ON COLUMN t.c IS 'x'",)),
)
