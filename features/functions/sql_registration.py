"""Python functions of the catalog, called from SQL by their full names.

Spark takes a persistent function of Java classes or of SQL alone, and gives a Python one a name of one part, for the
session. So a Python function has two entries: the SQL function ``c.s.f``, which has the declared types, defaults and
comments, so that Spark casts arguments, fills in defaults and takes them by name; and what that calls: an entry of the
session catalog, for which the session's function registry holds the Python function as if it were a loaded class. Such
entries stand in one database for all catalogs, by full names: a function's body can name another with two levels only, and
Spark takes these for ones of the current catalog. Queries are not rewritten, and views and DataFrame expressions know these
functions too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.lakehouse import literal, quoted

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater.features.functions.python_function import CatalogFunction
    from headwater.lakehouse import TableName

__all__ = ["PYTHON_SUFFIX", "forget", "register_function"]

PYTHON_SUFFIX = "__python"
_INNER = ":python"  # no schema of any catalog's


def register_function(spark: SparkSession, function: CatalogFunction) -> None:
    """Let SQL of this session call the function by its full name; does nothing if it does so already.

    Embedded sessions only; some 50 ms.
    """
    full = lakehouse.complete(spark, function.name)
    registry, catalog, inner = _registry(spark), _catalog(spark), _inner(spark, full)
    schema, name = lakehouse.database_of(full.catalog, full.schema), full.table.lower()
    if registry.functionExists(inner) and catalog.functionExists(schema, name):
        return
    spark.udf.register(name + PYTHON_SUFFIX, function.udf())
    temporary = _temporary(spark, name + PYTHON_SUFFIX)
    entry = registry.lookupFunctionEntry(temporary).get()
    registry.registerFunction(inner, entry.productElement(0), entry.productElement(1))
    registry.dropFunction(temporary)
    if not catalog.databaseExists(_INNER):
        _make_inner_database(spark)
    if not catalog.functionExists(_INNER, _inner_name(full)):
        java = lakehouse.jvm(spark).org.apache.spark
        nothing = java.api.python.PythonUtils.toSeq([])
        catalog.createFunction(_INNER, java.sql.catalyst.catalog.CatalogFunction(inner, "headwater.python", nothing))
    if catalog.functionExists(schema, name):  # another session of this process has declared it
        return
    with lakehouse.schemas_first(spark):
        lakehouse.jvm_session(spark).sql(_declaration(function, full))  # past those who keep what SQL declares


def forget(spark: SparkSession, full: TableName) -> None:
    """Take back what :func:`register_function` did, if it did."""
    if not lakehouse.is_embedded(spark):
        return
    registry, catalog, schema = _registry(spark), _catalog(spark), lakehouse.database_of(full.catalog, full.schema)
    entries = [(schema, full.table.lower(), _identifier(spark, full)), (_INNER, _inner_name(full), _inner(spark, full))]
    for database, name, identifier in entries:
        registry.dropFunction(identifier)
        if catalog.databaseExists(database) and catalog.functionExists(database, name):
            catalog.dropFunction(database, name)


def _declaration(function: CatalogFunction, full: TableName) -> str:
    defaults, comments = dict(function.defaults), dict(function.comments)
    parameters = ", ".join(
        f"{quoted(p)} {kind}"
        + (f" DEFAULT {defaults[p]}" if p in defaults else "")
        + (f" COMMENT {literal(comments[p])}" if p in comments else "")
        for p, kind in function.parameters
    )
    comment = f" COMMENT {literal(function.comment)}" if function.comment else ""
    determinism = "" if function.deterministic else " NOT DETERMINISTIC"
    schema = quoted(lakehouse.database_of(full.catalog, full.schema))
    name, python = quoted(full.table), f"{quoted(_INNER)}.{quoted(_inner_name(full))}"
    values = ", ".join(quoted(p) for p, _ in function.parameters) or "1"
    return (
        f"CREATE OR REPLACE FUNCTION spark_catalog.{schema}.{name}({parameters}) "
        f"RETURNS {function.returns}{comment}{determinism} RETURN {python}({values})"
    )


def _registry(spark: SparkSession) -> Any:
    return lakehouse.jvm_session(spark).sessionState().functionRegistry()


def _catalog(spark: SparkSession) -> Any:
    return lakehouse.jvm_session(spark).sessionState().catalog().externalCatalog()


def _inner_name(full: TableName) -> str:
    return f"{lakehouse.database_of(full.catalog, full.schema)}.{full.table.lower()}"


def _make_inner_database(spark: SparkSession) -> None:
    java = lakehouse.jvm(spark)
    nothing = java.org.apache.spark.api.python.PythonUtils.toScalaMap({})
    location = java.java.net.URI.create(lakehouse.settings_of(spark).home.as_uri())
    made = java.org.apache.spark.sql.catalyst.catalog.CatalogDatabase(_INNER, "", location, nothing)
    _catalog(spark).createDatabase(made, True)


def _inner(spark: SparkSession, full: TableName) -> Any:
    return _function(spark, _INNER, _inner_name(full))


def _identifier(spark: SparkSession, full: TableName) -> Any:
    return _function(spark, lakehouse.database_of(full.catalog, full.schema), full.table.lower())


def _function(spark: SparkSession, database: str, name: str) -> Any:
    java = lakehouse.jvm(spark)
    some = java.scala.Option.apply
    return java.org.apache.spark.sql.catalyst.FunctionIdentifier(name, some(database), some("spark_catalog"))


def _temporary(spark: SparkSession, name: str) -> Any:
    java = lakehouse.jvm(spark)
    some = java.scala.Option.apply
    return java.org.apache.spark.sql.catalyst.FunctionIdentifier(name, some("session"), some("system"))
