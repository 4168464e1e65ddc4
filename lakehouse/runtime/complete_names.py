"""PySpark's and Delta's own calls that ask Spark's session catalog past the current one: here names are completed first.

``DeltaTable.forName(spark, "s.t")`` looks for the schema ``s`` in the session catalog whichever catalog is the current one, and
would take ``main.s.t`` for ``prod.s.t``; and ``spark.catalog.currentCatalog()`` gives Spark's own name for ``main``. The methods
of the classes are wrapped, once per process, since sessions come as many Python objects; for sessions that are not embedded
they do what they did.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from headwater.lakehouse.errors import InvalidInputError, InvalidNameError
from headwater.lakehouse.sql_text import quoted
from headwater.lakehouse.warehouse import catalog
from headwater.lakehouse.warehouse.layout import database_of, is_main

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import SparkSession
    from pyspark.sql.catalog import Catalog

    from headwater.lakehouse.names import TableName

__all__ = ["complete_names"]


def complete_names() -> None:
    """Let these calls of embedded sessions take and give names of the current catalog."""
    from delta import tables
    from pyspark.sql.catalog import Catalog

    if hasattr(Catalog.currentCatalog, "__wrapped__"):
        return
    Catalog.currentCatalog = _named(Catalog.currentCatalog)  # type: ignore[method-assign, assignment]
    by_name = tables.DeltaTable.forName.__func__  # type: ignore[attr-defined]
    tables.DeltaTable.forName = classmethod(_for_name(by_name))  # type: ignore[method-assign, assignment]
    builder = tables.DeltaTableBuilder
    builder.tableName = _table_name(builder.tableName)  # type: ignore[method-assign]


def _named(current: Callable[[Catalog], str]) -> Callable[[Catalog], str]:
    @functools.wraps(current)
    def currentCatalog(self: Catalog) -> str:  # noqa: N802 - PySpark's
        return catalog.name_of(self._sparkSession, current(self))

    return currentCatalog


def _for_name(by_name: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(by_name)
    def forName(cls: type, sparkSession: SparkSession, tableOrViewName: str) -> Any:  # noqa: N802, N803 - Delta's
        return by_name(cls, sparkSession, _completed(sparkSession, tableOrViewName))

    return forName


def _table_name(named: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(named)
    def tableName(self: Any, identifier: str) -> Any:  # noqa: N802 - Delta's
        return named(self, _in_session_catalog(self._spark, identifier))

    return tableName


def _in_session_catalog(spark: SparkSession, name: str) -> str:
    """Return a table's name with the database that holds its schema: Delta's builder takes two levels at most.

    Raises
    ------
    InvalidInputError
        A table of ``main`` is named while another catalog is the current one.
    """
    full = _full(spark, name)
    if full is None:
        return name
    if is_main(full.catalog) and not is_main(catalog.current_catalog(spark)):
        raise InvalidInputError(
            f"Delta's builder cannot make {full} while the current catalog is {catalog.current_catalog(spark)}: "
            "say USE CATALOG main before, or CREATE TABLE in SQL."
        )
    catalog.make_catalog(spark, full.catalog)
    return f"{quoted(database_of(full.catalog, full.schema))}.{quoted(full.table)}"


def _completed(spark: SparkSession, name: str) -> str:
    """Return a table's name with its catalog; a path as ``delta.`/x` ``, and what is no name, stay as they are."""
    full = _full(spark, name)
    return name if full is None else full.quoted


def _full(spark: SparkSession, name: str) -> TableName | None:
    if not hasattr(spark, "_jsparkSession") or catalog.warehouse_of(spark) is None:
        return None
    try:
        full = catalog.complete(spark, name)
    except InvalidNameError:
        return None
    return None if full.schema.lower() == "delta" else full
