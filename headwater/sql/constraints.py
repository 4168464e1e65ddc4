"""Constraints on tables: as frozen data, and the table properties that hold them."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.lakehouse import TableName, quoted
from headwater.sql.call import Call
from headwater.sql.cursor import Name

__all__ = ["FOREIGN", "KEY_NAME", "Check", "ForeignKey", "PrimaryKey", "declared_constraints", "foreign_key_property"]

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


def declared_constraints(properties: dict[str, str], table: str) -> list[tuple[str, str]]:
    """Return the keys that a table's properties declare: names, and clauses of SQL; the primary key first.

    Examples
    --------
    >>> declared_constraints({"headwater.primaryKeys": '["id", "ts"]', "headwater.timeseriesColumn": "ts"}, "t")
    [('t_pk', 'PRIMARY KEY (`id`, `ts` TIMESERIES)')]
    """
    from headwater.features import declared_key

    keys, time = declared_key(properties)
    columns = ", ".join(quoted(key) + (" TIMESERIES" if key == time else "") for key in keys)
    primary = [(properties.get(KEY_NAME, f"{table}_pk"), f"PRIMARY KEY ({columns})")] if keys else []
    return primary + [(k.removeprefix(FOREIGN), v) for k, v in sorted(properties.items()) if k.startswith(FOREIGN)]
