"""Which window, slice and model each row counts for, as Spark columns: a cell is one of their combinations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from headwater.monitoring.definitions.windows import BASELINE, SNAPSHOT, Span, index_column

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["CELL", "MOST_SLICES", "in_cells", "popular_slices", "same_cell"]

CELL: Final = ("granularity", "window_index", "slice_key", "slice_value", "model_id")
MOST_SLICES: Final = 100


def in_cells(rows: DataFrame, spans: Sequence[Span], slices: Sequence[str], kept: Sequence[str]) -> DataFrame:
    """Return prepared rows once per cell that they count for: the columns of `CELL` and the `kept` ones.

    Each row counts for the whole table and for each slice, for its model and for all models (``'*'``).
    """
    from pyspark.sql import functions as F

    windows = F.array(*[_window(span) for span in spans])
    whole = F.struct(F.lit(None).cast("string").alias("slice_key"), F.lit(None).cast("string").alias("slice_value"))
    parts = [
        F.struct(F.lit(text).alias("slice_key"), F.col(f"s{i}").alias("slice_value")) for i, text in enumerate(slices)
    ]
    counted = F.filter(F.array(*parts), lambda part: part["slice_value"].isNotNull()) if parts else F.array()
    models = F.filter(F.array(F.col("model"), F.lit("*")), lambda model: model.isNotNull())
    return (
        rows.select(F.explode(F.filter(windows, lambda window: window["inside"])).alias("w"), "*")
        .select(F.explode(F.concat(F.array(whole), counted) if parts else F.array(whole)).alias("s"), "*")
        .select(
            F.col("w.granularity").alias("granularity"),
            F.col("w.window_index").alias("window_index"),
            F.col("s.slice_key").alias("slice_key"),
            F.col("s.slice_value").alias("slice_value"),
            F.explode(models).alias("model_id"),
            *kept,
        )
    )


def popular_slices(rows: DataFrame, spans: Sequence[Span], slices: Sequence[str]) -> DataFrame:
    """Return the 100 most frequent values of each slicing expression in each window; ties go to the smaller value."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    cells = in_cells(rows, spans, slices, []).where("slice_key IS NOT NULL AND model_id = '*'")
    counted = cells.groupBy("granularity", "window_index", "slice_key", "slice_value").agg(F.count("*").alias("rows"))
    window = Window.partitionBy("granularity", "window_index", "slice_key").orderBy(F.desc("rows"), "slice_value")
    return (
        counted.withColumn("rank", F.row_number().over(window)).where(F.col("rank") <= MOST_SLICES).drop("rank", "rows")
    )


def only_popular(cells: DataFrame, popular: DataFrame | None) -> DataFrame:
    """Return the whole-table cells and those of popular slices."""
    if popular is None:
        return cells
    from pyspark.sql import functions as F

    names = ["granularity", "window_index", "slice_key", "slice_value"]
    whole = cells.where(F.col("slice_key").isNull())
    return whole.unionByName(cells.join(popular, names, "left_semi").select(*cells.columns))


def same_cell(one: DataFrame, two: DataFrame, names: Sequence[str] = CELL) -> Column:
    """Return the join condition that all `names` are equal, NULL to NULL too."""
    from functools import reduce

    return reduce(lambda a, b: a & b, [one[name].eqNullSafe(two[name]) for name in names])


def _window(span: Span) -> Column:
    from pyspark.sql import functions as F

    if span.granularity in (BASELINE, SNAPSHOT):
        index: Column = F.lit(span.first or 0).cast("bigint")
    else:
        index = index_column(F.timestamp_micros(F.col("time")), span.granularity)
    inside = F.lit(True)
    if span.first is not None:
        inside = inside & (index >= F.lit(span.first))
    if span.stop is not None:
        inside = inside & (index < F.lit(span.stop))
    return F.struct(F.lit(span.granularity).alias("granularity"), index.alias("window_index"), inside.alias("inside"))
