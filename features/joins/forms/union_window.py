"""The one point-in-time join: training sets, batch scores and tests all call it.

A union and a window: labels and feature rows of a key are sorted together by time, and each label row takes the last
feature row before it. One shuffle and one sort of both sides, whatever the number of columns; no row of one side is ever
paired with all rows of the other, so that a key with a long history costs no more than its rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headwater.features.joins.columns import exact_micros, has_order, micros
from headwater.lakehouse import column, quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["join_as_of"]

_LABEL, _FEATURE = 1, 0


def join_as_of(
    spine: DataFrame,
    features: DataFrame,
    *,
    keys: Sequence[tuple[str, str]],
    time: tuple[str, str],
    outputs: Mapping[str, str],
    lookback: dt.timedelta | None = None,
    span: tuple[Any, Any] | None = None,
) -> DataFrame:
    """Return each row of `spine`, once, with the columns of the newest feature row at or before its time.

    Parameters
    ----------
    spine
        Label rows; none is lost, multiplied or changed, and duplicates stay duplicates.
    features
        Feature rows. Those with a NULL time are passed over.
    keys
        Pairs of columns, of `spine` and of `features`, of equal types. NULL matches nothing.
    time
        The time columns of both, of one type (TIMESTAMP or DATE). A feature row counts if its time is **at or before**
        the label's. A NULL label time gives NULL features.
    outputs
        Output name by feature column.
    lookback
        Oldest age, **inclusive**; a row that is older gives NULLs, never an older row's values.
    span
        Earliest and latest time of the spine, both inclusive, as Spark collects them. To be given where the labels lie at
        the end of a long history, as in scoring: the result is the same, but only the feature rows that can be found are
        sorted. With a lookback these are found by Delta's file statistics; without one the newest row of each key before
        the span must be looked for, which reads keys and times of the whole table.

    Notes
    -----
    The row is taken as a whole: a NULL in it stays NULL. Of several rows of one key and time (a feature table has none)
    the one counts whose output columns are the greatest, column by column, NULL lowest, maps passed over.

    Cost: one shuffle and sort of both sides together. Lazy; no Spark job.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    spine_time, feature_time = time
    key_names = [f"__k{i}" for i in range(len(keys))]
    labels = spine.select(
        *[column(left).alias(name) for name, (left, _) in zip(key_names, keys, strict=True)],
        column(spine_time).alias("__time"),
        F.lit(_LABEL).alias("__side"),
        F.struct(*[column(c) for c in spine.columns]).alias("__label"),
    )
    known = features.where(column(feature_time).isNotNull())
    if span is not None:
        known = _within(span, known, [right for _, right in keys], feature_time, lookback)
    rows = known.select(
        *[column(right).alias(name) for name, (_, right) in zip(key_names, keys, strict=True)],
        column(feature_time).alias("__time"),
        F.lit(_FEATURE).alias("__side"),
        F.struct(column(feature_time).alias("__at"), *[column(f).alias(o) for f, o in outputs.items()]).alias(
            "__found"
        ),
    )
    kinds = {o: features.schema[f].dataType for f, o in outputs.items()}
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
    matches = F.col("__time").isNotNull()
    for name in key_names:
        matches &= F.col(name).isNotNull()
    if lookback is not None:
        is_date = spine.schema[spine_time].dataType.typeName() == "date"
        matches &= micros(F.col("__time"), is_date) - micros(F.col("__found.__at"), is_date) <= exact_micros(lookback)
    return joined.select(
        *[F.col(f"__label.{quoted(c)}").alias(c) for c in spine.columns],
        *[F.when(matches, F.col(f"__found.{quoted(o)}")).alias(o) for o in outputs.values()],
    )


def _within(
    span: tuple[Any, Any], features: DataFrame, keys: Sequence[str], time: str, lookback: dt.timedelta | None
) -> DataFrame:
    """Return the feature rows that can be found from within the span: those in it, and what can still hold at its start.

    The newest times come from a hash aggregation over keys and time alone: sorting a million old rows to find the last of
    each key costs more than everything else.
    """
    from pyspark.sql import functions as F

    at, (first, last) = column(time), span
    if first is None:
        return features.limit(0)
    if lookback is not None:
        return features.where((at >= F.lit(first - lookback)) & (at <= F.lit(last)))
    before = features.where(at < F.lit(first))
    newest = before.groupBy(*[column(key) for key in keys]).agg(F.max(at).alias(time))
    inside = features.where((at >= F.lit(first)) & (at <= F.lit(last)))
    return before.join(newest, [*keys, time], "left_semi").unionByName(inside)
