"""Catalogs: names for one store (see decision 2), kept so that a new session has them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError, quoted
from headwater.sql import records
from headwater.sql.call import Call, execute, frame
from headwater.sql.errors import NotFoundError, TakenError
from headwater.sql.statements import CreateCatalog, DropCatalog, ShowCatalogs, UseCatalog, UseSchema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["add_kept_catalogs", "catalog_names", "default_catalog", "matches", "require_catalog"]


def default_catalog(call: Call) -> str:
    """Return the catalog with which the session was started."""
    return str(call.spark.sparkContext.getConf().get("spark.headwater.catalog", "main"))


def catalog_names(call: Call) -> list[str]:
    """Return the names of the catalogs: the session's own, those kept, those that code has named."""
    loaded = {row[0] for row in call.run("SHOW CATALOGS").collect()} - {"spark_catalog"}
    return sorted(loaded | {default_catalog(call)} | set(records.names(call.spark, "CATALOG")))


def require_catalog(call: Call, name: str) -> None:
    """Refuse a catalog that is not there."""
    if name.lower() != "spark_catalog" and name.lower() not in {each.lower() for each in catalog_names(call)}:
        raise NotFoundError("catalog", name, catalog_names(call), f"Make it with CREATE CATALOG {name}.")
    lakehouse.add_catalog(call.spark, name)


def add_kept_catalogs(call: Call) -> None:
    """Let a session know the catalogs that were made before."""
    named = {c for schema in records.names(call.spark, "SCHEMA") for c in schemas_catalogs(call, schema)}
    for name in {default_catalog(call), *records.names(call.spark, "CATALOG"), *named}:
        lakehouse.add_catalog(call.spark, name)


def schemas_catalogs(call: Call, schema: str) -> list[str]:
    """Return the catalogs under which a schema was made, the session's own left out."""
    return list(records.record(call.spark, "SCHEMA", schema).get("catalogs", []))


def matches(name: str, pattern: str) -> bool:
    """Say whether a name meets Spark's pattern: ``*`` for anything, ``|`` between alternatives.

    Examples
    --------
    >>> matches("Main", "m*|x"), matches("main", "a")
    (True, False)
    """
    return any(fnmatchcase(name.lower(), each.strip().lower()) for each in pattern.split("|"))


@execute.register(CreateCatalog)
def _create(statement: CreateCatalog, call: Call) -> DataFrame:
    if statement.name.lower() in {each.lower() for each in catalog_names(call)}:
        if not statement.if_not_exists:
            raise TakenError("catalog", statement.name, "say IF NOT EXISTS, or drop it first")
    else:
        lakehouse.check_new_name(call.spark, "catalog", statement.name)
        facts = {"comment": statement.comment, "location": statement.location}
        records.change(call.spark, "CATALOG", statement.name, **{k: v for k, v in facts.items() if v})
        lakehouse.add_catalog(call.spark, statement.name)
    return frame(call, [])


@execute.register(DropCatalog)
def _drop(statement: DropCatalog, call: Call) -> DataFrame:
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
        _use(UseCatalog(default_catalog(call)), call)
    lakehouse.remove_catalog(call.spark, name)
    records.forget(call.spark, "CATALOG", name)
    return frame(call, [])


@execute.register(UseCatalog)
def _use(statement: UseCatalog, call: Call) -> DataFrame:
    require_catalog(call, statement.name)
    used = call.run(f"SET CATALOG {quoted(statement.name)}")
    _complete_with(statement.name, call)
    return used


@execute.register(UseSchema)
def _use_schema(statement: UseSchema, call: Call) -> DataFrame:
    require_catalog(call, statement.catalog)
    used = call.given(statement.text)
    _complete_with(statement.catalog, call)
    return used


def _complete_with(catalog: str, call: Call) -> None:
    """Let shorter names mean this catalog; Spark cannot say which one is used, as all answer to one name."""
    if catalog != "spark_catalog":
        call.spark.conf.set("spark.headwater.catalog", catalog)


@execute.register(ShowCatalogs)
def _show(statement: ShowCatalogs, call: Call) -> DataFrame:
    return frame(call, ["catalog"], [[n] for n in catalog_names(call) if matches(n, statement.pattern)])
