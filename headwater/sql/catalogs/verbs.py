"""Catalogs: folders of the store (see decision 2), kept so that a new session has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError, quoted
from headwater.sql import records
from headwater.sql.call import Call, frame
from headwater.sql.catalogs.statements import CreateCatalog, DescribeCatalog, DropCatalog, ShowCatalogs, UseCatalog
from headwater.sql.clauses import matches
from headwater.sql.errors import NotFoundError, TakenError
from headwater.sql.securables import (
    catalog_names,
    default_catalog,
    require_catalog,
    schema_key,
    tags_row,
    volumes_of,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["add_kept_catalogs", "create_catalog", "describe_catalog", "drop_catalog", "show_catalogs", "use_catalog"]


def add_kept_catalogs(call: Call) -> None:
    """Let a session know the catalogs that were made before."""
    for name in {default_catalog(call), *records.names(call.spark, "CATALOG")}:
        lakehouse.make_catalog(call.spark, name)


def create_catalog(statement: CreateCatalog, call: Call) -> DataFrame:
    """Keep a new catalog, and let the session know it."""
    if statement.name.lower() in {each.lower() for each in catalog_names(call)}:
        if not statement.if_not_exists:
            raise TakenError("catalog", statement.name, "say IF NOT EXISTS, or drop it first")
    else:
        lakehouse.check_new_name(call.spark, "catalog", statement.name)
        facts = {"comment": statement.comment, "location": statement.location}
        lakehouse.make_catalog(call.spark, statement.name)
        records.change(call.spark, "CATALOG", statement.name, **{k: v for k, v in facts.items() if v})
    return frame(call, [])


def drop_catalog(statement: DropCatalog, call: Call) -> DataFrame:
    """Forget a catalog, with CASCADE its schemas too."""
    name = statement.name
    if name.lower() not in {each.lower() for each in catalog_names(call)}:
        if statement.if_exists:
            return frame(call, [])
        raise NotFoundError("catalog", name, catalog_names(call))
    if name.lower() == default_catalog(call).lower():
        raise InvalidInputError(
            f"{name} is the catalog that this session started with, and cannot be dropped: drop its schemas instead."
        )
    if lakehouse.is_main(name):
        raise InvalidInputError(
            f"{name} is the catalog that every store has, and cannot be dropped: drop its schemas instead."
        )
    require_catalog(call, name)
    lakehouse.refresh(call.spark)
    schemas = [row[0] for row in call.run(f"SHOW SCHEMAS IN {quoted(name)}").collect()]
    holds = [schema for schema in schemas if schema != "default" or _holds_any(call, name, schema)]
    if holds and not statement.cascade:
        raise InvalidInputError(f"The catalog {name} has schemas: {', '.join(holds)}. Say DROP CATALOG {name} CASCADE.")
    if lakehouse.current_catalog(call.spark).lower() == name.lower():
        use_catalog(UseCatalog(default_catalog(call)), call)
    for schema in schemas:
        call.spark.sql(f"DROP SCHEMA IF EXISTS {quoted(name)}.{quoted(schema)} CASCADE")
        records.forget(call.spark, "SCHEMA", schema_key(name, schema))
    lakehouse.remove_catalog(call.spark, name)
    records.forget(call.spark, "CATALOG", name)
    folder = lakehouse.schema_folder(lakehouse.settings_of(call.spark).warehouse, name, "default").path.parent
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    return frame(call, [])


def _holds_any(call: Call, catalog: str, schema: str) -> bool:
    tables = call.run(f"SHOW TABLES IN {quoted(catalog)}.{quoted(schema)}").where("NOT isTemporary").count()
    return bool(tables or volumes_of(call, catalog, schema))


def use_catalog(statement: UseCatalog, call: Call) -> DataFrame:
    """Let shorter names mean this catalog."""
    require_catalog(call, statement.name)
    return call.run(f"SET CATALOG {quoted(statement.name)}")


def show_catalogs(statement: ShowCatalogs, call: Call) -> DataFrame:
    """List the catalogs."""
    return frame(call, ["catalog"], [[n] for n in catalog_names(call) if matches(n, statement.pattern)])


def describe_catalog(statement: DescribeCatalog, call: Call) -> DataFrame:
    """Show what is kept of a catalog."""
    require_catalog(call, statement.name)
    kept = records.record(call.spark, "CATALOG", statement.name)
    rows = [["Catalog Name", statement.name], ["Comment", kept.get("comment", "")], ["Owner", kept.get("owner", "")]]
    return frame(call, ["info_name", "info_value"], [*rows, *tags_row(kept, extended=statement.extended)])
