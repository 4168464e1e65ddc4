"""In embedded mode the warehouse folder is the catalog.

A table is a folder ``<schema>.db/<table>`` with a ``_delta_log``; views are files beside them
(:mod:`headwater.lakehouse.warehouse.views_and_functions`). A session registers what it finds there. Another
process's new tables are found by the next :func:`refresh`; every table verb looks for the table it names. Delta's own
optimistic concurrency lets several processes work side by side, which an embedded metastore would not.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.lakehouse.names import TableName
from headwater.lakehouse.sql_text import quoted
from headwater.lakehouse.warehouse import views_and_functions as entries

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["add_catalog", "complete", "folder_of", "refresh", "register", "remove_catalog", "warehouse_of"]

_DELTA = "org.apache.spark.sql.delta.catalog.DeltaCatalog"


def add_catalog(spark: SparkSession, name: str) -> None:
    """Let ``name.schema.table`` mean a table of this session's own catalog; may be called while the session runs."""
    key, catalogs = f"spark.sql.catalog.{name}", _jvm_state(spark).catalogManager()
    if spark.conf.get(key, "") == _DELTA and _delegates(catalogs.catalog(name)):
        return
    spark.conf.set(key, _DELTA)
    catalogs.catalog(name).setDelegateCatalog(catalogs.v2SessionCatalog())


def _delegates(catalog: Any) -> bool:
    """Say whether a catalog has been given the session's; a clone of a session, as each stream has, knows its name alone."""
    from py4j.protocol import Py4JJavaError

    try:
        return bool(catalog.name())
    except Py4JJavaError:
        return False


def remove_catalog(spark: SparkSession, name: str) -> None:
    """Let ``name`` be no catalog of this session any more; its tables, which all catalogs share, stay."""
    spark.conf.unset(f"spark.sql.catalog.{name}")
    manager = _jvm_state(spark).catalogManager()
    loaded = manager.getClass().getDeclaredField("catalogs")  # Spark can load a catalog, but not let go of it
    loaded.setAccessible(True)
    loaded.get(manager).remove(name)


def complete(spark: SparkSession, name: str) -> TableName:
    """Return the full name, missing levels taken from the session's current catalog and schema."""
    return TableName.parse(name, catalog=_current_catalog(spark), schema=spark.catalog.currentDatabase())


def _current_catalog(spark: SparkSession) -> str:
    """Return the current catalog; an embedded session's are all the session catalog, which answers to its own name."""
    current = str(spark.catalog.currentCatalog())
    return (spark.conf.get("spark.headwater.catalog", None) or current) if current == "spark_catalog" else current


def warehouse_of(spark: SparkSession) -> Path | None:
    """Return the folder of the embedded warehouse, or None for a session that has a catalog of its own."""
    home = spark.conf.get("spark.headwater.home", "")
    return Path(home) / "warehouse" if home else None


def folder_of(spark: SparkSession, name: TableName) -> Path | None:
    """Return the folder that holds the table in embedded mode; it need not exist."""
    warehouse = warehouse_of(spark)
    return warehouse / f"{name.schema.lower()}.db" / name.table.lower() if warehouse else None


def refresh(spark: SparkSession) -> None:
    """Register every table of the warehouse folder that this session does not know (30 ms each), forget those gone."""
    warehouse = warehouse_of(spark)
    if warehouse is None:
        return
    for schema in sorted(warehouse.glob("*.db")):
        tables = {log.parent.name for log in schema.glob("*/_delta_log")}
        name = schema.name.removesuffix(".db")
        spark.sql(f"CREATE SCHEMA IF NOT EXISTS {quoted(name)}")
        known = set(_known(spark, name))
        for table in sorted(tables - known):
            _register(spark, name, table, schema / table)
        for table in sorted(known - tables):
            _forget(spark, name, table)
        entries.restore(spark, schema, known)


def register(spark: SparkSession, name: TableName) -> bool:
    """Make this one table known to the session, or forgotten if its folder is gone; say whether it has a folder.

    Some 2 ms if nothing changed: the catalog is asked past SQL.
    """
    folder = folder_of(spark, name)
    if folder is None:
        return False
    add_catalog(spark, name.catalog)
    if not folder.parent.is_dir():
        return False
    schema, table = name.schema.lower(), name.table.lower()
    external, there = _external(spark), (folder / "_delta_log").is_dir()
    if not external.databaseExists(schema):
        spark.sql(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
    known = external.tableExists(schema, table)
    if there and not known:
        _register(spark, schema, table, folder)
    elif known and not there:
        _forget(spark, schema, table)
    return there


def _register(spark: SparkSession, schema: str, table: str, folder: Path) -> None:
    name = f"spark_catalog.{quoted(schema)}.{quoted(table)}"
    spark.sql(f"CREATE TABLE IF NOT EXISTS {name} USING DELTA LOCATION '{folder.as_uri()}'")
    # A table with a LOCATION counts as external, and DROP TABLE would leave its folder, to be found again at the next
    # start. Delta refuses a managed table over an existing folder, so the catalog's entry is changed afterwards.
    external = _external(spark)
    entry = external.getTable(schema, table)
    fields = [getattr(entry, f"copy$default${i + 1}")() for i in range(entry.productArity())]
    fields[1] = _java(spark).org.apache.spark.sql.catalyst.catalog.CatalogTableType.MANAGED()
    external.alterTable(entry.copy(*fields))


def _forget(spark: SparkSession, schema: str, table: str) -> None:
    external = _external(spark)
    if external.tableExists(schema, table):
        if external.getTable(schema, table).tableType().name() == "VIEW":
            return  # it has no folder of its own
        external.dropTable(schema, table, True, True)
    spark.catalog.clearCache()


def _known(spark: SparkSession, schema: str) -> list[str]:
    names = _external(spark).listTables(schema)
    return [names.apply(i) for i in range(names.size())]


def _external(spark: SparkSession) -> Any:
    return _jvm_state(spark).catalog().externalCatalog()


def _jvm_state(spark: SparkSession) -> Any:
    return spark._jsparkSession.sessionState()  # noqa: SLF001 - Spark has no public way


def _java(spark: SparkSession) -> Any:
    return spark._jvm  # noqa: SLF001 - Spark has no public way
