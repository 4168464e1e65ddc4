"""Where the files of the embedded warehouse lie, and how its catalogs share Spark's one session catalog.

The catalog ``main`` has a folder for each schema, ``<schema>.db``, at the top of the warehouse; any other catalog has a folder
of its own with such folders in it, ``<catalog>/<schema>.db``. A schema's folder has one for each table. Spark's session
catalog has two levels: a schema of ``main`` is the database of its name, one of another catalog ``<catalog>:<schema>``, which
no name of SQL's can be by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headwater.lakehouse.names import TableName

__all__ = [
    "MAIN",
    "SchemaFolder",
    "catalogs",
    "database_of",
    "is_main",
    "name_of_folder",
    "schema_folder",
    "schema_folders",
    "table_folder",
]

MAIN = "main"
_SESSION = "spark_catalog"  # Spark's own name for the session catalog
_END = ".db"
_WAREHOUSE = "warehouse"  # name of the folder in a store


@dataclass(frozen=True, order=True)
class SchemaFolder:
    """A schema and its folder, which need not exist. Names do not differ by case, and are given in lower case."""

    catalog: str
    schema: str
    path: Path

    @property
    def database(self) -> str:
        """Name of its database in the session catalog."""
        return database_of(self.catalog, self.schema)


def is_main(catalog: str) -> bool:
    """Say whether a name means the catalog whose schemas are the session catalog's own databases."""
    return catalog.lower() in {MAIN, _SESSION}


def database_of(catalog: str, schema: str) -> str:
    """Return the name by which the session catalog knows a schema.

    Examples
    --------
    >>> database_of("main", "ML"), database_of("Prod", "ML")
    ('ml', 'prod:ml')
    """
    return schema.lower() if is_main(catalog) else f"{catalog.lower()}:{schema.lower()}"


def schema_folder(warehouse: Path, catalog: str, schema: str) -> SchemaFolder:
    """Return the folder of a schema; it need not exist.

    Examples
    --------
    >>> [schema_folder(Path("/w"), catalog, "ML").path.as_posix() for catalog in ("main", "prod")]
    ['/w/ml.db', '/w/prod/ml.db']
    """
    top = warehouse if is_main(catalog) else warehouse / catalog.lower()
    named = MAIN if is_main(catalog) else catalog.lower()
    return SchemaFolder(named, schema.lower(), top / f"{schema.lower()}{_END}")


def schema_folders(warehouse: Path, within: str = "") -> list[SchemaFolder]:
    """Return the folders of all schemas, by catalog and name; with `within`, those that hold a file or folder of that name."""
    paths = [*warehouse.glob(f"*{_END}"), *warehouse.glob(f"*/*{_END}")]
    return sorted(
        SchemaFolder(MAIN if path.parent == warehouse else path.parent.name, path.name.removesuffix(_END), path)
        for path in paths
        if not path.parent.name.endswith(_END) and (not within or (path / within).exists())
    )


def catalogs(warehouse: Path) -> list[str]:
    """Return the catalogs that have a schema's folder, and ``main``, sorted."""
    return sorted({MAIN} | {path.parent.name for path in warehouse.glob(f"*/*{_END}") if path.parent.suffix != _END})


def table_folder(warehouse: Path, name: TableName) -> Path:
    """Return the folder of a table; it need not exist.

    Examples
    --------
    >>> table_folder(Path("/w"), TableName("main", "ML", "Trips")).as_posix()
    '/w/ml.db/trips'
    """
    return schema_folder(warehouse, name.catalog, name.schema).path / name.table.lower()


def name_of_folder(folder: Path) -> str | None:
    """Return ``schema.table`` of a table's folder (``catalog.schema.table`` outside of ``main``); None of a folder elsewhere.

    Examples
    --------
    >>> [name_of_folder(Path(one)) for one in ("/h/warehouse/ml.db/t", "/h/warehouse/prod/ml.db/t", "/h/t")]
    ['ml.t', 'prod.ml.t', None]
    """
    schema, above = folder.parent, folder.parent.parent
    if not schema.name.endswith(_END):
        return None
    name = f"{schema.name.removesuffix(_END)}.{folder.name}"
    in_main = above.name == _WAREHOUSE and above.parent.name != _WAREHOUSE
    return name if in_main else f"{above.name}.{name}"
