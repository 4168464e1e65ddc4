"""Catalogs: names for one store (see decision 2), kept so that a new session has them."""

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
    complete_with,
    default_catalog,
    require_catalog,
    schemas_catalogs,
    tags_row,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["add_kept_catalogs", "create_catalog", "describe_catalog", "drop_catalog", "show_catalogs", "use_catalog"]


def add_kept_catalogs(call: Call) -> None:
    """Let a session know the catalogs that were made before."""
    named = {c for schema in records.names(call.spark, "SCHEMA") for c in schemas_catalogs(call, schema)}
    for name in {default_catalog(call), *records.names(call.spark, "CATALOG"), *named}:
        lakehouse.add_catalog(call.spark, name)


def create_catalog(statement: CreateCatalog, call: Call) -> DataFrame:
    """Keep a new catalog, and let the session know it."""
    if statement.name.lower() in {each.lower() for each in catalog_names(call)}:
        if not statement.if_not_exists:
            raise TakenError("catalog", statement.name, "say IF NOT EXISTS, or drop it first")
    else:
        lakehouse.check_new_name(call.spark, "catalog", statement.name)
        facts = {"comment": statement.comment, "location": statement.location}
        records.change(call.spark, "CATALOG", statement.name, **{k: v for k, v in facts.items() if v})
        lakehouse.add_catalog(call.spark, statement.name)
    return frame(call, [])


def drop_catalog(statement: DropCatalog, call: Call) -> DataFrame:
    """Forget a catalog, with CASCADE its schemas too."""
    name = statement.name
    if name.lower() not in {each.lower() for each in catalog_names(call)}:
        if statement.if_exists:
            return frame(call, [])
        raise NotFoundError("catalog", name, catalog_names(call))
    if name.lower() == default_catalog(call).lower():
        raise InvalidInputError(f"{name} is the catalog that this session started with, and stays: drop its schemas.")
    holds = [s for s in records.names(call.spark, "SCHEMA") if schemas_catalogs(call, s) == [name]]
    if holds and not statement.cascade:
        raise InvalidInputError(f"The catalog {name} has schemas: {', '.join(holds)}. Say DROP CATALOG {name} CASCADE.")
    for schema in holds:
        call.spark.sql(f"DROP SCHEMA IF EXISTS {quoted(name)}.{quoted(schema)} CASCADE")
    if call.spark.conf.get("spark.headwater.catalog", "") == name:
        use_catalog(UseCatalog(default_catalog(call)), call)
    lakehouse.remove_catalog(call.spark, name)
    records.forget(call.spark, "CATALOG", name)
    return frame(call, [])


def use_catalog(statement: UseCatalog, call: Call) -> DataFrame:
    """Let shorter names mean this catalog."""
    require_catalog(call, statement.name)
    used = call.run(f"SET CATALOG {quoted(statement.name)}")
    complete_with(call, statement.name)
    return used


def show_catalogs(statement: ShowCatalogs, call: Call) -> DataFrame:
    """List the catalogs."""
    return frame(call, ["catalog"], [[n] for n in catalog_names(call) if matches(n, statement.pattern)])


def describe_catalog(statement: DescribeCatalog, call: Call) -> DataFrame:
    """Show what is kept of a catalog."""
    require_catalog(call, statement.name)
    kept = records.record(call.spark, "CATALOG", statement.name)
    rows = [["Catalog Name", statement.name], ["Comment", kept.get("comment", "")], ["Owner", kept.get("owner", "")]]
    return frame(call, ["info_name", "info_value"], [*rows, *tags_row(kept, extended=statement.extended)])
