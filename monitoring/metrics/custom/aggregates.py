"""Aggregate metrics: the user's SQL over the rows of each window, slice and model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from headwater.lakehouse import column, in_utc
from headwater.monitoring.definitions.windows import BASELINE
from headwater.monitoring.states.cells import CELL, in_cells, only_popular
from headwater.monitoring.states.columns import prepared

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

    from headwater.monitoring.definitions.monitor import Monitor
    from headwater.monitoring.definitions.windows import Span
    from headwater.monitoring.metrics.custom.parts import Part

__all__ = ["aggregates", "like"]

_ROW: Final = "__headwater_row"
_CELL: Final = "__headwater_cell"


def aggregates(
    df: DataFrame,
    monitor: Monitor,
    parts: Sequence[Part],
    spans: Sequence[Span],
    popular: DataFrame | None,
    *,
    timeless: bool,
) -> DataFrame:
    """Return the columns of `CELL` and a column ``m0``, ``m1``, … per part, a row per cell. No action; one shuffle.

    The SQL sees the table's own columns, whatever their names are, and those that it names alone are carried along.
    """
    from pyspark.sql import functions as F

    texts = "\n".join(part.text for part in parts).lower()
    named = [name for name in df.columns if name.replace("`", "``").lower() in texts]
    row = F.struct(*[column(name).alias(name) for name in named]) if named else F.struct(F.lit(1).alias(_ROW))
    rows = prepared(df, (), monitor, timeless=timeless, extra={_ROW: row})
    cells = only_popular(in_cells(rows, spans, monitor.slicing_exprs, [_ROW]), popular)
    grouped = cells.select(F.struct(*CELL).alias(_CELL), f"{_ROW}.*").groupBy(_CELL)
    with in_utc(df.sparkSession):
        found = grouped.agg(*[part.value().alias(f"m{at}") for at, part in enumerate(parts)])
    return found.select(f"{_CELL}.*", *[f"m{at}" for at in range(len(parts))]).withColumn(
        "granularity", F.nullif(F.col("granularity"), F.lit(BASELINE))
    )


def like(df: DataFrame, schema: StructType) -> DataFrame:
    """Return `df`, a baseline, with the columns of `schema` that it lacks, such as a label, as NULL."""
    from pyspark.sql import functions as F

    there = {name.lower() for name in df.columns}
    return df.withColumns(
        {field.name: F.lit(None).cast(field.dataType) for field in schema if field.name.lower() not in there}
    )
