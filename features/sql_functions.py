"""Python functions of the catalog, called from SQL by their full names.

Spark takes a persistent function of Java classes or of SQL alone, and gives a Python one a name of one part, for the
session. So a Python function has two entries: the SQL function ``c.s.f``, which has the declared types, defaults and
comments, so that Spark casts arguments, fills in defaults and takes them by name; and what that calls,
``c.s.f__python``, put into the session's function registry under a full name, so that Spark does not see it as temporary.
Queries are not rewritten, and views and DataFrame expressions know these functions too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lakehouse

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from features.functions import CatalogFunction
    from lakehouse import TableName

__all__ = ["PYTHON_SUFFIX", "forget", "register_function"]

PYTHON_SUFFIX = "__python"
_SCRATCH = "headwater_scratch"


def register_function(spark: SparkSession, function: CatalogFunction) -> None:
    """Let SQL of this session call the function by its full name; does nothing if it does so already.

    Embedded sessions only; some 50 ms.
    """
    full = lakehouse.complete(spark, function.name)
    registry = _registry(spark)
    if registry.functionExists(_identifier(spark, full, PYTHON_SUFFIX)):
        return
    spark.udf.register(_SCRATCH, function.udf())
    scratch = _temporary(spark)
    entry = registry.lookupFunctionEntry(scratch).get()
    info, builder = entry.productElement(0), entry.productElement(1)
    registry.registerFunction(_identifier(spark, full, PYTHON_SUFFIX), info, builder)
    registry.dropFunction(scratch)
    lakehouse.jvm_session(spark).sql(_declaration(function, full))  # past those who keep what SQL declares


def forget(spark: SparkSession, full: TableName) -> None:
    """Take back what :func:`register_function` did, if it did."""
    if not lakehouse.is_embedded(spark):
        return
    registry = _registry(spark)
    if registry.dropFunction(_identifier(spark, full, PYTHON_SUFFIX)):
        registry.dropFunction(_identifier(spark, full))
    external = lakehouse.jvm_session(spark).sessionState().catalog().externalCatalog()
    schema, name = full.schema.lower(), full.table.lower()
    if external.databaseExists(schema) and external.functionExists(schema, name):
        external.dropFunction(schema, name)


def _declaration(function: CatalogFunction, full: TableName) -> str:
    defaults, comments = dict(function.defaults), dict(function.comments)
    parameters = ", ".join(
        f"{_quote(p)} {kind}"
        + (f" DEFAULT {defaults[p]}" if p in defaults else "")
        + (f" COMMENT {_literal(comments[p])}" if p in comments else "")
        for p, kind in function.parameters
    )
    comment = f" COMMENT {_literal(function.comment)}" if function.comment else ""
    determinism = "" if function.deterministic else " NOT DETERMINISTIC"
    name = f"spark_catalog.{_quote(full.schema)}"
    values = ", ".join(_quote(p) for p, _ in function.parameters) or "1"
    return (
        f"CREATE OR REPLACE FUNCTION {name}.{_quote(full.table)}({parameters}) RETURNS {function.returns}{comment}"
        f"{determinism} RETURN {name}.{_quote(full.table + PYTHON_SUFFIX)}({values})"
    )


def _registry(spark: SparkSession) -> Any:
    return lakehouse.jvm_session(spark).sessionState().functionRegistry()


def _identifier(spark: SparkSession, full: TableName, suffix: str = "") -> Any:
    java = lakehouse.jvm(spark)
    some = java.scala.Option.apply
    name = full.table.lower() + suffix
    return java.org.apache.spark.sql.catalyst.FunctionIdentifier(name, some(full.schema.lower()), some("spark_catalog"))


def _temporary(spark: SparkSession) -> Any:
    java = lakehouse.jvm(spark)
    some = java.scala.Option.apply
    return java.org.apache.spark.sql.catalyst.FunctionIdentifier(_SCRATCH, some("session"), some("system"))


def _quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
