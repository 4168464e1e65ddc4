"""In embedded mode the warehouse folder is the catalog.

A table is a folder ``<schema>.db/<table>`` with a ``_delta_log``; views are files beside them
(:mod:`headwater.lakehouse.warehouse.views_and_functions`). A session registers what it finds there. Another
process's new tables are found by the next :func:`refresh`; every table verb looks for the table it names. Delta's own
optimistic concurrency lets several processes work side by side, which an embedded metastore would not.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.lakehouse.errors import DamagedTableError
from headwater.lakehouse.locks import lock_of_table
from headwater.lakehouse.names import TableName, check_name, is_plain_name
from headwater.lakehouse.sql_text import literal, quoted
from headwater.lakehouse.warehouse import views_and_functions as entries
from headwater.lakehouse.warehouse.damage import examine_table, has_commit, has_data, set_aside
from headwater.lakehouse.warehouse.layout import schema_folders, schema_of, table_folder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = [
    "add_catalog",
    "can_hold",
    "check_new_name",
    "complete",
    "creation",
    "damage_of",
    "folder_of",
    "refresh",
    "register",
    "remove_catalog",
    "schemas_first",
    "table_lock",
    "warehouse_of",
]

_LOG = logging.getLogger("headwater.lakehouse")
_said: set[str] = set()

_STAND_IN = "headwater_stand_in"
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


@contextmanager
def schemas_first(spark: SparkSession) -> Iterator[bool]:
    """Let a name of two levels mean a schema and its table within, also where a catalog has the schema's name.

    Spark takes the first level for a catalog wherever there is one of that name. Gives False where no two names are the same,
    and nothing is changed then.
    """
    external, manager = _external(spark), _jvm_state(spark).catalogManager()
    schemas = external.listDatabases()
    names = {str(schemas.apply(i)) for i in range(schemas.size())} - {"spark_catalog"}
    hidden = [name for name in sorted(names) if spark.conf.get(f"spark.sql.catalog.{name}", "") == _DELTA]
    if not hidden:
        yield False
        return
    used, schema = _current_catalog(spark), spark.catalog.currentDatabase()
    if used in hidden:
        add_catalog(spark, _STAND_IN)  # to `spark_catalog`, which all of them say they are, Spark does not change
        manager.setCurrentCatalog(_STAND_IN)
        spark.catalog.setCurrentDatabase(schema)
    for name in hidden:
        remove_catalog(spark, name)
    try:
        yield True
    finally:
        for name in hidden:
            add_catalog(spark, name)
        if used in hidden:
            manager.setCurrentCatalog(used)
            spark.catalog.setCurrentDatabase(schema)
            remove_catalog(spark, _STAND_IN)


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
    return table_folder(warehouse, name) if warehouse else None


def damage_of(spark: SparkSession, name: TableName) -> DamagedTableError | None:
    """Return what is wrong with a table that is not there though its folder is; None if there is no such folder."""
    folder = folder_of(spark, name)
    reason = examine_table(folder) if folder else ""
    return DamagedTableError(str(name), str(folder), reason) if reason else None


def refresh(spark: SparkSession) -> None:
    """Register every table of the warehouse folder that this session does not know (30 ms each), forget those gone.

    A damaged table is left out, and named once in a warning of the logger ``headwater.lakehouse``.
    """
    warehouse = warehouse_of(spark)
    if warehouse is None:
        return
    for schema in schema_folders(warehouse):
        tables = {log.parent.name for log in schema.glob("*/_delta_log")}
        name = schema_of(schema)
        if not is_plain_name(name):
            _say_damaged(DamagedTableError(f"{name}.*", str(schema), "Spark holds no schema of this name"))
            continue
        _add_schema(spark, name)
        known = set(_known(spark, name))
        for table in sorted(tables - known):
            try:
                _register(spark, name, table, schema / table)
            except DamagedTableError as error:
                _say_damaged(error)
        for table in sorted(known - tables):
            _forget(spark, name, table)
        entries.restore(spark, schema, known)


def register(spark: SparkSession, name: TableName) -> bool:
    """Make this one table known to the session, or forgotten if its folder is gone; say whether it has a folder.

    Some 2 ms if nothing changed: the catalog is asked past SQL.

    Raises
    ------
    DamagedTableError
        Its folder is there, but holds no table that can be read.
    """
    folder = folder_of(spark, name)
    if folder is None:
        return False
    add_catalog(spark, name.catalog)
    if not folder.parent.is_dir():
        return False
    schema, table = name.schema.lower(), name.table.lower()
    if not can_hold(spark, name):
        return False
    external, there = _external(spark), has_commit(folder)
    if not external.databaseExists(schema):
        _add_schema(spark, schema)
    known = external.tableExists(schema, table)
    if there and not known:
        _register(spark, schema, table, folder)
    elif known and not there:
        _forget(spark, schema, table)
    return there


def check_new_name(spark: SparkSession, kind: str, *parts: str) -> None:
    """Raise if an embedded session's store cannot hold a thing of this name, see :func:`headwater.lakehouse.names.check_name`.

    A session with a catalog of its own lets that one decide.
    """
    if warehouse_of(spark) is not None:
        check_name(kind, *parts)


def can_hold(spark: SparkSession, name: TableName) -> bool:
    """Say whether there can be a table of this name: in an embedded session, as Spark's own catalog takes it."""
    return warehouse_of(spark) is None or (is_plain_name(name.schema) and is_plain_name(name.table))


@contextmanager
def table_lock(spark: SparkSession, name: TableName) -> Iterator[None]:
    """Let this thread alone do within what takes more than one commit of a table; others that ask for the lock wait.

    Reads and writes need no lock. In a session with a catalog of its own there is none.
    """
    warehouse = warehouse_of(spark)
    if warehouse is None:
        yield
        return
    with lock_of_table(warehouse.parent, name.schema, name.table):
        yield


@contextmanager
def creation(spark: SparkSession, name: TableName) -> Iterator[None]:
    """Let this process alone create the table within; what a killed creation has left of it without any row is set aside.

    Other processes wait, and find the table when it is their turn: look for it within. In a session with a catalog of its own
    that one decides.

    Raises
    ------
    InvalidNameError
        The embedded store cannot hold a table of this name.
    DamagedTableError
        A folder with files, but without a table, is in the way.
    """
    folder, warehouse = folder_of(spark, name), warehouse_of(spark)
    if folder is None or warehouse is None:
        yield
        return
    check_name("table", name.schema, name.table)
    with table_lock(spark, name):
        if folder.is_dir() and any(folder.iterdir()) and not has_commit(folder):
            if has_data(folder):
                raise DamagedTableError(str(name), str(folder), "it has files, but no Delta log with a commit")
            set_aside(warehouse.parent, f"{name.schema}.{name.table}", folder)
        yield


def _add_schema(spark: SparkSession, schema: str) -> None:
    """Make a schema of the session catalog known; without that catalog's name, one of the schema's name would be meant."""
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS spark_catalog.{quoted(schema)}")


def _say_damaged(error: DamagedTableError) -> None:
    if str(error) not in _said:
        _said.add(str(error))
        _LOG.warning("%s", error)


def _register(spark: SparkSession, schema: str, table: str, folder: Path) -> None:
    """Make a table of the warehouse known; whatever Spark cannot read is this table's own trouble."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    fault = "Spark holds no table of this name" if not is_plain_name(table) else ""
    if not fault and not has_commit(folder):
        fault = examine_table(folder)
    if fault:
        raise DamagedTableError(f"{schema}.{table}", str(folder), fault)
    name = f"spark_catalog.{quoted(schema)}.{quoted(table)}"
    try:
        spark.sql(f"CREATE TABLE IF NOT EXISTS {name} USING DELTA LOCATION {literal(folder.as_uri())}")
    except (PySparkException, Py4JJavaError) as error:
        if not (folder / "_delta_log").is_dir():
            return  # another process has dropped it meanwhile
        reason = examine_table(folder) or str(error).strip().splitlines()[0]
        raise DamagedTableError(f"{schema}.{table}", str(folder), reason) from error
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
