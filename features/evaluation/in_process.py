"""Lookups in this process: label rows and feature files as Arrow, matched in NumPy, and handed on as Arrow or to Spark.

For data that fits the machine. Spark's form sorts label and feature rows with all their columns through a shuffle per
table, and plans, generates and compiles code for it; here keys and times alone are matched, and of the feature columns
only the rows that were found are taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.features.evaluation.local_lookup import LocalLookup, fits, look_up
from headwater.features.joins.matching.arrow_types import is_key, strange_column
from headwater.features.joins.matching.newest_rows import AmbiguousRowsError
from headwater.features.specs.spec import LookupStep
from headwater.lakehouse import ArrowTable, PlainScan

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

__all__ = ["LocalLookup", "LocalRows", "look_up_in_process", "unfit"]

_BYTES = 16  # of a value in memory, on average


@dataclass(frozen=True)
class LocalRows:
    """Label rows with the outputs of lookups: each row once, in no stated order.

    Attributes
    ----------
    schema
        Names and types, as Spark has them.
    reason
        What was done, in words.
    """

    schema: StructType
    reason: str
    _parts: Sequence[pa.Table] | Iterator[pa.Table]

    def arrow(self) -> pa.Table:
        """Return the rows in memory."""
        import pyarrow as pa

        return pa.concat_tables(self._parts)

    def frame(self, like: DataFrame) -> DataFrame:
        """Return the rows as a DataFrame of the session of `like`; raises ScratchFullError if the scratch folder is full."""
        spark = like.sparkSession
        parts = iter(self._parts)
        settings = lakehouse.settings_of(spark)
        bound = int(settings.scratch_gib * 2**30)
        return lakehouse.frame_of_arrow(spark, parts, self.schema, home=settings.home, bound=bound)


def unfit(frame: DataFrame, lookups: Sequence[tuple[LookupStep, Sequence[str], ArrowTable | str]]) -> str | None:
    """Return why these lookups cannot be done in this process, or None if they can, as far as can be told without a job.

    Parameters
    ----------
    frame
        The label rows.
    lookups
        Steps, their wanted outputs, and their files or what is wrong with them.
    """
    known = {field.name: field.dataType for field in frame.schema}
    strange = strange_column(frame.schema)
    if strange is not None:
        return f"the column {strange!r} of the label rows is {known[strange].simpleString()}"
    for step, _, table in lookups:
        if isinstance(table, str):
            return table
        wrong = [known[left].typeName() for left, _ in step.keys if left in known and not is_key(known[left])]
        if wrong:
            return f"{step.table} is looked up by a key of type {wrong[0]}"
        if table.rows is None:
            return f"{step.table} has files without statistics"
    return None


def look_up_in_process(frame: DataFrame, lookups: Sequence[LocalLookup], most: int) -> LocalRows | str:
    """Return the label rows with all outputs of the lookups, or a sentence that says why this cannot be done here.

    Label rows that are plain files are read past Spark, and without a Spark job; all others are fetched by one. Where label rows
    and outputs together take more than `most` bytes, they are made part by part.
    """
    from pyspark.sql.types import StructField, StructType

    scan = lakehouse.open_plain_scan(frame)
    labels = None if scan is not None else _fetched(frame, most)
    if isinstance(labels, str):
        return labels
    count = labels.num_rows if labels is not None else scan.rows if scan is not None else 0
    for one in lookups:
        reason = fits(one, count, most)
        if reason is not None:
            return reason
    fields = list(frame.schema.fields)
    for one in lookups:
        types = {output: kind for _, output, kind in one.step.features}
        fields += [StructField(output, lakehouse.spark_type(types[output])) for _, output in one.outputs]
    schema = StructType(fields)
    kinds = lakehouse.arrow_schema(schema)
    wide = len(frame.columns) + sum(len(one.outputs) for one in lookups)
    size = max(1, most // 4 // (8 * wide)) if count * 8 * wide > most // 2 else max(1, count)
    parts = (_complete(part, lookups, most).cast(kinds) for part in _parts(labels, scan, size))
    try:
        first = next(parts)
    except AmbiguousRowsError as error:
        return str(error)
    reason = f"{len(lookups)} lookups in files of this machine that fit its memory"
    if size >= count:
        return LocalRows(schema, reason, [first])
    return LocalRows(schema, f"{reason}, in parts of {size:,} label rows", _and(first, parts))


def _and(first: pa.Table, rest: Iterator[pa.Table]) -> Iterator[pa.Table]:
    yield first
    yield from rest


def _fetched(frame: DataFrame, most: int) -> pa.Table | str:
    from pyspark.sql import functions as F

    count = frame.select(F.lit(1).alias("one")).count()
    if count * _BYTES * len(frame.columns) > most:
        gib = f"{most / 2**30:.1f} GiB"
        return (
            f"the {count:,} label rows are too many for {gib}, and cannot be read in parts as they are not plain files"
        )
    return frame.toArrow()


def _parts(labels: pa.Table | None, scan: PlainScan | None, size: int) -> Iterator[pa.Table]:
    if labels is not None:
        yield from (labels.slice(first, size) for first in range(0, max(1, labels.num_rows), size))
    elif scan is not None:
        yield from iter([scan.read()]) if size >= scan.rows else scan.parts(size)


def _complete(labels: pa.Table, lookups: Sequence[LocalLookup], most: int) -> pa.Table:
    """Return the label rows with all outputs in the lookups' order; of each table those together that need no other's output."""
    own, todo = labels.num_columns, list(lookups)
    while todo:
        there, table = set(labels.column_names), todo[0].table
        together: list[LocalLookup] = []
        later: list[LocalLookup] = []
        for one in todo:
            (together if one.table is table and there.issuperset(one.step.inputs) else later).append(one)
        todo = later
        for output, column in look_up(labels, together, most):
            labels = labels.append_column(output, column)
    ordered = [output for one in lookups for _, output in one.outputs]
    return labels.select([*range(own), *map(labels.column_names.index, ordered)])
