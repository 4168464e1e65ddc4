"""Trains again if there is a reason to: the monitor asks for it, the policy's time is up, or there is no model yet."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.jobs.registry import AS_OF, Job
from headwater.outcome import DONE, REFUSED, JobResult

if TYPE_CHECKING:
    from mlflow.entities import Run
    from pyspark.sql import SparkSession

    from headwater.project import Project
    from headwater.retraining import Asked

__all__ = ["JOB", "retrain"]

_BEGIN = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@lakehouse.faults_named()
def retrain(spark: SparkSession, project: Project, as_of: dt.datetime) -> JobResult:
    """Decide from the monitor's decisions and the project's policy whether to train as of a time, UTC, and train.

    Rows are those to be predicted before `as_of` whose outcome was known by then; the newest ones, of the policy's length,
    judge. The search begins with the champion's hyperparameters. Run again for the same time, it trains no second time: it gives
    what came of the first, also if that was killed on its way.

    Returns
    -------
    JobResult
        With code 0: trained and promoted, or there was no reason to train; the detail says which. With code 3: trained, and
        the gate refused the model, so that the champion stays.
    """
    from headwater.jobs.train import train

    began = time.monotonic()
    as_of = as_of.replace(tzinfo=dt.UTC) if as_of.tzinfo is None else as_of.astimezone(dt.UTC)
    policy = project.retraining
    runs = _trainings(spark, project)
    own = [run for run in runs if _end(run) == as_of]
    completed = next((run for run in own if "headwater.completed" in run.data.tags), None)
    if completed is not None:
        return _told_again(completed, time.monotonic() - began)
    if not own:
        decided = [end for run in runs if "headwater.version" in run.data.tags and (end := _end(run)) is not None]
        last_end = max(decided, default=None)
        verdict = policy.verdict(as_of, last_end=last_end, asked=_asked(spark, project))
        if not verdict.train:
            return JobResult("retrain", 0, time.monotonic() - began, f"Not trained: {verdict.reason}")
        reason = verdict.reason
    else:
        reason = own[0].data.tags.get("headwater.reason", "")
    holdout = as_of - policy.holdout
    start = _BEGIN if policy.history is None else holdout - policy.history
    warm = replace(project, plan=lambda first, last: replace(project.plan(first, last), warm_start=True))
    job = train(spark, warm, start, holdout, as_of, reason=reason).job
    return replace(job, step="retrain", seconds=time.monotonic() - began, detail=f"{reason} {job.detail}")


def _trainings(spark: SparkSession, project: Project) -> list[Run]:
    """Return the runs of the model's trainings that came to a decision or were killed before it, the newest first."""
    from headwater.training import trainings_of

    return trainings_of(project.model_name, settings=lakehouse.settings_of(spark))


def _end(run: Run) -> dt.datetime | None:
    """Return the end of a training's rows, from its key: start, holdout and end."""
    times = run.data.tags["headwater.training"].split()
    return dt.datetime.fromisoformat(times[-1]).replace(tzinfo=dt.UTC) if len(times) == 3 else None


def _asked(spark: SparkSession, project: Project) -> list[Asked]:
    from headwater.retraining import Asked

    table = project.table("retraining_decisions")
    if not lakehouse.table_exists(spark, table):
        return []
    rows = lakehouse.read_table(spark, table).where("retrain").select("as_of", "reason").collect()
    return [Asked(row["as_of"].replace(tzinfo=dt.UTC), row["reason"]) for row in rows]


def _told_again(run: Run, seconds: float) -> JobResult:
    tags = run.data.tags
    refused = tags.get("headwater.gate") == "refused"
    detail = (
        f"Trained before for this time, as version {tags.get('headwater.version')}: {tags.get('headwater.verdict', '')}"
    )
    return JobResult("retrain", 0, seconds, detail, REFUSED if refused else DONE)


JOB = Job(
    "retrain",
    "Train as of a time if the monitor asks, time is up, or there is no model yet (exit code 3 if the gate refuses).",
    (AS_OF,),
    retrain,
)
