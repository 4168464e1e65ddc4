"""Feature rows that no label can find, left out of a join by the labels' keys and times: Spark finds both as it runs the join."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from features.row_order import exact_micros, is_date
from lakehouse import column

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["rows_of_label_keys", "rows_of_label_times"]

_CENTURY = dt.timedelta(days=36_525)  # longer lookbacks leave nothing out, and could pass the ends of time


def rows_of_label_keys(spine: DataFrame, features: DataFrame, keys: Sequence[tuple[str, str]]) -> DataFrame:
    """Return the feature rows whose keys some label has, by a broadcast semi-join: what a small spine needs of a big table."""
    from pyspark.sql import functions as F

    names = [f"__k{i}" for i in range(len(keys))]
    asked = spine.select(*[column(left).alias(n) for n, (left, _) in zip(names, keys, strict=True)]).dropna().distinct()
    condition = F.lit(True)
    for name, (_, right) in zip(names, keys, strict=True):
        condition &= column(right) == column(name)
    return features.join(F.broadcast(asked), condition, "left_semi")


def rows_of_label_times(
    spine: DataFrame, features: DataFrame, time: tuple[str, str], lookback: dt.timedelta | None
) -> DataFrame:
    """Return the feature rows at or before the latest label time, and no older than `lookback` before the earliest.

    Notes
    -----
    Cost: one pass over the label times, before that of the features. Without a lookback Spark also skips groups of rows in the
    files by it. Days of a lookback are 24 hours: Spark's own subtraction would follow the clocks of the session's time zone.
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
    return features.where(within)
