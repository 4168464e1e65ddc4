"""Evaluates feature groups over intervals, into Delta feature tables."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.features.definitions.feature import AggregationFunction
from headwater.features.definitions.group import FeatureGroup
from headwater.features.definitions.sources import column_types
from headwater.features.definitions.windows import reach_micros
from headwater.features.evaluation.row_functions import row_value
from headwater.features.tables.declare import create_feature_table
from headwater.features.windows.change_rows import change_rows, serves
from headwater.features.windows.window_join import change_times, windows_at
from headwater.lakehouse import InvalidInputError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["Materialization", "evaluate_group", "materialize", "materialize_all", "materialized"]

_COVERAGE = "headwater.materialized"
Interval = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True)
class Materialization:
    """What a materialisation did: table, interval (inclusive, exclusive; UTC), rows written, seconds."""

    table: str
    start: dt.datetime
    end: dt.datetime
    rows: int
    seconds: float


def evaluate_group(spark: SparkSession, group: FeatureGroup, start: dt.datetime, end: dt.datetime) -> DataFrame:
    """Return the rows of the group's feature table with `start` ≤ time < `end`, computed from the source; lazy.

    For aggregations there is a row for each time at which a window changes, see
    :mod:`headwater.features.windows.change_rows`; sums, means, counts and extremes of plain windows are taken
    from buckets there, all else is computed at these times as a training set computes it. For columns and functions of rows: the
    source's rows of the interval; of several with one entity and time the greatest, column by column, NULL lowest.
    """
    from pyspark.sql import functions as F

    rows = group.source.load_df(spark)
    needed = [name for feature in group.features for name in feature.inputs]
    kinds = column_types(
        rows, [*group.entity, group.timeseries_column, *needed], group.source.full_name, f"needed by {group.table}"
    )
    found = kinds[group.timeseries_column].simpleString()
    if found != "timestamp":
        raise lakehouse.ColumnTypeError(group.source.full_name, {group.timeseries_column: (found, "timestamp")})
    known_at = lakehouse.column(group.timeseries_column)
    functions = {str(f.name): f.function for f in group.features if isinstance(f.function, AggregationFunction)}
    first, last = (F.lit(lakehouse.sql_time(time)).cast("timestamp") for time in (start, end))
    windows = [function.time_window for function in functions.values()]
    reach = reach_micros(windows) if windows else 0
    rows = rows.where(known_at < last)
    if reach is not None:
        rows = rows.where(
            known_at >= F.lit(lakehouse.sql_time(start - dt.timedelta(microseconds=reach))).cast("timestamp")
        )
    if functions and serves(group):
        return change_rows(group, rows, start, end)
    keys = [lakehouse.column(name) for name in group.entity]
    at = lakehouse.column(group.timestamp)
    if functions:
        changes = change_times(rows, windows, keys=group.entity, time=group.timeseries_column, name=group.timestamp)
        return windows_at(
            changes.where((at >= first) & (at < last)),
            rows,
            functions,
            keys=[(key, key) for key in group.entity],
            time=(group.timestamp, group.timeseries_column),
        )
    values = F.struct(*[row_value(spark, f, rows).alias(str(f.name)) for f in group.features])
    valued = rows.dropna(subset=list(group.entity)).select(
        *keys, known_at.alias(group.timestamp), values.alias("__row")
    )
    newest = valued.groupBy(*keys, at).agg(F.max("__row").alias("__values"))
    return newest.select(*keys, at, "__values.*")


@lakehouse.faults_named()
def materialize(spark: SparkSession, group: FeatureGroup, start: dt.datetime, end: dt.datetime) -> Materialization:
    """Compute the group over an interval and write it into its feature table, which is made if it is not there.

    Parameters
    ----------
    start, end
        UTC; inclusive, exclusive. The interval's rows replace what the table has there, in one commit: run again, also
        after being killed at any point, it gives the same table.

    Notes
    -----
    Reads the source's rows of the interval and of the longest window before it, not its history, if the source's files
    can be told apart by time (Delta's statistics). What has been materialised is kept as a table property, see
    :func:`materialized`.

    Examples
    --------
    See ``examples/flights/definitions.py``.
    """
    start, end = _utc(start), _utc(end)
    if start >= end:
        raise InvalidInputError(f"The interval for {group.table} is empty: start {start} is not before end {end}.")
    began = time.monotonic()
    rows = evaluate_group(spark, group, start, end)
    table = create_feature_table(
        spark,
        group.table,
        [*group.entity, group.timestamp],
        timeseries_column=group.timestamp,
        schema=rows.schema,
        description=group.description,
    )
    before = lakehouse.table_version(spark, table.name)
    lakehouse.replace_interval(rows, table.name, group.timestamp, start, end, evolve=True)
    written = lakehouse.rows_written(spark, table.name, since=before)
    with lakehouse.table_lock(spark, lakehouse.complete(spark, table.name)):  # two intervals at a time are both noted
        covered = _joined([*materialized(spark, table.name), (start, end)])
        value = json.dumps([[a.isoformat(), b.isoformat()] for a, b in covered])
        lakehouse.set_table_properties(spark, table.name, {_COVERAGE: value})
    return Materialization(table.name, start, end, written, time.monotonic() - began)


def materialize_all(
    spark: SparkSession, groups: Sequence[FeatureGroup], start: dt.datetime, end: dt.datetime, *, threads: int = 4
) -> list[Materialization]:
    """Materialise several groups over one interval, side by side: small steps are mostly waiting for commits."""
    from pyspark import inheritable_thread_target

    with ThreadPoolExecutor(min(threads, len(groups) or 1)) as pool:
        one = inheritable_thread_target(spark)(lambda group: materialize(spark, group, start, end))
        return list(pool.map(one, groups))


def materialized(spark: SparkSession, table: str) -> list[Interval]:
    """Return the intervals that a feature table has been computed for, joined and in order; UTC, end exclusive."""
    value = lakehouse.table_properties(spark, table).get(_COVERAGE, "[]")
    return [(dt.datetime.fromisoformat(a), dt.datetime.fromisoformat(b)) for a, b in json.loads(value)]


def _joined(intervals: Sequence[Interval]) -> list[Interval]:
    """Join intervals that touch or overlap.

    Examples
    --------
    >>> _joined([(3, 4), (1, 2), (2, 3), (6, 7)])
    [(1, 4), (6, 7)]
    """
    joined: list[Interval] = []
    for start, end in sorted(intervals):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _utc(time_: dt.datetime) -> dt.datetime:
    return time_.astimezone(dt.UTC) if time_.tzinfo else time_.replace(tzinfo=dt.UTC)
