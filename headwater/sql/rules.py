"""The leading words of each rule."""

from __future__ import annotations

from collections.abc import Callable

from headwater.sql.alter_table import grammar as alter_table
from headwater.sql.catalogs import grammar as catalogs
from headwater.sql.cursor import Cursor
from headwater.sql.functions import grammar as functions
from headwater.sql.grants import grammar as grants
from headwater.sql.notes import grammar as notes
from headwater.sql.schemas import grammar as schemas
from headwater.sql.statement import Statement
from headwater.sql.tables import create_grammar as create_table
from headwater.sql.tables import grammar as tables
from headwater.sql.views import grammar as views
from headwater.sql.volumes import grammar as volumes

__all__ = ["rule_for"]

Rule = Callable[[Cursor], Statement | None]

_RULES: dict[tuple[str, ...], Rule] = {
    ("ALTER", "CATALOG"): notes.alter_securable,
    ("ALTER", "DATABASE"): notes.alter_securable,
    ("ALTER", "FUNCTION"): notes.alter_securable,
    ("ALTER", "SCHEMA"): notes.alter_securable,
    ("ALTER", "TABLE"): alter_table.alter_table,
    ("ALTER", "VIEW"): views.alter_view,
    ("ALTER", "VOLUME"): notes.alter_securable,
    ("ANALYZE", "TABLE"): tables.analyze,
    ("COMMENT", "ON"): notes.comment_on,
    ("CREATE", "CATALOG"): catalogs.create_catalog,
    ("CREATE", "DATABASE"): schemas.create_schema,
    ("CREATE", "EXTERNAL", "VOLUME"): volumes.create_volume,
    ("CREATE", "FUNCTION"): functions.create_function,
    ("CREATE", "OR", "REPLACE", "FUNCTION"): functions.create_function,
    ("CREATE", "OR", "REPLACE", "TABLE"): create_table.create_table,
    ("CREATE", "OR", "REPLACE", "VIEW"): views.create_view,
    ("CREATE", "SCHEMA"): schemas.create_schema,
    ("CREATE", "TABLE"): create_table.create_table,
    ("CREATE", "VIEW"): views.create_view,
    ("CREATE", "VOLUME"): volumes.create_volume,
    ("DESC", "CATALOG"): schemas.describe,
    ("DESC", "DATABASE"): schemas.describe,
    ("DESC", "EXTENDED"): tables.describe_table,
    ("DESC", "FUNCTION"): functions.describe_function,
    ("DESC", "SCHEMA"): schemas.describe,
    ("DESC", "TABLE", "EXTENDED"): tables.describe_table,
    ("DESC", "VOLUME"): schemas.describe,
    ("DROP", "CATALOG"): catalogs.drop_catalog,
    ("DROP", "DATABASE"): schemas.drop_schema,
    ("DROP", "FUNCTION"): functions.drop_function,
    ("DROP", "SCHEMA"): schemas.drop_schema,
    ("DROP", "VIEW"): views.drop_view,
    ("DROP", "VOLUME"): volumes.drop_volume,
    ("GRANT",): grants.grant,
    ("REPLACE", "TABLE"): create_table.create_table,
    ("REVOKE",): grants.revoke,
    ("SET", "CATALOG"): catalogs.use_catalog,
    ("SET", "TAG", "ON"): notes.set_tag,
    ("SHOW", "ALL", "FUNCTIONS"): functions.show_functions,
    ("SHOW", "CATALOGS"): catalogs.show_catalogs,
    ("SHOW", "CREATE", "TABLE"): tables.show_create_table,
    ("SHOW", "FUNCTIONS"): functions.show_functions,
    ("SHOW", "GRANT"): grants.show_grants,
    ("SHOW", "GRANTS"): grants.show_grants,
    ("SHOW", "USER", "FUNCTIONS"): functions.show_functions,
    ("SHOW", "VOLUMES"): volumes.show_volumes,
    ("UNSET", "TAG", "ON"): notes.unset_tag,
    ("USE",): schemas.use_schema,
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
