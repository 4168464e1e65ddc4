"""Reads Delta tables of the embedded warehouse without Spark, a few columns at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from headwater.lakehouse import (
    DamagedTableError,
    MissingColumnsError,
    Settings,
    TableName,
    dataset_of,
    examine_table,
    faults_named,
    has_commit,
    table_folder,
)

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from pyarrow.dataset import Expression

__all__ = ["Store"]


@dataclass(frozen=True)
class Store:
    """The Delta tables under the settings' warehouse folder, by their full names.

    A table that is not there yet reads as an empty frame: on the first day hardly any is.
    """

    settings: Settings

    def folder(self, name: str) -> Path:
        """Return where the table lies, whether it exists or not."""
        full = TableName.parse(name, catalog=self.settings.catalog, schema=self.settings.default_schema)
        return table_folder(self.settings.warehouse, full)

    def open(self, name: str, version: int | None = None) -> DeltaTable | None:
        """Return the table, by default its newest version; None if it does not exist.

        Raises
        ------
        DamagedTableError
            If its folder holds no table that can be read.
        """
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        folder = self.folder(name)
        if not has_commit(folder):
            return None
        try:
            return DeltaTable(folder, version=version)
        except DeltaError as error:
            reason = examine_table(folder)
            if not reason:
                raise
            raise DamagedTableError(name, str(folder), reason) from error

    def read(
        self,
        name: str,
        columns: Sequence[str],
        where: Expression | None = None,
        version: int | None = None,
    ) -> pd.DataFrame:
        """Return the columns of the rows that `where` takes; empty, with these columns, if there is no such table.

        A field of a struct is named with a dot (``window.start``). Times come as naive UTC.

        Raises
        ------
        MissingColumnsError
            If the table exists and lacks a column.
        """
        table = self.open(name, version)
        if table is None:
            return pd.DataFrame({column: pd.Series(dtype="object") for column in columns})
        there = [field.name for field in table.schema().fields]
        wanted = [column if column in there else column.partition(".")[0] for column in columns]
        missing = [column for column in wanted if column not in there]
        if missing:
            raise MissingColumnsError(missing, f"the table {name}", there, "the report")
        with faults_named(table.file_uris()):
            found = dataset_of(table).to_table(columns=list(dict.fromkeys(wanted)), filter=where)
        return _naive(found.flatten().select(list(columns)).to_pandas())

    def first_version(self, name: str, where: Expression) -> int | None:
        """Return the oldest version with a row that `where` takes, as far back as files and log still reach; else None.

        Tables that each training overwrites are asked what they held before.
        """
        from deltalake.exceptions import DeltaError

        newest = self.open(name)
        if newest is None:
            return None
        for version in sorted({int(entry["version"]) for entry in newest.history()} | {newest.version()}):
            try:
                table = self.open(name, version)
                if table is not None and dataset_of(table).head(1, filter=where).num_rows:
                    return version
            except (DeltaError, OSError):
                continue  # vacuumed, or its log was cleaned up
        return None


def _naive(frame: pd.DataFrame) -> pd.DataFrame:
    for name in frame.columns:
        if isinstance(frame[name].dtype, pd.DatetimeTZDtype):
            frame[name] = frame[name].dt.tz_convert("UTC").dt.tz_localize(None)
    return frame
