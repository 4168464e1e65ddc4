"""Delta tables read in this process, without Spark: the only place that opens their files with ``deltalake``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.lakehouse.names import TableName
from headwater.lakehouse.runtime.settings import Settings
from headwater.lakehouse.warehouse import catalog

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

__all__ = ["ArrowTable", "open_arrow", "open_stored"]


@dataclass(frozen=True)
class ArrowTable:
    """A version of a table on this machine.

    Attributes
    ----------
    rows
        Number of rows, by Delta's statistics; None if a file has none.
    files
        Number of files.
    """

    rows: int | None
    files: int
    _dataset: Any

    def within(self, at_or_after: Mapping[str, Any], until: Mapping[str, Any]) -> ArrowTable:
        """Return the table without those files and parts of files (row groups) that have no row within bounds.

        Parameters
        ----------
        at_or_after, until
            Inclusive bounds by column, as Arrow scalars. Rows out of bounds may be left, as far as they lie beside others.
        """
        import pyarrow.dataset as ds

        kinds = self._dataset.schema
        bounds = [ds.field(name) >= value.cast(kinds.field(name).type) for name, value in at_or_after.items()]
        bounds += [ds.field(name) <= value.cast(kinds.field(name).type) for name, value in until.items()]
        if not bounds or self.rows is None:
            return self
        condition = reduce(and_, bounds)
        fragments = [part.subset(condition) for part in self._dataset.get_fragments(filter=condition)]
        fragments = [part for part in fragments if part.row_groups]
        rows = sum(group.num_rows for part in fragments for group in part.row_groups)
        dataset = ds.FileSystemDataset(fragments, kinds, self._dataset.format, self._dataset.filesystem)
        return ArrowTable(rows, len(fragments), dataset)

    def read(self, columns: Sequence[str], *, among: Mapping[str, pa.Array] | None = None) -> pa.Table:
        """Return columns as Arrow, in the files' order, which is the same for every call with the same `among`.

        Parameters
        ----------
        among
            Values by column: rows with another value, or NULL, are left out while the files are read.
        """
        import pyarrow.dataset as ds

        conditions = [ds.field(name).isin(values) for name, values in (among or {}).items()]
        return self._dataset.to_table(columns=list(columns), filter=reduce(and_, conditions) if conditions else None)


def open_arrow(spark: SparkSession, name: TableName, version: int | None = None) -> ArrowTable | str:
    """Return the table's files at a version (None: now), or a sentence that says why they cannot be read without Spark.

    Takes some 20 ms. Not for sessions with a catalog of their own, nor for tables with deletion vectors or column mapping.
    """
    folder = catalog.folder_of(spark, name)
    if folder is None or not (folder / "_delta_log").is_dir():
        return f"{name} is not in the embedded store"
    return _opened(folder, name, version)


def open_stored(settings: Settings, name: str, version: int | None = None) -> ArrowTable | str:
    """Return the same of a table in the embedded store of these settings, without a session."""
    full = TableName.parse(name, catalog=settings.catalog, schema=settings.default_schema)
    folder = settings.warehouse / f"{full.schema.lower()}.db" / full.table.lower()
    if not (folder / "_delta_log").is_dir():
        return f"{full} is not in the embedded store {settings.home}"
    return _opened(folder, full, version)


def _opened(folder: Path, name: TableName, version: int | None) -> ArrowTable | str:
    import deltalake
    import pyarrow.dataset as ds
    from deltalake.exceptions import DeltaError

    try:
        table = deltalake.DeltaTable(folder, version=version)
        mapping = table.metadata().configuration.get("delta.columnMapping.mode", "none")
        if mapping != "none":
            return f"{name} has column mapping by {mapping}"
        # Spark's older timestamps (INT96) reach further than nanoseconds do.
        options = ds.ParquetReadOptions(coerce_int96_timestamp_unit="us")
        dataset = table.to_pyarrow_dataset(parquet_read_options=options)
        actions = table.get_add_actions(flatten=True)
    except DeltaError as error:
        return f"{name} cannot be read without Spark: {error}"
    names = actions.schema.names
    counts = actions.column("num_records").to_pylist() if "num_records" in names else [None] * actions.num_rows
    known = [int(count) for count in counts if count is not None]
    rows = sum(known) if len(known) == len(counts) else None
    return ArrowTable(rows, len(counts), dataset)
