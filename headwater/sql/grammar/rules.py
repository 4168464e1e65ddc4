"""The leading words of each rule."""

from __future__ import annotations

from collections.abc import Callable

from headwater.sql.cursor import Cursor
from headwater.sql.grammar import alter, catalogs, create_table, functions, notes, tables
from headwater.sql.statements import Statement

__all__ = ["rule_for"]

Rule = Callable[[Cursor], Statement | None]

_RULES: dict[tuple[str, ...], Rule] = {
    ("ALTER", "CATALOG"): notes.alter_securable,
    ("ALTER", "DATABASE"): notes.alter_securable,
    ("ALTER", "FUNCTION"): notes.alter_securable,
    ("ALTER", "SCHEMA"): notes.alter_securable,
    ("ALTER", "TABLE"): alter.alter_table,
    ("ALTER", "VIEW"): tables.alter_view,
    ("ALTER", "VOLUME"): notes.alter_securable,
    ("ANALYZE", "TABLE"): tables.analyze,
    ("COMMENT", "ON"): notes.comment_on,
    ("CREATE", "CATALOG"): catalogs.create_catalog,
    ("CREATE", "DATABASE"): catalogs.create_schema,
    ("CREATE", "EXTERNAL", "VOLUME"): catalogs.create_volume,
    ("CREATE", "FUNCTION"): functions.create_function,
    ("CREATE", "OR", "REPLACE", "FUNCTION"): functions.create_function,
    ("CREATE", "OR", "REPLACE", "TABLE"): create_table.create_table,
    ("CREATE", "OR", "REPLACE", "VIEW"): tables.create_view,
    ("CREATE", "SCHEMA"): catalogs.create_schema,
    ("CREATE", "TABLE"): create_table.create_table,
    ("CREATE", "VIEW"): tables.create_view,
    ("CREATE", "VOLUME"): catalogs.create_volume,
    ("DESC", "CATALOG"): catalogs.describe,
    ("DESC", "DATABASE"): catalogs.describe,
    ("DESC", "EXTENDED"): tables.describe_table,
    ("DESC", "FUNCTION"): functions.describe_function,
    ("DESC", "SCHEMA"): catalogs.describe,
    ("DESC", "TABLE", "EXTENDED"): tables.describe_table,
    ("DESC", "VOLUME"): catalogs.describe,
    ("DROP", "CATALOG"): catalogs.drop_catalog,
    ("DROP", "DATABASE"): catalogs.drop_schema,
    ("DROP", "FUNCTION"): functions.drop_function,
    ("DROP", "SCHEMA"): catalogs.drop_schema,
    ("DROP", "VIEW"): tables.drop_view,
    ("DROP", "VOLUME"): catalogs.drop_volume,
    ("GRANT",): notes.grant,
    ("REPLACE", "TABLE"): create_table.create_table,
    ("REVOKE",): notes.revoke,
    ("SET", "CATALOG"): catalogs.use_catalog,
    ("SET", "TAG", "ON"): notes.set_tag,
    ("SHOW", "ALL", "FUNCTIONS"): functions.show_functions,
    ("SHOW", "CATALOGS"): catalogs.show_catalogs,
    ("SHOW", "CREATE", "TABLE"): tables.show_create_table,
    ("SHOW", "FUNCTIONS"): functions.show_functions,
    ("SHOW", "GRANT"): notes.show_grants,
    ("SHOW", "GRANTS"): notes.show_grants,
    ("SHOW", "USER", "FUNCTIONS"): functions.show_functions,
    ("SHOW", "VOLUMES"): catalogs.show_volumes,
    ("UNSET", "TAG", "ON"): notes.unset_tag,
    ("USE",): catalogs.use_schema,
    ("USE", "CATALOG"): catalogs.use_catalog,
}
_LONGEST = max(map(len, _RULES))


def rule_for(cursor: Cursor) -> Rule | None:
    """Return the rule for the statement's leading words, which are stepped over, or None."""
    words = tuple(cursor.word(i).replace("DESCRIBE", "DESC") for i in range(_LONGEST))
    for length in range(_LONGEST, 0, -1):
        rule = _RULES.get(words[:length])
        if rule:
            cursor.at = length
            return rule
    return None
