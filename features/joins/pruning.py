"""Feature rows that no label can find, left out of a join by the labels' keys and times: Spark finds both as it runs the join."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.features.joins.columns import exact_micros, is_date, none_is_null
from headwater.lakehouse import column

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["rows_of_label_keys", "rows_of_label_times"]

_CENTURY = dt.timedelta(days=36_525)  # longer lookbacks leave nothing out, and could pass the ends of time
_GROUPS = 2**16


def rows_of_label_keys(spine: DataFrame, features: DataFrame, keys: Sequence[tuple[str, str]]) -> DataFrame:
    """Return the feature rows whose keys some label has, by a broadcast semi-join: what a small spine needs of a big table."""
    from pyspark.sql import functions as F

    names = [f"__k{i}" for i in range(len(keys))]
    label_keys = spine.select(*[column(left).alias(name) for name, (left, _) in zip(names, keys, strict=True)])
    asked = label_keys.where(none_is_null(names)).distinct()
    condition = F.lit(True)
    for name, (_, right) in zip(names, keys, strict=True):
        condition &= column(right) == column(name)
    return features.join(F.broadcast(asked), condition, "left_semi")


def rows_of_label_times(
    spine: DataFrame,
    features: DataFrame,
    time: tuple[str, str],
    lookback: dt.timedelta | None,
    keys: Sequence[str] = (),
) -> DataFrame:
    """Return the feature rows that labels of the spine's span of time can find, and perhaps some more.

    None is after the latest label time. With a lookback none is older than that before the earliest; without one, the newest
    row of each key before the earliest label time is kept, and of those before it as few as can be told.

    Parameters
    ----------
    keys
        Key columns of the features whose hash tells equal keys. None: old rows are kept where there is no lookback.

    Notes
    -----
    Cost: one pass over the label times, before that of the features. Without a lookback Spark also skips groups of rows in the
    files by it; with `keys` it reads keys and times of the rows before the labels once more, and shuffles one time of each
    key. What goes to all tasks is of one size for any number of keys: they share 65,536 times, each the earliest of its keys',
    so that a key without new rows keeps some old ones of the keys beside it.

    Days of a lookback are 24 hours: Spark's own subtraction would follow the clocks of the session's time zone.
    """
    from pyspark.sql import functions as F

    at, ts = column(time[0]), column(time[1])
    within = ts <= spine.select(F.max(at)).scalar()
    if lookback is not None and lookback < _CENTURY:
        if is_date(spine, time[0]):
            first = F.date_sub(F.min(at), lookback.days)
        else:
            first = F.timestamp_micros(F.min(F.unix_micros(at)) - exact_micros(lookback))
        within &= ts >= spine.select(first).scalar()
    elif keys:
        first = spine.select(F.min(at)).scalar()
        newest = _newest_by_group(features.where(ts < first), keys, time[1]).scalar()
        within &= ts >= F.coalesce(F.get(newest, _group(keys)), first)
    return features.where(within)


def _group(keys: Sequence[str]) -> Column:
    from pyspark.sql import functions as F

    return F.pmod(F.xxhash64(*map(column, keys)), F.lit(_GROUPS)).cast("int")


def _newest_by_group(rows: DataFrame, keys: Sequence[str], time: str) -> DataFrame:
    """Return one row of an array: by group of keys, the earliest of its keys' newest times; NULL where it has no rows."""
    from pyspark.sql import functions as F

    newest = rows.groupBy(*map(column, keys)).agg(F.max(column(time)).alias("__newest"))
    there = newest.select(_group(keys).alias("group"), "__newest")
    every = rows.sparkSession.range(_GROUPS).selectExpr("CAST(id AS INT) AS group", "NULL AS __newest")
    earliest = there.unionByName(every).groupBy("group").agg(F.min("__newest").alias("newest"))
    return earliest.select(
        F.transform(F.array_sort(F.collect_list(F.struct("group", "newest"))), lambda one: one["newest"])
    )
