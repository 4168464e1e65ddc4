"""Grants: kept in the Delta table ``_headwater.grants`` and shown; nothing enforces them on one's own machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.sql.call import Call, frame
from headwater.sql.grants.statements import Grant, Revoke, ShowGrants
from headwater.sql.securables import key_of
from headwater.sql.statement import Securable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["grant", "revoke", "show_grants"]

_TABLE = f"{lakehouse.MAIN}._headwater.grants"
_COLUMNS = ("principal", "privilege", "object_type", "object_key")


def grant(statement: Grant, call: Call) -> DataFrame:
    """Keep privileges; those that are there already stay as they are."""
    from pyspark.sql.types import StringType, StructField, StructType

    key, table = _key(call, statement.on), _TABLE
    schema = StructType([StructField(name, StringType(), nullable=False) for name in _COLUMNS])
    lakehouse.ensure_table(call.spark, table, schema, comment="Privileges that SQL has granted; not enforced")
    rows = [(statement.principal, privilege, statement.on.kind, key) for privilege in statement.privileges]
    lakehouse.merge(call.spark.createDataFrame(rows, schema), table, list(_COLUMNS))
    return frame(call, [])


def revoke(statement: Revoke, call: Call) -> DataFrame:
    """Take privileges back, with ALL PRIVILEGES all of them."""
    key, table = _key(call, statement.on), _TABLE
    if lakehouse.table_exists(call.spark, table):
        facts = {"principal": statement.principal, "object_type": statement.on.kind, "object_key": key}
        where = " AND ".join(f"{name} = :{name}" for name in facts)
        if "ALL PRIVILEGES" not in statement.privileges:
            facts |= {f"p{i}": privilege for i, privilege in enumerate(statement.privileges)}
            where += f" AND privilege IN ({', '.join(f':p{i}' for i in range(len(statement.privileges)))})"
        name = lakehouse.complete(call.spark, table).quoted
        call.spark_sql(call.spark, f"DELETE FROM {name} WHERE {where}", facts)
    return frame(call, [])


def show_grants(statement: ShowGrants, call: Call) -> DataFrame:
    """Show what is granted on a thing and on what holds it."""
    table, names = _TABLE, ["Principal", "ActionType", "ObjectType", "ObjectKey"]
    wanted = _holders(call, statement.on)
    rows = lakehouse.read_table(call.spark, table).collect() if lakehouse.table_exists(call.spark, table) else []
    found = sorted(tuple(row[name] for name in _COLUMNS) for row in rows)
    shown = [row for row in found if (row[2], row[3]) in wanted and statement.principal in {"", row[0]}]
    return frame(call, names, shown)


def _key(call: Call, on: Securable) -> str:
    """Return the full name of a thing that is there."""
    key = key_of(call, on)
    if on.kind in {"METASTORE", "CATALOG"}:
        return key
    return ".".join(call.schema(on.name)) if on.kind == "SCHEMA" else str(call.full(on.name))


def _holders(call: Call, on: Securable) -> set[tuple[str, str]]:
    key = _key(call, on)
    parts = key.split(".")
    found = {(on.kind, key), ("METASTORE", "metastore")}
    if on.kind in {"TABLE", "VIEW"}:
        found |= {("TABLE", key), ("VIEW", key)}
    if on.kind not in {"METASTORE", "CATALOG"}:
        found |= {("CATALOG", parts[0]), ("SCHEMA", ".".join(parts[:2]))}
    return found
