"""DataFrames that are nothing but files: read in this process, past Spark, where that is certain to give the same rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from headwater.lakehouse.arrow.frames import arrow_schema
from headwater.lakehouse.warehouse.faults import faults_named

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

__all__ = ["PlainScan", "open_plain_scan"]

_MOST_FILES = 2000
_ATTRIBUTE = re.compile(r"(.*)#(\d+)L?", re.DOTALL)
_LEGACY = (b"org.apache.spark.legacyDateTime", b"org.apache.spark.legacyINT96")


@dataclass(frozen=True)
class PlainScan:
    """The Parquet files that a DataFrame is.

    Attributes
    ----------
    rows
        Number of rows, by the files' footers.
    names
        Columns of the DataFrame, and the files' names for them.
    """

    rows: int
    names: dict[str, str]
    _dataset: Any
    _schema: Any

    def read(self) -> pa.Table:
        """Return all rows as Arrow, in the types that Spark's own way through Arrow would give."""
        with faults_named(self._dataset.files):
            return self._named(self._dataset.to_table(columns=list(self.names.values())))

    def parts(self, rows: int) -> Iterator[pa.Table]:
        """Return the same rows as :meth:`read`, at least `rows` at a time but for the last."""
        import pyarrow as pa

        held, count = [], 0
        names = list(self.names.values())
        batches = iter(self._dataset.to_batches(columns=names, batch_readahead=2, fragment_readahead=1))
        while True:
            with faults_named(self._dataset.files):
                batch = next(batches, None)
            if batch is None:
                break
            held.append(batch)
            count += batch.num_rows
            if count >= rows:
                yield self._named(pa.Table.from_batches(held))
                held, count = [], 0
        if held:
            yield self._named(pa.Table.from_batches(held))

    def _named(self, table: pa.Table) -> pa.Table:
        import pyarrow as pa

        kinds = [self._schema.field(name).type for name in self.names]
        return pa.table({name: table.column(i).cast(kinds[i]) for i, name in enumerate(self.names)})


def open_plain_scan(frame: DataFrame) -> PlainScan | None:
    """Return the files that hold exactly this DataFrame's rows and columns, or None if it is more than that, or not certain.

    What counts: one scan of Parquet or Delta files of this machine without filters, partitions, deletion vectors, column
    mapping, or options, whose columns are at most chosen and renamed; simple types, stored as Spark would store them.
    Reads the files' footers; runs no Spark job.
    """
    try:
        relation, names = _relation(frame._jdf.queryExecution().optimizedPlan())  # noqa: SLF001
    except (AttributeError, TypeError, _NotPlainError):
        return None
    if not _is_parquet(relation):
        return None
    paths = [urlparse(uri) for uri in frame.inputFiles()]
    if not paths or len(paths) > _MOST_FILES or any(path.scheme != "file" or path.netloc for path in paths):
        return None
    return _opened([unquote(path.path) for path in paths], names, frame)


class _NotPlainError(Exception):
    """The plan does more than to scan."""


def _relation(plan: Any) -> tuple[Any, dict[str, str]]:
    """Return the relation that is scanned, and its column for each of the plan's."""
    outputs = _attributes(plan.output())
    origin: dict[int, int] = {}
    while _kind(plan) == "Project":
        chosen = plan.projectList()
        for i in range(chosen.size()):
            one = chosen.apply(i)
            kind = _kind(one)
            if kind == "Alias" and _kind(one.child()) == "AttributeReference":
                origin[one.exprId().id()] = one.child().exprId().id()
            elif kind != "AttributeReference":
                raise _NotPlainError
        plan = plan.child()
    if _kind(plan) != "LogicalRelation" or plan.isStreaming() or _kind(plan.relation()) != "HadoopFsRelation":
        raise _NotPlainError
    stored = {number: name for name, number in _attributes(plan.output())}
    names = {}
    for name, number in outputs:
        while number in origin:
            number = origin[number]  # noqa: PLW2901 - through the renamings, down to the scan
        if number not in stored:
            raise _NotPlainError
        names[name] = stored[number]
    if len(names) != len(outputs):
        raise _NotPlainError
    return plan.relation(), names


def _attributes(output: Any) -> list[tuple[str, int]]:
    """Return names and numbers of attributes, which write themselves as ``name#12`` or ``name#12L``: all in one call to Java."""
    found = [_ATTRIBUTE.fullmatch(one) for one in output.mkString("\0").split("\0")] if output.size() else []
    known = [(one[1], int(one[2])) for one in found if one is not None]
    if len(known) < output.size():
        raise _NotPlainError
    return known


def _kind(node: Any) -> str:
    return str(node.getClass().getSimpleName())


def _is_parquet(relation: Any) -> bool:
    """Say whether Spark reads Parquet files as they are; Delta's index names the very files of a version."""
    kind = _kind(relation.fileFormat())
    index = _kind(relation.location())
    known = {"ParquetFileFormat": ("InMemoryFileIndex",), "DeltaParquetFileFormat": ("PreparedDeltaFileIndex",)}
    plain = index in known.get(kind, ()) and relation.partitionSchema().isEmpty() and relation.bucketSpec().isEmpty()
    if kind == "DeltaParquetFileFormat" and not _is_plain_delta(relation.fileFormat()):
        return False
    options = relation.options()
    return bool(plain and options.removed("path").isEmpty())


def _is_plain_delta(file_format: Any) -> bool:
    """Say whether a Delta table can have no deleted rows in its files, and columns by their own names alone."""
    features = str(file_format.protocol().readerFeatureNames())
    return "deletionVectors" not in features and str(file_format.columnMappingMode().name()) == "none"


def _opened(paths: list[str], names: dict[str, str], frame: DataFrame) -> PlainScan | None:
    import pyarrow.dataset as ds
    import pyarrow.parquet as pq

    schema = arrow_schema(frame.schema)
    if any(not _simple(schema.field(name).type) for name in names):
        return None
    rows = 0
    for path in paths:
        with faults_named([path]):
            footer = pq.read_metadata(path)
        rows += footer.num_rows
        known = footer.metadata or {}
        if any(key in known for key in _LEGACY) or not _same_types(footer, schema, names):
            return None
    options = ds.ParquetFileFormat(read_options=ds.ParquetReadOptions(coerce_int96_timestamp_unit="us"))
    return PlainScan(rows, names, ds.dataset(paths, format=options), schema)


def _same_types(footer: Any, schema: Any, names: dict[str, str]) -> bool:
    """Say whether a file holds each column once, under its name, in the type that Spark has for it."""
    import pyarrow as pa

    stored = footer.schema.to_arrow_schema()
    physical = {footer.schema.column(i).path: footer.schema.column(i).physical_type for i in range(len(footer.schema))}
    lower = [name.lower() for name in stored.names]
    if len(set(lower)) < len(lower):
        return False
    for name, column in names.items():
        wanted = schema.field(name).type
        if column not in stored.names:
            return False
        kind = stored.field(column).type
        if kind == wanted or (pa.types.is_string(wanted) and pa.types.is_large_string(kind)):
            continue
        if not (pa.types.is_timestamp(wanted) and wanted.tz == "UTC" and physical.get(column) == "INT96"):
            return False
    return True


def _simple(kind: Any) -> bool:
    import pyarrow.types as t

    known = (
        t.is_boolean,
        t.is_integer,
        t.is_floating,
        t.is_string,
        t.is_date32,
        t.is_timestamp,
        t.is_decimal128,
        t.is_binary,
    )
    return any(is_(kind) for is_ in known)
