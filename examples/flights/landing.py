"""Lands raw rows in Delta as operations would deliver them: each step brings what became known in its interval."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from examples.flights import raw
from headwater import lakehouse
from headwater.features import create_feature_table, get_feature_table, write_feature_table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCHEDULE, LANDINGS, WEATHER, PLANES = (
    f"main.flights.{name}" for name in ("schedule", "landings", "weather_raw", "planes")
)


@dataclass(frozen=True)
class _Feed:
    """Rows that arrive: their table, the time by which a step gets them, and their columns."""

    table: str
    known_at: str
    columns: tuple[str, ...]

    def rows(self) -> pd.DataFrame:
        """Return all rows that will ever arrive."""
        return raw.weather() if self.table == WEATHER else raw.flights()


FEEDS = (
    _Feed(
        SCHEDULE,
        "prediction_time",
        (
            *("flight_id", "carrier", "flight", "tailnum", "origin", "dest", "route", "distance"),
            *("scheduled_departure", "scheduled_arrival_clock", "prediction_time"),
        ),
    ),
    _Feed(
        LANDINGS,
        "landed_at",
        (
            "flight_id",
            "carrier",
            "tailnum",
            "origin",
            "route",
            "landed_at",
            "dep_delay",
            "arr_delay",
            "air_time",
            "late",
        ),
    ),
    _Feed(
        WEATHER,
        "known_at",
        (
            *("origin", "observed_at", "known_at", "temp", "dewp", "humid", "wind_dir"),
            *("wind_speed", "wind_gust", "precip", "pressure", "visib"),
        ),
    ),
)


def land(spark: SparkSession, start: dt.datetime, end: dt.datetime) -> int:
    """Write the raw rows that became known in [start, end), UTC; return how many.

    Run again, it gives the same tables. The planes' register comes whole with the first step.
    """
    rows = {feed: _between(feed, start, end) for feed in FEEDS}
    with ThreadPoolExecutor(len(FEEDS)) as pool:
        list(pool.map(lambda feed: _write(spark, feed, rows[feed], start, end), FEEDS))
    if not lakehouse.table_exists(spark, PLANES):
        create_feature_table(
            spark,
            PLANES,
            "tailnum",
            schema=spark.createDataFrame(raw.planes()).schema,
            description="Planes by tail number, from the register",
        )
    if lakehouse.read_table(spark, get_feature_table(spark, PLANES).name).isEmpty():
        write_feature_table(spark.createDataFrame(raw.planes()), PLANES)
    return sum(len(frame) for frame in rows.values())


def _between(feed: _Feed, start: dt.datetime, end: dt.datetime) -> pd.DataFrame:
    frame = feed.rows()
    known_at = frame[feed.known_at]
    within = (known_at >= _naive(start)) & (known_at < _naive(end))
    return frame.loc[within, list(feed.columns)].sort_values(feed.known_at)


def _write(spark: SparkSession, feed: _Feed, frame: pd.DataFrame, start: dt.datetime, end: dt.datetime) -> None:
    empty = feed.rows().head(100)[list(feed.columns)]
    schema = spark.createDataFrame(empty).schema
    if not lakehouse.table_exists(spark, feed.table):
        lakehouse.create_table(spark, feed.table, schema, cluster_by=[feed.known_at])
    rows = spark.createDataFrame(frame, schema).coalesce(1)
    lakehouse.replace_interval(rows, feed.table, feed.known_at, start, end)


def _naive(time: dt.datetime) -> pd.Timestamp:
    stamp = pd.Timestamp(time)
    return stamp.tz_convert("UTC").tz_localize(None) if stamp.tzinfo else stamp
