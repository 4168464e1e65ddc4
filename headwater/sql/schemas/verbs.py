"""Schemas: Spark makes them; their comment, tags, owner and catalogs are kept."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError, literal, quoted
from headwater.sql import records
from headwater.sql.call import Call, execute, frame
from headwater.sql.errors import NotFoundError
from headwater.sql.schemas.statements import CreateSchema, DescribeSecurable, DropSchema, UseSchema
from headwater.sql.securables import complete_with, default_catalog, require_catalog, schemas_catalogs, volumes_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["comment_kept_schemas"]


def comment_kept_schemas(call: Call) -> None:
    """Give schemas the comments that they had in earlier sessions."""
    there = {row[0] for row in call.run("SHOW SCHEMAS IN spark_catalog").collect()}
    for schema in records.names(call.spark, "SCHEMA"):
        comment = records.record(call.spark, "SCHEMA", schema).get("comment")
        if comment and schema in there:
            call.run(f"COMMENT ON SCHEMA spark_catalog.{quoted(schema)} IS {literal(comment)}")


@execute.register(CreateSchema)
def _create(statement: CreateSchema, call: Call) -> DataFrame:
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


@execute.register(DropSchema)
def _drop(statement: DropSchema, call: Call) -> DataFrame:
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


@execute.register(UseSchema)
def _use_schema(statement: UseSchema, call: Call) -> DataFrame:
    require_catalog(call, statement.catalog)
    used = call.given(statement.text)
    complete_with(call, statement.catalog)
    return used


@execute.register(DescribeSecurable)
def _describe(statement: DescribeSecurable, call: Call) -> DataFrame:
    kind, name = statement.on.kind, statement.on.name
    if kind == "SCHEMA":
        rows = [[row[0], row[1]] for row in call.given(statement.text).collect()]
        rows = [["Catalog Name", call.schema(name)[0]] if row[0] == "Catalog Name" else row for row in rows]
        kept = records.record(call.spark, kind, call.schema(name)[1])
        rows = [["Owner", kept.get("owner", row[1])] if row[0] == "Owner" else row for row in rows]
        return frame(call, ["info_name", "info_value"], [*rows, *_tags(kept, extended=statement.extended)])
    if kind == "CATALOG":
        require_catalog(call, name[0])
        kept = records.record(call.spark, kind, name[0])
        rows = [["Catalog Name", name[0]], ["Comment", kept.get("comment", "")], ["Owner", kept.get("owner", "")]]
        return frame(call, ["info_name", "info_value"], [*rows, *_tags(kept, extended=statement.extended)])
    full = call.full(name)
    found = {str(volume).lower(): volume for volume in volumes_of(call, full.schema)}
    if str(full).lower() not in found:
        raise NotFoundError("volume", str(full), list(found))
    kept = records.record(call.spark, kind, str(full).lower())
    columns = ["name", "catalog", "database", "owner", "storageLocation", "volumeType", "comment"]
    kinds = ["EXTERNAL" if kept.get("location") else "MANAGED", kept.get("comment", "")]
    row = [full.table, full.catalog, full.schema, kept.get("owner", ""), kept["folder"], *kinds]
    return frame(call, columns, [row])


def _tags(kept: dict[str, dict[str, str]], *, extended: bool) -> list[list[str]]:
    tags = kept.get("tags", {})
    return [["Tags", ", ".join(f"{key}={value}" for key, value in tags.items())]] if tags and extended else []
