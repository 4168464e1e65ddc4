"""In embedded mode the warehouse folder is the catalog of all catalogs.

A table is a folder with a ``_delta_log`` (:mod:`headwater.lakehouse.warehouse.layout` has its place); views are files beside
them (:mod:`headwater.lakehouse.warehouse.views_and_functions`). A session registers what it finds there. Another process's new
tables are found by the next :func:`refresh`; every table verb looks for the table it names. Delta's own optimistic concurrency
lets several processes work side by side, which an embedded metastore would not.

A catalog's class (``headwater.MainCatalog``, ``headwater.FolderCatalog``, see :mod:`headwater.lakehouse.runtime.java_classes`)
asks Delta's catalog for the database that holds its schema. Where the classes do not load, ``main`` is the only catalog.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.lakehouse.errors import CatalogUnavailableError, DamagedTableError
from headwater.lakehouse.java_gateway import jvm, jvm_session
from headwater.lakehouse.locks import lock_of_table, store_lock
from headwater.lakehouse.names import TableName, check_name, is_plain_name
from headwater.lakehouse.sql_text import literal, quoted
from headwater.lakehouse.warehouse import layout
from headwater.lakehouse.warehouse import views_and_functions as entries
from headwater.lakehouse.warehouse.damage import examine_table, has_commit, has_data, set_aside
from headwater.lakehouse.warehouse.layout import SchemaFolder, database_of, is_main, schema_folder, table_folder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = [
    "FOLDER_CLASS",
    "MAIN_CLASS",
    "NOT_APART",
    "add_catalog",
    "can_hold",
    "check_new_name",
    "complete",
    "creation",
    "current_catalog",
    "damage_of",
    "damaged_tables",
    "folder_of",
    "folders_elsewhere",
    "make_catalog",
    "name_of",
    "refresh",
    "register",
    "remove_catalog",
    "schemas_first",
    "table_lock",
    "warehouse_of",
]

MAIN_CLASS = "headwater.MainCatalog"
FOLDER_CLASS = "headwater.FolderCatalog"
NOT_APART = "spark.headwater.catalogsNotApart"  # why the classes do not load; empty if they do
_LOG = logging.getLogger("headwater.lakehouse")
_said: set[str] = set()

_STAND_IN = "headwater_stand_in"
_DELTA = "org.apache.spark.sql.delta.catalog.DeltaCatalog"


def add_catalog(spark: SparkSession, name: str) -> None:
    """Let ``name.schema.table`` mean a table of this catalog of the store; may be called while the session runs.

    Raises
    ------
    CatalogUnavailableError
        Catalogs other than ``main`` cannot be kept apart with this Spark.
    """
    if name.lower() == "spark_catalog":
        return
    reason, key = spark.conf.get(NOT_APART, "") or "", f"spark.sql.catalog.{name}"
    if not reason:
        if not spark.conf.get(key, ""):
            check_name("catalog", name)
            implementation = MAIN_CLASS if is_main(name) else FOLDER_CLASS
            spark.conf.set(key, implementation)
            jvm_session(spark).sharedState().conf().set(key, implementation)  # for sessions that are made later
        return
    if not is_main(name):
        raise CatalogUnavailableError(name, reason)
    manager = _jvm_state(spark).catalogManager()
    if spark.conf.get(key, "") != _DELTA or not _delegates(manager.catalog(name)):
        spark.conf.set(key, _DELTA)
        manager.catalog(name).setDelegateCatalog(manager.v2SessionCatalog())


def make_catalog(spark: SparkSession, name: str) -> None:
    """Let the session know a catalog, and give it a folder with the schema ``default`` where it has none."""
    add_catalog(spark, name)
    warehouse = warehouse_of(spark)
    if warehouse is not None:
        _add_schema(spark, schema_folder(warehouse, name, "default"))


def _delegates(catalog: Any) -> bool:
    """Say whether a catalog has been given the session's; a clone of a session, as each stream has, knows its name alone."""
    from py4j.protocol import Py4JJavaError

    try:
        return bool(catalog.name())
    except Py4JJavaError:
        return False


def remove_catalog(spark: SparkSession, name: str) -> None:
    """Let ``name`` be no catalog of this session any more; its folder stays."""
    spark.conf.unset(f"spark.sql.catalog.{name}")
    manager = _jvm_state(spark).catalogManager()
    loaded = manager.getClass().getDeclaredField("catalogs")  # Spark can load a catalog, but not let go of it
    loaded.setAccessible(True)
    loaded.get(manager).remove(name)


@contextmanager
def schemas_first(spark: SparkSession) -> Iterator[bool]:
    """Let ``main.t`` mean the table t of a schema ``main``, where there is one in the current catalog.

    Spark takes the first level for a catalog wherever there is one of that name, and gives statements on ``main`` to commands
    that know schemas alone; other catalogs answer such names themselves. Gives False, and changes nothing, where there is no
    such schema.
    """
    used, schema = current_catalog(spark), spark.catalog.currentDatabase()
    if not _external(spark).databaseExists(database_of(used, layout.MAIN)):
        yield False
        return
    manager = _jvm_state(spark).catalogManager()
    key = f"spark.sql.catalog.{layout.MAIN}"
    implementation = spark.conf.get(key, "") or ""
    if is_main(used):
        spark.conf.set(f"spark.sql.catalog.{_STAND_IN}", implementation)
        manager.setCurrentCatalog(_STAND_IN)  # to `spark_catalog`, which both say they are, Spark does not change
        spark.catalog.setCurrentDatabase(schema)
    remove_catalog(spark, layout.MAIN)
    try:
        yield True
    finally:
        spark.conf.set(key, implementation)
        if is_main(used):
            manager.setCurrentCatalog(layout.MAIN)
            spark.catalog.setCurrentDatabase(schema)
            remove_catalog(spark, _STAND_IN)


def complete(spark: SparkSession, name: str) -> TableName:
    """Return the full name, missing levels taken from the session's current catalog and schema."""
    return TableName.parse(name, catalog=current_catalog(spark), schema=spark.catalog.currentDatabase())


def current_catalog(spark: SparkSession) -> str:
    """Return the current catalog; in an embedded session ``main`` where Spark says ``spark_catalog``, its own name for it."""
    return name_of(spark, str(spark.catalog.currentCatalog()))


def name_of(spark: SparkSession, catalog: str) -> str:
    """Return the name of a catalog as users say it, given Spark's."""
    return layout.MAIN if catalog == "spark_catalog" and warehouse_of(spark) is not None else catalog


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


def folders_elsewhere(spark: SparkSession, name: TableName) -> list[str]:
    """Return the full names of tables in other catalogs with the same schema and name."""
    warehouse = warehouse_of(spark)
    if warehouse is None:
        return []
    others = [TableName(catalog, name.schema, name.table) for catalog in layout.catalogs(warehouse)]
    own = table_folder(warehouse, name)
    return [str(other) for other in others if (folder := table_folder(warehouse, other)) != own and has_commit(folder)]


def damaged_tables(spark: SparkSession, name: TableName) -> list[str]:
    """Return the full names of the damaged tables in a table's schema, sorted; of an embedded session."""
    folder = folder_of(spark, name)
    if folder is None or not folder.parent.is_dir():
        return []
    damaged = sorted(one.name for one in folder.parent.iterdir() if one.is_dir() and examine_table(one))
    return [str(TableName(name.catalog, name.schema, table)) for table in damaged]


def refresh(spark: SparkSession) -> None:
    """Register every catalog and table of the warehouse that this session does not know (30 ms a table), forget those gone.

    A damaged table is left out, and named once in a warning of the logger ``headwater.lakehouse``.
    """
    warehouse = warehouse_of(spark)
    if warehouse is None:
        return
    for schema in layout.schema_folders(warehouse):
        tables = {log.parent.name for log in schema.path.glob("*/_delta_log")}
        if not is_plain_name(schema.schema):
            name = f"{schema.catalog}.{schema.schema}.*"
            _say_damaged(DamagedTableError(name, str(schema.path), "Spark holds no schema of this name"))
            continue
        if not is_main(schema.catalog) and spark.conf.get(NOT_APART, ""):
            continue  # whoever names it is told
        add_catalog(spark, schema.catalog)
        _add_schema(spark, schema)
        known = set(_known(spark, schema))
        for table in sorted(tables - known):
            try:
                _register(spark, schema, table)
            except DamagedTableError as error:
                _say_damaged(error)
        for table in sorted(known - tables):
            _forget(spark, schema, table)
        entries.restore(spark, schema, known)


def register(spark: SparkSession, name: TableName) -> bool:
    """Make this one table known to the session, or forgotten if its folder is gone; say whether it has a folder.

    Some 2 ms if nothing changed: the catalog is asked past SQL.

    Raises
    ------
    DamagedTableError
        Its folder is there, but holds no table that can be read.
    CatalogUnavailableError
        Its catalog cannot be kept apart from the others with this Spark.
    """
    warehouse = warehouse_of(spark)
    if warehouse is None:
        return False
    schema, table = schema_folder(warehouse, name.catalog, name.schema), name.table.lower()
    if not schema.path.is_dir():
        return False
    add_catalog(spark, name.catalog)
    if not can_hold(spark, name):
        return False
    external, there = _external(spark), has_commit(schema.path / table)
    if not external.databaseExists(schema.database):
        _add_schema(spark, schema)
    known = external.tableExists(schema.database, table)
    if there and not known:
        _register(spark, schema, table)
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
    """Say whether there can be a table of this name: in an embedded session, in a catalog that it knows, as Spark takes it."""
    if warehouse_of(spark) is None:
        return True
    known = is_main(name.catalog) or bool(spark.conf.get(f"spark.sql.catalog.{name.catalog}", ""))
    return known and is_plain_name(name.schema) and is_plain_name(name.table)


@contextmanager
def table_lock(spark: SparkSession, name: TableName) -> Iterator[None]:
    """Let this thread alone do within what takes more than one commit of a table; others that ask for the lock wait.

    Reads and writes need no lock. In a session with a catalog of its own it is one of this user's processes on this machine.
    """
    warehouse = warehouse_of(spark)
    if warehouse is not None:
        with lock_of_table(warehouse.parent, database_of(name.catalog, name.schema), name.table):
            yield
        return
    store = spark.conf.get("spark.sql.warehouse.dir", "")
    with store_lock(_machine_wide(), f"{store} table {str(name).lower()}"):
        yield


def _machine_wide() -> Path:
    """Return this user's folder for locks of sessions that have no store of ours."""
    return Path(tempfile.gettempdir()) / f"headwater-{os.getuid()}"


@contextmanager
def creation(spark: SparkSession, name: TableName) -> Iterator[None]:
    """Let this process alone create the table within; what a killed creation has left of it without any row is set aside.

    Other processes wait, and find the table when it is their turn: look for it within. In a session with a catalog of its own
    those of this machine wait, and between machines that catalog decides.

    Raises
    ------
    InvalidNameError
        The embedded store cannot hold a table of this name.
    DamagedTableError
        A folder with files, but without a table, is in the way.
    """
    folder, warehouse = folder_of(spark, name), warehouse_of(spark)
    if folder is None or warehouse is None:
        with table_lock(spark, name):
            yield
        return
    check_name("table", name.schema, name.table)
    make_catalog(spark, name.catalog)
    with table_lock(spark, name):
        if folder.is_dir() and any(folder.iterdir()) and not has_commit(folder):
            if has_data(folder):
                raise DamagedTableError(str(name), str(folder), "it has files, but no Delta log with a commit")
            set_aside(warehouse.parent, str(name), folder)
        yield


def _add_schema(spark: SparkSession, schema: SchemaFolder) -> None:
    """Make a schema known, past SQL, which takes no name with a catalog's in it; its folder is made where it is missing."""
    external, java = _external(spark), jvm(spark)
    if external.databaseExists(schema.database):
        return
    nothing = java.org.apache.spark.api.python.PythonUtils.toScalaMap({})
    location = java.java.net.URI.create(schema.path.as_uri())
    made = java.org.apache.spark.sql.catalyst.catalog.CatalogDatabase(schema.database, "", location, nothing)
    external.createDatabase(made, True)


def _say_damaged(error: DamagedTableError) -> None:
    if str(error) not in _said:
        _said.add(str(error))
        _LOG.warning("%s", error)


def _register(spark: SparkSession, schema: SchemaFolder, table: str) -> None:
    """Make a table of the warehouse known; whatever Spark cannot read is this table's own trouble."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    folder, full = schema.path / table, f"{schema.catalog}.{schema.schema}.{table}"
    fault = "Spark holds no table of this name" if not is_plain_name(table) else ""
    if not fault and not has_commit(folder):
        fault = examine_table(folder)
    if fault:
        raise DamagedTableError(full, str(folder), fault)
    name = f"spark_catalog.{quoted(schema.database)}.{quoted(table)}"
    try:
        # Past those who read what SQL says: the database's name is none of SQL's.
        jvm_session(spark).sql(f"CREATE TABLE IF NOT EXISTS {name} USING DELTA LOCATION {literal(folder.as_uri())}")
    except (PySparkException, Py4JJavaError) as error:
        if not (folder / "_delta_log").is_dir():
            return  # another process has dropped it meanwhile
        reason = examine_table(folder) or str(error).strip().splitlines()[0]
        raise DamagedTableError(full, str(folder), reason) from error
    # A table with a LOCATION counts as external, and DROP TABLE would leave its folder, to be found again at the next
    # start. Delta refuses a managed table over an existing folder, so the catalog's entry is changed afterwards.
    external = _external(spark)
    entry = external.getTable(schema.database, table)
    fields = [getattr(entry, f"copy$default${i + 1}")() for i in range(entry.productArity())]
    fields[1] = jvm(spark).org.apache.spark.sql.catalyst.catalog.CatalogTableType.MANAGED()
    external.alterTable(entry.copy(*fields))


def _forget(spark: SparkSession, schema: SchemaFolder, table: str) -> None:
    external = _external(spark)
    if external.tableExists(schema.database, table):
        if external.getTable(schema.database, table).tableType().name() == "VIEW":
            return  # it has no folder of its own
        external.dropTable(schema.database, table, True, True)
    spark.catalog.clearCache()


def _known(spark: SparkSession, schema: SchemaFolder) -> list[str]:
    names = _external(spark).listTables(schema.database)
    return [names.apply(i) for i in range(names.size())]


def _external(spark: SparkSession) -> Any:
    return _jvm_state(spark).catalog().externalCatalog()


def _jvm_state(spark: SparkSession) -> Any:
    return jvm_session(spark).sessionState()
