"""Declared windows at the times of given rows: the one evaluation behind training sets, scores and feature tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from headwater.features.definitions.feature import AggregationFunction
from headwater.features.definitions.windows import (
    DAY_MICROS,
    SawtoothWindow,
    TimeWindow,
    epoch_micros,
    length_micros,
    micros,
    reach_micros,
)
from headwater.features.windows.scan import Windowed, WindowEdges, WindowScan
from headwater.lakehouse import column

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["change_times", "windows_at"]


def windows_at(
    spine: DataFrame,
    events: DataFrame,
    functions: Mapping[str, AggregationFunction],
    *,
    keys: Sequence[tuple[str, str]],
    time: tuple[str, str],
) -> DataFrame:
    """Return each row of `spine`, once, with a column for each aggregation of the events before its time.

    Parameters
    ----------
    spine
        Label rows; duplicates stay duplicates. A NULL key matches no event: counts are 0, all else is NULL. A row with a
        NULL time has no window: all is NULL.
    events
        Rows that are aggregated; those with a NULL key or time are passed over.
    functions
        By output name. Their windows may differ in everything.
    keys, time
        Pairs of columns, of `spine` and of `events`; the times are TIMESTAMP.

    Notes
    -----
    One shuffle by the keys and one sort of both sides together, whatever the number of windows, then a pass in Python by
    Arrow batches (:mod:`headwater.features.windows.scan`). Rows of the spine travel through Arrow too. Lazy; no Spark job.
    """
    from pyspark.sql import functions as F
    from pyspark.sql.pandas.types import to_arrow_schema
    from pyspark.sql.types import StructField, StructType

    names = [f"__k{i}" for i in range(len(keys))]
    label_time, event_time = time
    labels = spine.select(
        *[column(left).alias(name) for name, (left, _) in zip(names, keys, strict=True)],
        F.unix_micros(column(label_time)).alias("__at"),
        F.struct(*[column(name) for name in spine.columns]).alias("__label"),
    )
    inputs = {given: f"__v{i}" for i, given in enumerate(sorted({f.operator.input for f in functions.values()}))}
    reach = reach_micros([function.time_window for function in functions.values()])
    at = F.unix_micros(column(event_time))
    counts = at.isNotNull()
    for _, right in keys:
        counts &= column(right).isNotNull()
    rows = events.where(counts).select(
        *[column(right).alias(name) for name, (_, right) in zip(names, keys, strict=True)],
        at.alias("__at"),
        *[column(given).alias(name) for given, name in inputs.items()],
    )
    kinds = {name: f.operator.returns(events.schema[f.operator.input].dataType) for name, f in functions.items()}
    wanted = [
        Windowed(
            f"__f{i}",
            f.operator,
            inputs[f.operator.input],
            edges(f.time_window),
            f"{name} ({f.operator.title})",
        )
        for i, (name, f) in enumerate(functions.items())
    ]
    found = StructType([StructField(one.name, kind) for one, kind in zip(wanted, kinds.values(), strict=True)])
    scan = WindowScan(tuple(names), tuple(wanted), reach, to_arrow_schema(found, timezone="UTC"))
    both = labels.unionByName(rows, allowMissingColumns=True)
    out = StructType([StructField("__label", labels.schema["__label"].dataType), *found.fields])
    scanned = both.repartition(*names).sortWithinPartitions(*names, "__at").mapInArrow(scan, out)
    return scanned.select(
        *[F.col("__label").getField(name).alias(name) for name in spine.columns],
        *[F.col(one.name).alias(name) for one, name in zip(wanted, functions, strict=True)],
    )


def change_times(
    events: DataFrame, windows: Sequence[TimeWindow], *, keys: Sequence[str], time: str, name: str
) -> DataFrame:
    """Return the keys and the times (`name`) at which an event enters or leaves one of the windows; lazy.

    Between two of a key's times all its windows stay as they are.
    """
    from pyspark.sql import functions as F

    at = F.unix_micros(column(time))
    known = at.isNotNull()
    for key in keys:
        known &= column(key).isNotNull()
    moments = [moment for window in dict.fromkeys(windows) for moment in _changes(window, at)]
    return (
        events.where(known)
        .select(*[column(key) for key in keys], F.explode(F.array(*moments)).alias("__at"))
        .distinct()
        .select(*[column(key) for key in keys], F.timestamp_micros("__at").alias(name))
    )


def edges(window: TimeWindow) -> WindowEdges:
    """Return the numbers of a window."""
    return WindowEdges(
        slide=window.slide_micros,
        delay=micros(window.delay),
        offset=micros(window.offset),
        duration=None if window.is_lifetime else length_micros(window),
        since=None if window.start_time is None else epoch_micros(window.start_time),
        daily=isinstance(window, SawtoothWindow),
    )


def _changes(window: TimeWindow, at: Column) -> list[Column]:
    """Return when an event enters the window, and when it leaves it, in microseconds."""
    from pyspark.sql import functions as F

    def after(time: Column, step: int, offset: int) -> Column:
        moved = time - offset
        return moved - F.pmod(moved, F.lit(step)) + step + offset

    slide, delay, offset = window.slide_micros, micros(window.delay), micros(window.offset)
    moments = [after(at, slide, offset) + delay]
    if window.is_lifetime:
        return moments
    length = length_micros(window)
    if isinstance(window, SawtoothWindow):
        return [*moments, after(at, DAY_MICROS, 0) + length + delay]
    return [*moments, after(at + length, slide, offset) + delay]
