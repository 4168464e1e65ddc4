"""Windowed aggregations as change rows: what a feature table of them holds.

A windowed feature is a step function of time: for its key it changes only when an event enters or leaves a window. A
feature table holds one row for each of these times, so that the row at or before a time t **is** the function's value at
t, and the point-in-time join needs to know nothing of windows.

With slide g (1 µs for a rolling window) and an event at s: it enters at the first multiple of g after s, and leaves a
window of duration d at the first multiple of g after s + d. Events are first summed into buckets of the greatest common
divisor of slide and durations; then one sort of buckets and change times gives all windows as range frames.

A frame is summed anew for each row. Running totals that add what enters and subtract what leaves would do less work, but
give other last digits of floating-point sums depending on where a run began; a materialisation in steps must give the
same values as one in one go.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from features.definitions import AggregationFunction, Avg, Count, FeatureGroup, Max, Min, Operator, Sum
from features.windows import grid, micros

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["change_rows", "reach"]


def reach(group: FeatureGroup) -> dt.timedelta:
    """Return how far before an interval's start its events begin: the longest window, its delay and one slide."""
    if not _aggregations(group):
        return dt.timedelta(0)
    functions = _aggregations(group).values()
    longest = max(function.time_window.window_duration + function.time_window.delay for function in functions)
    return longest + dt.timedelta(microseconds=max(f.time_window.slide_micros for f in functions))


def change_rows(group: FeatureGroup, events: DataFrame, start: dt.datetime, end: dt.datetime) -> DataFrame:
    """Return the rows of a feature table with `start` ≤ time < `end` (UTC).

    Parameters
    ----------
    group
        Aggregations that share slide and delay.
    events
        The source's rows from ``start - reach(group)`` (inclusive) to `end` (exclusive) at least; others do no harm.
        Rows with a NULL entity or time are passed over.

    Returns
    -------
    DataFrame
        Columns: the entity, `group.timestamp`, one per feature; one row per entity and time at which a window changes.

    Notes
    -----
    Two shuffles by the entity (Spark merges them), one sort; lazy. Sums of floating-point numbers are summed within
    buckets first, in no stated order: equal to a plain sum up to rounding.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    functions = _aggregations(group)
    windows = [function.time_window for function in functions.values()]
    slide, delay, width = windows[0].slide_micros, micros(windows[0].delay), grid(windows)
    keys = [F.col(f"`{name}`") for name in group.entity]
    time = F.unix_micros(F.col(f"`{group.timeseries_column}`"))
    known = time.isNotNull()
    for key in keys:
        known &= key.isNotNull()
    inputs = {function.operator.input for function in functions.values()}
    partials = [part for name in sorted(inputs) for part in _partials(name, functions.values(), events)]
    buckets = (
        events.where(known)
        .groupBy(*keys, _after(time, width).alias("__at"))
        .agg(*partials)
        .withColumn("__row", F.lit(False))
    )
    durations = sorted({micros(window.window_duration) for window in windows})
    event_ends = [_after(F.col("__at") - 1, slide)] + [_after(F.col("__at") - 1 + d, slide) for d in durations]
    first, last = _epoch_micros(start) - delay, _epoch_micros(end) - delay
    changes = (
        buckets.select(*keys, F.explode(F.array(*event_ends)).alias("__at"))
        .where((F.col("__at") >= first) & (F.col("__at") < last))
        .distinct()
        .withColumn("__row", F.lit(True))
    )
    ordered = Window.partitionBy(*keys).orderBy("__at")
    values = [
        _value(function.operator, ordered.rangeBetween(1 - micros(function.time_window.window_duration), 0)).alias(name)
        for name, function in functions.items()
    ]
    return (
        buckets.unionByName(changes, allowMissingColumns=True)
        .select(*keys, "__at", "__row", *values)
        .where("__row")
        .select(
            *keys, F.timestamp_micros(F.col("__at") + delay).alias(group.timestamp), *[_quoted(n) for n in functions]
        )
    )


def _aggregations(group: FeatureGroup) -> dict[str, AggregationFunction]:
    return {str(f.name): f.function for f in group.features if isinstance(f.function, AggregationFunction)}


def _partials(name: str, functions: Iterable[AggregationFunction], events: DataFrame) -> list[Column]:
    from pyspark.sql import functions as F

    column = F.col(f"`{name}`")
    used = {type(f.operator) for f in functions if f.operator.input == name}
    number = column.cast("bigint") if events.schema[name].dataType.typeName() == "boolean" else column
    parts = []
    if used & {Count, Avg}:
        parts.append(F.count(column).alias(f"__count_{name}"))
    if used & {Sum, Avg}:
        parts.append(F.sum(number).alias(f"__sum_{name}"))
    if Min in used:
        parts.append(F.min(column).alias(f"__min_{name}"))
    if Max in used:
        parts.append(F.max(column).alias(f"__max_{name}"))
    return parts


def _value(operator: Operator, frame: object) -> Column:
    from pyspark.sql import functions as F

    name = operator.input

    def over(aggregate: Column) -> Column:
        return aggregate.over(frame)  # type: ignore[arg-type]

    if isinstance(operator, Count):
        return F.coalesce(over(F.sum(f"__count_{name}")), F.lit(0).cast("bigint"))
    if isinstance(operator, Sum):
        return over(F.sum(f"__sum_{name}"))
    if isinstance(operator, Avg):
        total, count = over(F.sum(f"__sum_{name}")), over(F.sum(f"__count_{name}"))
        return F.when(count > 0, total.cast("double") / count)
    return over(F.min(f"__min_{name}")) if isinstance(operator, Min) else over(F.max(f"__max_{name}"))


def _after(time: Column, step: int) -> Column:
    """Return the first multiple of `step` after `time`, both in microseconds since 1970; also before 1970."""
    from pyspark.sql import functions as F

    return time - F.pmod(time, F.lit(step)) + step


def _epoch_micros(time: dt.datetime) -> int:
    aware = time if time.tzinfo else time.replace(tzinfo=dt.UTC)
    return micros(aware - dt.datetime(1970, 1, 1, tzinfo=dt.UTC))


def _quoted(name: str) -> Column:
    from pyspark.sql import functions as F

    return F.col(f"`{name}`")
