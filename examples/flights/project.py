"""The flights as a Headwater project: what the commands ``headwater … --project examples.flights.project`` work on."""

from __future__ import annotations

import datetime as dt

from examples.flights import definitions
from examples.flights.landing import land
from headwater import Project
from headwater.monitoring import AlertPolicy
from headwater.training import Binary, Gate, Holdout, RateBaseline, SearchPlan, TimeFolds, TrainingPlan

MODEL = "main.flights.late"
# Late flights are one in four: a flight is called late from this probability on.
THRESHOLD = 0.3
# The longest that a flight's outcome stays unknown: training rows end this long before what they are judged on.
GAP = dt.timedelta(days=1)


def plan(start: dt.datetime, end: dt.datetime) -> TrainingPlan:
    """Return the training plan that judges on [start, end)."""
    return TrainingPlan(
        model_name=MODEL,
        label="late",
        time_column="prediction_time",
        holdout=Holdout(start, end, gap=GAP),
        exclude=("flight_id",),
        search=SearchPlan(
            trials=10, parallelism=2, folds=TimeFolds(2, gap=GAP), rows=25_000, backend="sparktrials", seed=2013
        ),
        slices=("origin",),
        gate=Gate(),
        experiment="flights",
    )


project = Project(
    name="flights",
    title="Flights out of New York: will it arrive more than 15 minutes late?",
    groups=definitions.GROUPS,
    lookups=definitions.LOOKUPS,
    functions=definitions.FUNCTIONS,
    spine=definitions.to_predict,
    outcomes=definitions.outcomes,
    keys=("flight_id",),
    time_column="prediction_time",
    label="late",
    exclude=definitions.NOT_FOR_THE_MODEL,
    model_name=MODEL,
    baselines=(RateBaseline(), RateBaseline("hour_and_carrier", ("scheduled_hour", "carrier"))),
    problem=Binary(threshold=THRESHOLD),
    plan=plan,
    tables="main.flights",
    land=land,
    label_delay=dt.timedelta(days=3),
    alerts=AlertPolicy(),
    monitor_exclude=("flight", "tailnum", "route", "scheduled_departure"),
)
