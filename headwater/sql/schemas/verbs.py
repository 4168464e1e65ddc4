"""Schemas: Spark makes them; their comment, tags, owner and catalogs are kept."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError, literal, quoted
from headwater.sql import records
from headwater.sql.call import Call, frame
from headwater.sql.schemas.statements import CreateSchema, DescribeSchema, DropSchema, UseSchema
from headwater.sql.securables import (
    require_catalog,
    schema_key,
    tags_row,
    volumes_of,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["comment_kept_schemas", "create_schema", "describe_schema", "drop_schema", "use_schema"]


def comment_kept_schemas(call: Call) -> None:
    """Give schemas the comments that they had in earlier sessions."""
    for key in records.names(call.spark, "SCHEMA"):
        comment = records.record(call.spark, "SCHEMA", key).get("comment")
        *catalog, schema = key.split(".", 1)
        name = f"{quoted(catalog[0] if catalog else lakehouse.MAIN)}.{quoted(schema)}"
        if comment and call.spark.catalog.databaseExists(name):
            call.run(f"COMMENT ON SCHEMA {name} IS {literal(comment)}")


def create_schema(statement: CreateSchema, call: Call) -> DataFrame:
    """Let Spark make a schema; keep its comment and the catalog that was named."""
    catalog, schema = call.schema(statement.name)
    lakehouse.check_new_name(call.spark, "schema", schema)
    require_catalog(call, catalog)
    made, key = call.given(statement.text), schema_key(catalog, schema)
    if statement.comment and "comment" not in records.record(call.spark, "SCHEMA", key):
        records.change(call.spark, "SCHEMA", key, comment=statement.comment)
    return made


def drop_schema(statement: DropSchema, call: Call) -> DataFrame:
    """Let Spark drop a schema; its volumes go with CASCADE."""
    catalog, schema = call.schema(statement.name)
    volumes = volumes_of(call, catalog, schema)
    if volumes and not statement.cascade:
        shown = ", ".join(str(volume) for volume in volumes)
        raise InvalidInputError(f"The schema {schema} has volumes: {shown}. Say DROP SCHEMA {schema} CASCADE.")
    dropped = call.given(statement.text)
    for volume in volumes:
        records.forget(call.spark, "VOLUME", str(volume))
    shutil.rmtree(
        lakehouse.settings_of(call.spark).home / "volumes" / catalog.lower() / schema.lower(), ignore_errors=True
    )
    records.forget(call.spark, "SCHEMA", schema_key(catalog, schema))
    return dropped


def use_schema(statement: UseSchema, call: Call) -> DataFrame:
    """Use a schema of a catalog."""
    require_catalog(call, statement.catalog)
    return call.given(statement.text)


def describe_schema(statement: DescribeSchema, call: Call) -> DataFrame:
    """Show Spark's rows on a schema with the catalog that was named, and with what is kept."""
    catalog, schema = call.schema(statement.name)
    rows = [[row[0], row[1]] for row in call.given(statement.text).collect()]
    rows = [["Catalog Name", catalog] if row[0] == "Catalog Name" else row for row in rows]
    kept = records.record(call.spark, "SCHEMA", schema_key(catalog, schema))
    rows = [["Owner", kept.get("owner", row[1])] if row[0] == "Owner" else row for row in rows]
    return frame(call, ["info_name", "info_value"], [*rows, *tags_row(kept, extended=statement.extended)])
