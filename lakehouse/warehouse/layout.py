"""Where the files of the embedded warehouse lie: a folder per schema, ``<schema>.db``, and in it one per table."""

from __future__ import annotations

from pathlib import Path

from headwater.lakehouse.names import TableName

__all__ = ["schema_folder", "schema_folders", "schema_of", "table_folder"]

_END = ".db"


def schema_folder(warehouse: Path, schema: str) -> Path:
    """Return the folder of a schema; it need not exist. Names do not differ by case.

    Examples
    --------
    >>> schema_folder(Path("/w"), "ML").as_posix(), schema_of(Path("/w/ml.db"))
    ('/w/ml.db', 'ml')
    """
    return warehouse / f"{schema.lower()}{_END}"


def schema_folders(warehouse: Path, within: str = "") -> list[Path]:
    """Return the folders of all schemas, by name; with `within`, those that hold a file or folder of that name."""
    found = warehouse.glob(f"*{_END}/{within}" if within else f"*{_END}")
    return sorted(one.parent if within else one for one in found)


def schema_of(folder: Path) -> str:
    """Return the schema whose folder it is."""
    return folder.name.removesuffix(_END)


def table_folder(warehouse: Path, name: TableName) -> Path:
    """Return the folder of a table; it need not exist.

    Examples
    --------
    >>> table_folder(Path("/w"), TableName("main", "ML", "Trips")).as_posix()
    '/w/ml.db/trips'
    """
    return schema_folder(warehouse, name.schema) / name.table.lower()
