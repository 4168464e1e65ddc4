"""Delta tables read in this process, without Spark: the only place that opens their files with ``deltalake``.

Files are left out by Delta's statistics of whole numbers, dates and timestamps. A statistic that is missing or that cannot be
read, as one with an offset of seconds (``-04:56:02``), says nothing: its file is kept. Statistics of timestamps are cut to
milliseconds, so that a greatest one stands for the whole millisecond.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from headwater.lakehouse.names import TableName
from headwater.lakehouse.runtime.settings import Settings
from headwater.lakehouse.warehouse import catalog
from headwater.lakehouse.warehouse.damage import has_commit
from headwater.lakehouse.warehouse.faults import faults_named
from headwater.lakehouse.warehouse.layout import table_folder

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable
    from pyspark.sql import SparkSession

__all__ = ["ArrowTable", "dataset_of", "open_arrow", "open_stored"]

_PART_ROWS = 131_072
_MAPPING = "delta.columnMapping.mode"


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
    _extremes: Mapping[str, tuple[pa.Array, pa.Array]] = field(default_factory=dict)
    _folder: Path = Path()

    def within(self, at_or_after: Mapping[str, Any], until: Mapping[str, Any]) -> ArrowTable:
        """Return the table without those files and parts of files (row groups) that have no row within bounds.

        Parameters
        ----------
        at_or_after, until
            Inclusive bounds by column, as Arrow scalars. Rows out of bounds may be left, as far as they lie beside others.
        """
        import pyarrow.dataset as ds

        kinds = self._dataset.schema
        fragments = self._reached(at_or_after, until)
        bounds = [ds.field(name) >= value.cast(kinds.field(name).type) for name, value in at_or_after.items()]
        bounds += [ds.field(name) <= value.cast(kinds.field(name).type) for name, value in until.items()]
        if not bounds or self.rows is None:
            return self
        condition = reduce(and_, bounds)
        with faults_named(self._paths):
            fragments = [part.subset(condition) for part in fragments]
            fragments = [part for part in fragments if part.row_groups]
        rows = sum(group.num_rows for part in fragments for group in part.row_groups)
        dataset = ds.FileSystemDataset(fragments, kinds, self._dataset.format, self._dataset.filesystem)
        return ArrowTable(rows, len(fragments), dataset, _folder=self._folder)

    def _reached(self, at_or_after: Mapping[str, Any], until: Mapping[str, Any]) -> list[Any]:
        """Return the files of which the table's statistics do not say that all their rows are out of bounds."""
        import pyarrow as pa
        import pyarrow.compute as pc

        out: Any = pa.array([False] * self.files, pa.bool_())
        for name, value in at_or_after.items():
            if name in self._extremes:
                greatest = self._extremes[name][1]
                out = pc.or_(out, pc.fill_null(pc.less(greatest, value.cast(greatest.type)), False))
        for name, value in until.items():
            if name in self._extremes:
                least = self._extremes[name][0]
                out = pc.or_(out, pc.fill_null(pc.greater(least, value.cast(least.type)), False))
        files = self._dataset.get_fragments()
        return [part for part, is_out in zip(files, out.to_pylist(), strict=True) if not is_out]

    def read(self, columns: Sequence[str], *, among: Mapping[str, pa.Array] | None = None) -> pa.Table:
        """Return columns as Arrow, in the files' order, which is the same for every call with the same `among`.

        Parameters
        ----------
        among
            Values by column: rows with another value, or NULL, are left out while the files are read.
        """
        import pyarrow.dataset as ds

        conditions = [ds.field(name).isin(values) for name, values in (among or {}).items()]
        condition = reduce(and_, conditions) if conditions else None
        with faults_named(self._paths):
            return self._dataset.to_table(columns=list(columns), filter=condition)

    def parts(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Give the same rows as :meth:`read`, some hundred thousand at a time at the most."""
        batches = iter(self._dataset.to_batches(columns=list(columns), batch_size=_PART_ROWS))
        while True:
            with faults_named(self._paths):
                batch = next(batches, None)
            if batch is None:
                return
            yield batch

    @property
    def _paths(self) -> list[Path]:
        return [self._folder / file for file in getattr(self._dataset, "files", ())]

    def read_where(self, condition: Any, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows that meet an expression of ``pyarrow.dataset``; None: with all columns."""
        return self._dataset.to_table(columns=None if columns is None else list(columns), filter=condition)


def open_arrow(spark: SparkSession, name: TableName, version: int | None = None) -> ArrowTable | str:
    """Return the table's files at a version (None: now), or a sentence that says why they cannot be read without Spark.

    Takes some 20 ms. Not for sessions with a catalog of their own, nor for tables with deletion vectors or column mapping.
    """
    folder = catalog.folder_of(spark, name)
    if folder is None or not has_commit(folder):
        return f"{name} is not in the embedded store"
    return _opened(folder, name, version, mapped=False)


def open_stored(settings: Settings, name: str, version: int | None = None) -> ArrowTable | str:
    """Return the same of a table in the embedded store of these settings, without a session.

    As no Spark reads it instead, a table with column mapping is read, as a whole.
    """
    full = TableName.parse(name, catalog=settings.catalog, schema=settings.default_schema)
    folder = table_folder(settings.warehouse, full)
    if not has_commit(folder):
        return f"{full} is not in the embedded store {settings.home}"
    return _opened(folder, full, version, mapped=True)


def dataset_of(table: DeltaTable) -> Any:
    """Return an open Delta table as an Arrow dataset, its columns by the table's own names.

    Where names are mapped to others in the files, all rows are read: the files' own dataset would give NULLs.
    """
    import pyarrow as pa
    import pyarrow.dataset as ds
    from deltalake import QueryBuilder

    # Spark's older timestamps (INT96) reach further than nanoseconds do.
    options = ds.ParquetReadOptions(coerce_int96_timestamp_unit="us")
    dataset = table.to_pyarrow_dataset(parquet_read_options=options)
    if not _is_mapped(table):
        return _without_statistics(dataset)
    schema = dataset.schema.remove_metadata()
    rows = pa.table(QueryBuilder().register("t", table).execute("SELECT * FROM t").read_all())
    return ds.dataset(rows.select(schema.names).cast(schema))


def _is_mapped(table: DeltaTable) -> bool:
    return str(table.metadata().configuration.get(_MAPPING, "none")) != "none"


def _opened(folder: Path, name: TableName, version: int | None, *, mapped: bool) -> ArrowTable | str:
    import deltalake
    import pyarrow as pa
    from deltalake.exceptions import DeltaError

    try:
        table = deltalake.DeltaTable(folder, version=version)
        if _is_mapped(table):
            if mapped:
                with faults_named(folder / file for file in table.file_uris()):
                    return ArrowTable(None, len(table.file_uris()), dataset_of(table), _folder=folder)
            return f"{name} has column mapping by {table.metadata().configuration[_MAPPING]}"
        dataset = dataset_of(table)
        actions = pa.table(table.get_add_actions(flatten=True))
    except DeltaError as error:
        return f"{name} cannot be read without Spark: {error}"
    counts = actions["num_records"].to_pylist() if "num_records" in actions.column_names else [None] * len(actions)
    known = [int(count) for count in counts if count is not None]
    rows = sum(known) if len(known) == len(counts) else None
    return ArrowTable(rows, len(counts), dataset, _extremes(dataset, actions), folder)


def _without_statistics(dataset: Any) -> Any:
    """Return the files as they are: with their partition's values, and without what ``deltalake`` concludes of statistics.

    It takes a least value that it cannot read for NULL, of which no filter is true, and a greatest timestamp for exact.
    """
    import pyarrow.dataset as ds

    fragments = []
    for part in dataset.get_fragments():
        values = ds.get_partition_keys(part.partition_expression)
        each = [
            ds.field(name).is_null() if value is None else ds.field(name) == value for name, value in values.items()
        ]
        own = reduce(and_, each) if each else None
        fragments.append(dataset.format.make_fragment(part.path, part.filesystem, partition_expression=own))
    return ds.FileSystemDataset(fragments, dataset.schema, dataset.format, dataset.filesystem)


def _extremes(dataset: Any, actions: pa.Table) -> dict[str, tuple[pa.Array, pa.Array]]:
    """Return by column the least and the greatest value of each file, NULL where it is not known."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as t

    # Both list the files in the log's order; if they ever do not, nothing is known of any.
    if [Path(unquote(path)).name for path in actions["path"].to_pylist()] != [Path(f).name for f in dataset.files]:
        return {}
    known = {}
    for one in dataset.schema:
        least, greatest = f"min.{one.name}", f"max.{one.name}"
        if not {least, greatest} <= set(actions.column_names):
            continue
        if not (t.is_integer(one.type) or t.is_date32(one.type) or t.is_timestamp(one.type)):
            continue
        ends = [pa.chunked_array(actions[name]).combine_chunks() for name in (least, greatest)]
        if any(end.type != one.type for end in ends):
            continue
        if t.is_timestamp(one.type):
            ends[1] = pc.add(ends[1].cast(pa.int64()), 999).cast(one.type)
        known[one.name] = (ends[0], ends[1])
    return known
