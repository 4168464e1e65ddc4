"""Tags, owners and comments: table properties for tables, records for what has no properties."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.lakehouse import literal, quoted
from headwater.sql import records
from headwater.sql.call import Call, frame
from headwater.sql.notes.statements import CommentOn, SetOwner, SetTags, UnsetTags
from headwater.sql.securables import keep_view, key_of
from headwater.sql.statement import Securable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["comment_on", "set_owner", "set_tags", "unset_tags"]

OWNER = "headwater.owner"
COLUMN_TAGS = "headwater.columnTags."


def set_tags(statement: SetTags, call: Call) -> DataFrame:
    """Keep tags."""
    _tag(statement.on, dict(statement.tags), call)
    return frame(call, [])


def unset_tags(statement: UnsetTags, call: Call) -> DataFrame:
    """Forget tags."""
    _tag(statement.on, dict.fromkeys(statement.tags), call)
    return frame(call, [])


def set_owner(statement: SetOwner, call: Call) -> DataFrame:
    """Keep the owner."""
    key = key_of(call, statement.on)
    if statement.on.kind in {"TABLE", "VIEW"}:
        _set_properties(statement.on, {OWNER: statement.owner}, call)
    else:
        records.change(call.spark, statement.on.kind, key, owner=statement.owner)
    return frame(call, [])


def comment_on(statement: CommentOn, call: Call) -> DataFrame:
    """Keep the comment, where Spark has a place for it there."""
    on, comment = statement.on, statement.comment
    key = key_of(call, on)
    if on.kind == "COLUMN":
        name = call.full(on.name).quoted
        return call.run(f"ALTER TABLE {name} ALTER COLUMN {quoted(on.column)} COMMENT {literal(comment)}")
    if on.kind == "VIEW":
        made = call.run(f"COMMENT ON TABLE {call.full(on.name).quoted} IS {literal(comment)}")
        keep_view(call, call.full(on.name))
        return made
    records.change(call.spark, on.kind, key, comment=comment)
    return call.given(statement.text) if on.kind == "SCHEMA" else frame(call, [])


def _tag(on: Securable, tags: dict[str, Any], call: Call) -> None:
    from headwater.features import tag_properties

    key = key_of(call, on)
    if on.kind in {"TABLE", "VIEW"}:
        _set_properties(on, tag_properties(tags), call)
    elif on.kind == "COLUMN":
        full = call.full(on.name)
        now = lakehouse.metadata_of(call.spark, full.quoted)
        name = COLUMN_TAGS + now.column(on.column, str(full))
        kept = _changed(json.loads(now.properties.get(name, "{}")), tags)
        lakehouse.set_table_properties(call.spark, full.quoted, {name: json.dumps(kept) if kept else None})
    else:
        kept = _changed(records.record(call.spark, on.kind, key).get("tags", {}), tags)
        records.change(call.spark, on.kind, key, tags=kept)


def _changed(kept: dict[str, str], tags: dict[str, Any]) -> dict[str, str]:
    return {key: value for key, value in (kept | tags).items() if value is not None}


def _set_properties(on: Securable, properties: dict[str, Any], call: Call) -> None:
    full = call.full(on.name)
    if not _is_view(call, on):
        lakehouse.set_table_properties(call.spark, full.quoted, properties)
        return
    kept = ", ".join(f"{literal(k)} = {literal(v)}" for k, v in properties.items() if v is not None)
    gone = ", ".join(literal(k) for k, v in properties.items() if v is None)
    if kept:
        call.run(f"ALTER VIEW {full.quoted} SET TBLPROPERTIES ({kept})")
    if gone:
        call.run(f"ALTER VIEW {full.quoted} UNSET TBLPROPERTIES IF EXISTS ({gone})")
    keep_view(call, full)


def _is_view(call: Call, on: Securable) -> bool:
    if on.kind == "VIEW":
        return True
    full = call.full(on.name)
    return str(call.spark.catalog.getTable(full.quoted).tableType) == "VIEW"
