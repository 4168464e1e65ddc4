"""A union and a window: label and feature rows of a key are sorted together by time.

Each label row takes the last feature row before it. One shuffle and one sort of both sides, whatever the number of columns; no
row of one side is ever paired with all rows of the other, so that a key with a long history costs no more than its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.features.joins.columns import exact_micros, has_order, is_date, micros, none_is_null
from headwater.features.joins.form import JoinForm, Plan
from headwater.features.joins.lookup import TableLookup
from headwater.features.joins.sides import Sides
from headwater.lakehouse import column, quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["UnionWindow", "join_by_union_and_window", "why_no_workers"]

_LABEL, _FEATURE = 1, 0


class UnionWindow(JoinForm):
    """What Spark can do without Python workers, for one table."""

    name = "union and window"
    rank = 60

    def fits(self, sides: Sides) -> Plan | None:
        """Return the plan for one table."""
        return Plan(self.name, why_no_workers(sides)) if len(sides.tables) == 1 else None

    def join(self, rows: DataFrame, lookups: Sequence[TableLookup], plan: Plan, labels: DataFrame) -> DataFrame:
        """Return the rows, joined with one table after the other; see `join_by_union_and_window`."""
        del plan, labels
        for lookup in lookups:
            rows = join_by_union_and_window(rows, lookup)
        return rows


def why_no_workers(sides: Sides) -> str:
    """Return why rows are not matched by workers."""
    return sides.unfit_for_arrow or "the size of the feature tables is not known"


def join_by_union_and_window(spine: DataFrame, lookup: TableLookup) -> DataFrame:
    """Return each row of `spine`, once, with what :func:`features.join_as_of` finds for it.

    Notes
    -----
    Cost: one shuffle and sort of both sides together. Lazy; no Spark job.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    key_names = [f"__k{i}" for i in range(len(lookup.keys))]
    labels = spine.select(
        *[column(key).alias(name) for name, key in zip(key_names, lookup.label_keys, strict=True)],
        column(lookup.label_time).alias("__time"),
        F.lit(_LABEL).alias("__side"),
        F.struct(*[column(c) for c in spine.columns]).alias("__label"),
    )
    time, outputs = column(lookup.feature_time), lookup.outputs
    rows = lookup.features.where(time.isNotNull()).select(
        *[column(key).alias(name) for name, key in zip(key_names, lookup.feature_keys, strict=True)],
        time.alias("__time"),
        F.lit(_FEATURE).alias("__side"),
        F.struct(time.alias("__at"), *[column(f).alias(o) for f, o in outputs.items()]).alias("__found"),
    )
    kinds = {o: lookup.features.schema[f].dataType for f, o in outputs.items()}
    ties = [F.col(f"__found.{quoted(o)}").asc_nulls_first() for o, kind in kinds.items() if has_order(kind)]
    window = (
        Window.partitionBy(*key_names)
        .orderBy(F.col("__time").asc_nulls_first(), F.col("__side"), *ties)
        .rowsBetween(Window.unboundedPreceding, Window.currentRow)
    )
    both = labels.unionByName(rows, allowMissingColumns=True)
    joined = both.withColumn("__found", F.last("__found", ignorenulls=True).over(window)).where(
        F.col("__side") == _LABEL
    )
    matches = none_is_null(["__time", *key_names])
    if lookup.lookback is not None:
        day = is_date(spine, lookup.label_time)
        age = micros(F.col("__time"), day) - micros(F.col("__found.__at"), day)
        matches &= age <= exact_micros(lookup.lookback)
    return joined.select(
        *[F.col(f"__label.{quoted(c)}").alias(c) for c in spine.columns],
        *[F.when(matches, F.col(f"__found.{quoted(o)}")).alias(o) for o in outputs.values()],
    )
