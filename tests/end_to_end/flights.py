"""A small run of the flights project: three weeks of history, one week of scores, a small search."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from examples.flights.project import plan as full_plan
from examples.flights.project import project as full_project
from headwater import Project, jobs
from headwater.jobs import TrainOutcome
from headwater.training import SearchPlan, TimeFolds

BEGIN, HOLDOUT, LIVE, MIDDLE, END = (dt.datetime(2013, 1, day, tzinfo=dt.UTC) for day in (1, 18, 22, 24, 26))


def _plan(start, end):
    search = SearchPlan(trials=2, folds=TimeFolds(1), rows=3000, backend="local", seed=1)
    return replace(full_plan(start, end), search=search)


small = replace(full_project, plan=_plan)


@dataclass(frozen=True)
class Run:
    """The project, and what its training said."""

    project: Project
    trained: TrainOutcome


def small_run(spark):
    """Land, materialise, train, score, label: once for the whole run."""
    jobs.land(spark, small, BEGIN, LIVE)
    jobs.materialize(spark, small, BEGIN, LIVE)
    trained = jobs.train(spark, small, BEGIN, HOLDOUT, LIVE, reason="test")
    for start, end in ((LIVE, MIDDLE), (MIDDLE, END)):
        jobs.land(spark, small, start, end)
        jobs.materialize(spark, small, start, end)
        jobs.score(spark, small, start, end)
        jobs.label(spark, small, start, end)
    return Run(small, trained)
