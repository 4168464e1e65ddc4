"""The features, each a few lines."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from examples.flights.landing import LANDINGS, PLANES, SCHEDULE, WEATHER
from headwater.features import (
    AggregationFunction,
    Avg,
    ColumnSelection,
    Count,
    DeltaTableSource,
    Feature,
    FeatureFunction,
    FeatureGroup,
    FeatureLookup,
    SlidingWindow,
    create_function,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ENTITIES = ("origin", "carrier", "route", "tailnum")
HOUR = dt.timedelta(hours=1)
WINDOWS = {"3h": 3 * HOUR, "1d": 24 * HOUR, "7d": 7 * 24 * HOUR, "28d": 28 * 24 * HOUR}
# What was landed carries the schedule's keys, so that a feature of landed flights needs no join.
MEASURES = {"flights": Count("arr_delay"), "delay": Avg("arr_delay"), "late_rate": Avg("late")}
OBSERVED = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib")


def _source(table: str) -> DeltaTableSource:
    return DeltaTableSource(**dict(zip(("catalog_name", "schema_name", "table_name"), table.split("."), strict=True)))


def landed(entity: str) -> FeatureGroup:
    """Return the delays of an entity's landed flights, up to the last full hour: counts, means and late rates."""
    features = tuple(
        Feature(
            source=_source(LANDINGS),
            function=AggregationFunction(measure, SlidingWindow(window_duration=duration, slide_duration=HOUR)),
            entity=entity,
            timeseries_column="landed_at",
            name=f"{entity}_{what}_{short}",
        )
        for what, measure in MEASURES.items()
        for short, duration in WINDOWS.items()
    )
    return FeatureGroup(f"main.flights.{entity}_delays", features, description=f"Delays of landed flights by {entity}")


WEATHER_NOW = FeatureGroup(
    "main.flights.weather",
    tuple(
        Feature(source=_source(WEATHER), function=ColumnSelection(name), entity="origin", timeseries_column="known_at")
        for name in OBSERVED
    ),
    description="Hourly weather at the origin, from the time at which the hour had ended",
)
GROUPS = (*(landed(entity) for entity in ENTITIES), WEATHER_NOW)


def local_hour(at: dt.datetime | None) -> float | None:
    """Return the hour of the day in New York, with minutes as a fraction."""
    if at is None:
        return None
    from zoneinfo import ZoneInfo

    local = at.astimezone(ZoneInfo("America/New_York"))
    return local.hour + local.minute / 60


def scheduled_hour(at: dt.datetime | None) -> str | None:
    """Return the hour of the day in New York as a word, for rates by hour."""
    if at is None:
        return None
    from zoneinfo import ZoneInfo

    return f"{at.astimezone(ZoneInfo('America/New_York')).hour:02d}h"


def weekday(at: dt.datetime | None) -> str | None:
    """Return the day of the week in New York."""
    if at is None:
        return None
    from zoneinfo import ZoneInfo

    return ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[at.astimezone(ZoneInfo("America/New_York")).weekday()]


def plane_age(at: dt.datetime | None, year_built: float | None) -> float | None:
    """Return the age of the plane in years."""
    return None if at is None or year_built is None else float(at.year - year_built)


FUNCTIONS = {
    f"main.flights.{function.__name__}": function for function in (local_hour, scheduled_hour, weekday, plane_age)
}

LOOKUPS = (
    *(
        FeatureLookup(
            f"main.flights.{entity}_delays",
            entity,
            timestamp_lookup_key="prediction_time",
            # After the longest window nothing has landed: the row says so once more, and need not be looked for.
            lookback_window=WINDOWS["28d"] + 24 * HOUR,
        )
        for entity in ENTITIES
    ),
    FeatureLookup(
        "main.flights.weather", "origin", timestamp_lookup_key="prediction_time", lookback_window=dt.timedelta(hours=6)
    ),
    FeatureLookup(PLANES, "tailnum", feature_names=["year_built", "seats", "engine"]),
    FeatureFunction(
        udf_name="main.flights.local_hour", input_bindings={"at": "scheduled_departure"}, output_name="departure_hour"
    ),
    FeatureFunction(udf_name="main.flights.scheduled_hour", input_bindings={"at": "scheduled_departure"}),
    FeatureFunction(
        udf_name="main.flights.weekday", input_bindings={"at": "scheduled_departure"}, output_name="departure_weekday"
    ),
    FeatureFunction(
        udf_name="main.flights.plane_age", input_bindings={"at": "scheduled_departure", "year_built": "year_built"}
    ),
)
# Keys that find the features, but would let the model learn single planes and routes by heart. The plan leaves out the
# flight's id and time as well; they are needed to tell rows apart and to split them.
NOT_FOR_THE_MODEL = ("flight", "tailnum", "route", "scheduled_departure", "year_built")


def register_functions(spark: SparkSession) -> None:
    """Keep the on-demand functions in the catalog."""
    for name, function in FUNCTIONS.items():
        create_function(spark, function, name)


def to_predict(spark: SparkSession, start: dt.datetime, end: dt.datetime) -> DataFrame:
    """Return the flights to be predicted in [start, end): what is known of them two hours before departure."""
    from headwater import lakehouse

    first, last = lakehouse.sql_time(start), lakehouse.sql_time(end)
    within = f"prediction_time >= TIMESTAMP '{first}' AND prediction_time < TIMESTAMP '{last}'"
    return lakehouse.read_table(spark, SCHEDULE).where(within)


def outcomes(spark: SparkSession, as_of: dt.datetime) -> DataFrame:
    """Return what is known of the outcome of flights at a time: flight_id, landed_at, late (0 or 1)."""
    from headwater import lakehouse

    landings = lakehouse.read_table(spark, LANDINGS).where(f"landed_at < TIMESTAMP '{lakehouse.sql_time(as_of)}'")
    return landings.select("flight_id", "landed_at", "late")


def labelled(spark: SparkSession, start: dt.datetime, end: dt.datetime) -> DataFrame:
    """Return the flights of [start, end) whose outcome was known at `end`, with it."""
    return to_predict(spark, start, end).join(outcomes(spark, end).select("flight_id", "late"), "flight_id")
