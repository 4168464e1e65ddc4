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
    complete_with,
    default_catalog,
    require_catalog,
    schemas_catalogs,
    tags_row,
    volumes_of,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["comment_kept_schemas", "create_schema", "describe_schema", "drop_schema", "use_schema"]


def comment_kept_schemas(call: Call) -> None:
    """Give schemas the comments that they had in earlier sessions."""
    there = {row[0] for row in call.run("SHOW SCHEMAS IN spark_catalog").collect()}
    for schema in records.names(call.spark, "SCHEMA"):
        comment = records.record(call.spark, "SCHEMA", schema).get("comment")
        if comment and schema in there:
            call.run(f"COMMENT ON SCHEMA spark_catalog.{quoted(schema)} IS {literal(comment)}")


def create_schema(statement: CreateSchema, call: Call) -> DataFrame:
    """Let Spark make a schema; keep its comment and the catalog that was named."""
    catalog, schema = call.schema(statement.name)
    lakehouse.check_new_name(call.spark, "schema", schema)
    named = len(statement.name) == 2 and catalog.lower() not in {default_catalog(call).lower(), "spark_catalog"}
    if named:
        require_catalog(call, catalog)
    made = call.given(statement.text)
    if named and catalog not in schemas_catalogs(call, schema):
        records.change(call.spark, "SCHEMA", schema.lower(), catalogs=[*schemas_catalogs(call, schema), catalog])
    if statement.comment and "comment" not in records.record(call.spark, "SCHEMA", schema):
        records.change(call.spark, "SCHEMA", schema.lower(), comment=statement.comment)
    return made


def drop_schema(statement: DropSchema, call: Call) -> DataFrame:
    """Let Spark drop a schema; its volumes go with CASCADE."""
    _, schema = call.schema(statement.name)
    volumes = volumes_of(call, schema)
    if volumes and not statement.cascade:
        shown = ", ".join(str(volume) for volume in volumes)
        raise InvalidInputError(f"The schema {schema} has volumes: {shown}. Say DROP SCHEMA {schema} CASCADE.")
    dropped = call.given(statement.text)
    for volume in volumes:
        records.forget(call.spark, "VOLUME", str(volume))
    for folder in (lakehouse.settings_of(call.spark).home / "volumes").glob(f"*/{schema.lower()}"):
        shutil.rmtree(folder)
    records.forget(call.spark, "SCHEMA", schema.lower())
    return dropped


def use_schema(statement: UseSchema, call: Call) -> DataFrame:
    """Use a schema, and let shorter names mean its catalog."""
    require_catalog(call, statement.catalog)
    used = call.given(statement.text)
    complete_with(call, statement.catalog)
    return used


def describe_schema(statement: DescribeSchema, call: Call) -> DataFrame:
    """Show Spark's rows on a schema with the catalog that was named, and with what is kept."""
    catalog, schema = call.schema(statement.name)
    rows = [[row[0], row[1]] for row in call.given(statement.text).collect()]
    rows = [["Catalog Name", catalog] if row[0] == "Catalog Name" else row for row in rows]
    kept = records.record(call.spark, "SCHEMA", schema)
    rows = [["Owner", kept.get("owner", row[1])] if row[0] == "Owner" else row for row in rows]
    return frame(call, ["info_name", "info_value"], [*rows, *tags_row(kept, extended=statement.extended)])
