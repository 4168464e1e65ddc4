"""Feature rows as intervals: the point-in-time join for many labels and a small feature table, without a shuffle of labels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from features.row_order import column, exact_micros, is_date, micros, ties

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["join_intervals"]


def join_intervals(
    spine: DataFrame,
    features: DataFrame,
    *,
    keys: Sequence[tuple[str, str]],
    time: tuple[str, str],
    outputs: Mapping[str, str],
    lookback: dt.timedelta | None = None,
) -> DataFrame:
    """Return what :func:`features.join_as_of` returns; the feature rows must be small enough to broadcast.

    A feature row holds from its time until the next of its key. Time is cut into buckets as wide as the mean distance between
    rows of a key; each interval is broadcast once for each bucket that it touches, so that a label finds its interval by
    equality of keys and bucket, beside one or two others. Intervals of a key do not overlap, so that a label row
    comes out once.

    Notes
    -----
    Cost: one shuffle and sort of the feature rows; they are broadcast about twice. Label rows stay where they are, however
    unevenly their keys are spread. Lazy; no Spark job.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    (at, ts), names = time, [f"__k{i}" for i in range(len(keys))]
    day = is_date(spine, at)
    held = {output: f"__o{i}" for i, output in enumerate(outputs.values())}
    rows = features.select(
        *[column(right).alias(name) for name, (_, right) in zip(names, keys, strict=True)],
        micros(column(ts), day).alias("__from"),
        *[column(feature).alias(held[output]) for feature, output in outputs.items()],
    ).dropna(subset=[*names, "__from"])
    facts = rows.agg(
        F.min("__from").alias("__first"),
        F.max("__from").alias("__last"),
        F.count(F.lit(1)).alias("__rows"),
        F.approx_count_distinct(F.struct(*names)).alias("__keys"),
    ).select(
        "__first",
        F.expr("greatest(1L, bigint((__last - __first) * double(__keys) / greatest(1L, __rows)))").alias("__width"),
        "__last",
    )
    facts = facts.select("__first", "__width", F.expr("(__last - __first) div __width + 1").alias("__top"))
    order = Window.partitionBy(*names).orderBy("__from", *ties(features, {f: held[o] for f, o in outputs.items()}))
    ends = F.lead("__from").over(order)
    if lookback is not None:  # a row holds no longer than it may be old
        ends = F.least(ends, F.col("__from") + exact_micros(lookback) + 1)
    lasting = rows.withColumn("__to", ends).where("__to IS NULL OR __to > __from").crossJoin(F.broadcast(facts))
    bucket = "(__from - __first) div __width"
    last = "least(__top, coalesce((__to - 1 - __first) div __width, __top))"
    spread = lasting.select(
        *names, "__from", "__to", *held.values(), F.expr(f"explode(sequence({bucket}, {last}))").alias("__bucket")
    ).withColumn("__hash", F.xxhash64(*names, "__bucket"))
    labels = spine.select(
        *[column(left).alias(f"{name}l") for name, (left, _) in zip(names, keys, strict=True)],
        micros(column(at), day).alias("__time"),
        F.struct(*[column(c) for c in spine.columns]).alias("__label"),
    ).crossJoin(F.broadcast(facts))
    labels = labels.withColumn(
        "__bucketl", F.expr("CASE WHEN __time >= __first THEN least(__top, (__time - __first) div __width) END")
    ).drop("__first", "__width", "__top")
    # One number to look up by: Spark's hash table of numbers is far faster than that of rows. Keys and bucket decide all the
    # same, by two inequalities each: Spark would make equalities a part of what it looks up by.
    labels = labels.withColumn("__hashl", F.xxhash64(*[f"{name}l" for name in names], "__bucketl"))
    condition = F.expr("__hashl = __hash AND __bucketl >= __bucket AND __bucketl <= __bucket")
    condition &= F.expr("__time >= __from AND (__to IS NULL OR __time < __to)")
    for name in names:
        condition &= (F.col(f"{name}l") >= F.col(name)) & (F.col(f"{name}l") <= F.col(name))
    joined = labels.join(F.broadcast(spread), condition, "left")
    return joined.select(
        *[F.col(f"__label.`{c}`").alias(c) for c in spine.columns],
        *[F.col(place).alias(output) for output, place in held.items()],
    )
