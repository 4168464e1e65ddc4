"""The CREATE TABLE statement of a table that is there."""

from __future__ import annotations

from typing import Any

from headwater.lakehouse import TableMetadata, TableName, literal, quoted
from headwater.sql.constraints import FOREIGN, KEY_NAME, declared_constraints

__all__ = ["create_statement"]

_OWN = (
    KEY_NAME,
    FOREIGN,
    "headwater.tableId",
    "headwater.createdAt",
    "delta.constraints.",
)


def create_statement(full: TableName, table: TableMetadata, cluster_by: tuple[str, ...] = ()) -> str:
    """Return a statement that makes such a table, with its keys, comments and properties; check constraints are left out.

    Examples
    --------
    >>> field = {"name": "id", "type": "long", "nullable": False, "metadata": {"comment": "who"}}
    >>> table = TableMetadata(0, (field,), (), {"headwater.primaryKeys": '["id"]'}, "")
    >>> print(create_statement(TableName("main", "ml", "t"), table))
    CREATE TABLE main.ml.t (
      `id` BIGINT NOT NULL COMMENT 'who',
      CONSTRAINT `t_pk` PRIMARY KEY (`id`))
    USING delta
    """
    from headwater.features import without_key

    lines = [_column(field) for field in table.fields]
    lines += [f"CONSTRAINT {quoted(name)} {key}" for name, key in declared_constraints(table.properties, full.table)]
    hidden = {*without_key()}
    kept = {k: v for k, v in sorted(table.properties.items()) if k not in hidden and not k.startswith(_OWN)}
    clauses = ["USING delta"]
    if table.partition_columns:
        clauses.append(f"PARTITIONED BY ({', '.join(map(quoted, table.partition_columns))})")
    if cluster_by:
        clauses.append(f"CLUSTER BY ({', '.join(map(quoted, cluster_by))})")
    if table.comment:
        clauses.append(f"COMMENT {literal(table.comment)}")
    if kept:
        pairs = ",\n  ".join(f"{literal(k)} = {literal(v)}" for k, v in kept.items())
        clauses.append(f"TBLPROPERTIES (\n  {pairs})")
    return f"CREATE TABLE {full} (\n  " + ",\n  ".join(lines) + ")\n" + "\n".join(clauses)


def _column(field: dict[str, Any]) -> str:
    said = field["metadata"]
    parts = [quoted(field["name"]), _type(field["type"])]
    if not field["nullable"]:
        parts.append("NOT NULL")
    if "delta.generationExpression" in said:
        parts.append(f"GENERATED ALWAYS AS ({said['delta.generationExpression']})")
    if "delta.identity.start" in said:
        how = "BY DEFAULT" if said.get("delta.identity.allowExplicitInsert") else "ALWAYS"
        start, step = said["delta.identity.start"], said["delta.identity.step"]
        parts.append(f"GENERATED {how} AS IDENTITY (START WITH {start} INCREMENT BY {step})")
    if "CURRENT_DEFAULT" in said:
        parts.append(f"DEFAULT {said['CURRENT_DEFAULT']}")
    if said.get("comment"):
        parts.append(f"COMMENT {literal(said['comment'])}")
    return " ".join(parts)


def _type(kind: Any) -> str:
    """Return a type as SQL has it, from Spark's JSON."""
    if isinstance(kind, str):
        return {"long": "BIGINT", "integer": "INT", "short": "SMALLINT", "byte": "TINYINT"}.get(kind, kind.upper())
    if kind["type"] == "array":
        return f"ARRAY<{_type(kind['elementType'])}>"
    if kind["type"] == "map":
        return f"MAP<{_type(kind['keyType'])}, {_type(kind['valueType'])}>"
    fields = ", ".join(f"{quoted(field['name'])}: {_type(field['type'])}" for field in kind["fields"])
    return f"STRUCT<{fields}>"
