"""Tidying up: what would be lost by it is looked at first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.sql.call import Call
from headwater.sql.maintenance.pinned_files import check_pins
from headwater.sql.maintenance.statements import Vacuum

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["PINNED", "vacuum"]

PINNED = "headwater.vacuum.pinned"
"""A setting of the session: with the value ``delete``, VACUUM deletes files of pinned versions too."""


def vacuum(statement: Vacuum, call: Call) -> DataFrame:
    """Let Delta delete old files, unless a version that a champion was trained from would lose some.

    Raises
    ------
    PinnedVersionError
        It would. The error says which version, of which model, and what to do.
    """
    if not statement.dry_run and call.spark.conf.get(PINNED, "") != "delete":
        folder = _folder(statement, call)
        if folder is not None and folder[1].is_dir():
            check_pins(lakehouse.settings_of(call.spark), *folder, statement.hours)
    return call.given(statement.text)


def _folder(statement: Vacuum, call: Call) -> tuple[str, Path] | None:
    """Return the table's full name and its folder; None of a path outside of the warehouse."""
    warehouse = lakehouse.settings_of(call.spark).warehouse
    if len(statement.table) == 2 and statement.table[0].lower() == "delta":
        path = Path(statement.table[1].removeprefix("file://").removeprefix("file:"))
        name = lakehouse.name_of_folder(path)
        if name is None or not path.resolve().is_relative_to(warehouse.resolve()):
            return None
        full = lakehouse.complete(call.spark, name if name.count(".") == 2 else f"main.{name}")
        return str(full), path
    full = call.full(statement.table)
    return str(full), lakehouse.table_folder(warehouse, full)
