"""Match narrow, fetch wide: the point-in-time join for few label rows and large or wide feature tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from features.latest import join_latest
from features.row_order import column, exact_micros, is_date, micros

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["join_narrow", "rows_of_label_keys"]


def join_narrow(
    spine: DataFrame,
    features: DataFrame,
    *,
    keys: Sequence[tuple[str, str]],
    time: tuple[str, str],
    outputs: Mapping[str, str],
    lookback: dt.timedelta | None = None,
) -> DataFrame:
    """Return what :func:`features.join_as_of` returns; the label rows' keys and times must be small enough to broadcast.

    First labels are matched with keys and times of the feature rows alone, of which Spark then reads two columns; then the
    rows that were found are fetched with all their columns by a broadcast semi-join.

    Notes
    -----
    Cost: the feature table is read twice, once narrow; keys and times are shuffled and sorted; the rows that were found are
    shuffled. Feature columns of rows that no label finds never leave the scan. Lazy; no Spark job.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    (at, ts), names = time, [f"__k{i}" for i in range(len(keys))]
    labels = spine.select(
        *[column(left).alias(name) for name, (left, _) in zip(names, keys, strict=True)],
        column(at).alias("__time"),
        F.lit(1).alias("__side"),
        F.struct(*[column(c) for c in spine.columns]).alias("__label"),
    )
    known = features.where(column(ts).isNotNull())
    rows = known.select(
        *[column(right).alias(name) for name, (_, right) in zip(names, keys, strict=True)],
        column(ts).alias("__time"),
        F.lit(0).alias("__side"),
        column(ts).alias("__at"),
    )
    window = (
        Window.partitionBy(*names)
        .orderBy(F.col("__time").asc_nulls_first(), F.col("__side"))
        .rowsBetween(Window.unboundedPreceding, Window.currentRow)
    )
    both = labels.unionByName(rows, allowMissingColumns=True)
    matched = both.withColumn("__at", F.last("__at", ignorenulls=True).over(window)).where("__side = 1")
    counts = F.col("__time").isNotNull()
    if lookback is not None:
        day = is_date(spine, at)
        counts &= micros(F.col("__time"), day) - micros(F.col("__at"), day) <= exact_micros(lookback)
    found = matched.select("__label", *names, F.when(counts, F.col("__at")).alias("__at"))
    wanted = found.select(*names, "__at").dropna().distinct()
    pairs = [known[right] == wanted[name] for name, (_, right) in zip(names, keys, strict=True)]
    condition = known[ts] == wanted["__at"]
    for pair in pairs:
        condition &= pair
    fetched = known.join(F.broadcast(wanted), condition, "left_semi")
    joined = join_latest(
        found, fetched, keys=[*zip(names, [r for _, r in keys], strict=True), ("__at", ts)], outputs=dict(outputs)
    )
    return joined.select(
        *[F.col(f"__label.`{c}`").alias(c) for c in spine.columns], *[column(o) for o in outputs.values()]
    )


def rows_of_label_keys(spine: DataFrame, features: DataFrame, keys: Sequence[tuple[str, str]]) -> DataFrame:
    """Return the feature rows whose keys some label has, by a broadcast semi-join: what a small spine needs of a big table."""
    from pyspark.sql import functions as F

    names = [f"__k{i}" for i in range(len(keys))]
    asked = spine.select(*[column(left).alias(n) for n, (left, _) in zip(names, keys, strict=True)]).dropna().distinct()
    condition = F.lit(True)
    for name, (_, right) in zip(names, keys, strict=True):
        condition &= features[right] == asked[name]
    return features.join(F.broadcast(asked), condition, "left_semi")
