"""Constraints on tables: as frozen data, and the table properties that hold them."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.lakehouse import TableName, quoted
from headwater.sql.call import Call
from headwater.sql.cursor import Name

__all__ = ["FOREIGN", "KEY_NAME", "Check", "ForeignKey", "PrimaryKey", "foreign_key_property", "primary_key_clause"]

KEY_NAME = "headwater.primaryKeyName"
FOREIGN = "headwater.foreignKey."


@dataclass(frozen=True)
class PrimaryKey:
    """A primary key: columns as written, the time series one, the constraint's name or nothing."""

    columns: tuple[str, ...]
    time: str = ""
    name: str = ""


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key; `parent_columns` may be empty."""

    columns: tuple[str, ...]
    parent: Name
    parent_columns: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Check:
    """A condition on rows, as written."""

    condition: str
    name: str = ""


def foreign_key_property(call: Call, full: TableName, key: ForeignKey) -> tuple[str, str]:
    """Return the table property that holds a foreign key: its name, and what it says as SQL has it."""
    parents = f" ({', '.join(map(quoted, key.parent_columns))})" if key.parent_columns else ""
    said = f"FOREIGN KEY ({', '.join(map(quoted, key.columns))}) REFERENCES {call.full(key.parent).quoted}{parents}"
    return FOREIGN + (key.name or f"{full.table}_{'_'.join(key.columns)}_fk"), said


def primary_key_clause(properties: dict[str, str]) -> str:
    """Return the primary key that properties declare as SQL says it, or nothing.

    Examples
    --------
    >>> primary_key_clause({"headwater.primaryKeys": '["id", "ts"]', "headwater.timeseriesColumn": "ts"})
    'PRIMARY KEY (`id`, `ts` TIMESERIES)'
    """
    from headwater.features import declared_key

    keys, time = declared_key(properties)
    columns = ", ".join(quoted(key) + (" TIMESERIES" if key == time else "") for key in keys)
    return f"PRIMARY KEY ({columns})" if keys else ""
