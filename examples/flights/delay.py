"""The flights' arrival delay in minutes, as a project: the same features and lookups as for being late, another problem."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

from examples.flights.landing import LANDINGS
from examples.flights.project import GAP
from examples.flights.project import plan as late_plan
from examples.flights.project import project as late
from headwater import lakehouse
from headwater.training import RateBaseline, Regression, SearchPlan, TimeFolds, TrainingPlan

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

MODEL = "main.flights.delay"


def outcomes(spark: SparkSession, as_of: dt.datetime) -> DataFrame:
    """Return the arrival delays in minutes that were known at a time; early flights have negative ones."""
    landings = lakehouse.read_table(spark, LANDINGS).where(f"landed_at < TIMESTAMP '{lakehouse.sql_time(as_of)}'")
    return landings.select("flight_id", "arr_delay")


def plan(start: dt.datetime, end: dt.datetime) -> TrainingPlan:
    """Return the training plan that judges on [start, end)."""
    return replace(
        late_plan(start, end),
        model_name=MODEL,
        label="arr_delay",
        search=SearchPlan(trials=6, parallelism=2, folds=TimeFolds(2, gap=GAP), rows=25_000, seed=2013),
        gate=None,
        experiment="flights_delay",
    )


# Features, lookups, rows and keys are those of the other project.
project = replace(
    late,
    name="flights_delay",
    title="Flights out of New York: how many minutes late will it arrive?",
    outcomes=outcomes,
    label="arr_delay",
    # Half of the flights are early by a few minutes, and few are late by hours: the median is what a passenger should expect.
    problem=Regression("minutes", error="absolute"),
    model_name=MODEL,
    baselines=(
        RateBaseline("overall_median"),
        RateBaseline("hour_and_carrier", ("scheduled_hour", "carrier")),
    ),
    plan=plan,
    tables="main.flights_delay",
)
