"""Builds a training's rows again from time travel, trains again, and says what differs."""

from __future__ import annotations

import datetime as dt
import math
import time
from typing import TYPE_CHECKING

from headwater import features, lakehouse
from headwater.conventions import TRAINING_ROWS as ROWS
from headwater.jobs.registry import Job, Option
from headwater.lakehouse import InvalidInputError
from headwater.outcome import DONE, REFUSED, JobResult

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater.project import Project

__all__ = ["JOB", "replay"]

_SAME = 1e-9


@lakehouse.faults_named()
def replay(spark: SparkSession, project: Project, run_id: str) -> JobResult:
    """Train once more what a training of the project has trained, and compare the metrics; nothing is logged or changed.

    Rows are built again from the feature tables' versions that the run's training set has noted, and must be the same. The model
    has the run's family and hyperparameters, on the same split.

    Raises
    ------
    InvalidInputError
        The run is no training of this project's model.
    ReplayError
        The rows are not the same.

    Returns
    -------
    JobResult
        With code 0 if all metrics of the holdout are the same to nine digits, else with code 3; the detail has both.
    """
    from mlflow.exceptions import MlflowException

    from headwater.training import replay_training, use_store, versions_used

    began = time.monotonic()
    settings = lakehouse.settings_of(spark)
    try:
        tags = use_store(settings).get_run(run_id).data.tags
    except MlflowException as error:
        raise InvalidInputError(f"There is no run {run_id!r}: {error}") from error
    times = tags.get("headwater.training", "").split()
    if tags.get("headwater.model_name") != project.model_name or len(times) != 3 or ROWS not in tags:
        raise InvalidInputError(
            f"The run {run_id} is no training of {project.model_name} by `headwater train`: give the run of one of its versions, "
            "as `headwater models list` shows them."
        )
    _, holdout, end = (dt.datetime.fromisoformat(one).replace(tzinfo=dt.UTC) for one in times)
    table = project.table("training_rows")
    same = features.TrainingSet.replay(f"v{tags[ROWS]}", table=table)
    stored = features.StoredTrainingSet(same.df, same.feature_spec, same.labels, table, int(tags[ROWS]))
    then, now = replay_training(stored.load_df(), project.training_plan(holdout, end), run_id, settings=settings)
    differing = [name for name in then if not _same(then[name], now[name])]
    said = [f"{name} {then[name]:.6g} then and {now[name]:.6g} now" for name in differing or then]
    used, installed = tags.get("headwater.versions", ""), versions_used()
    other = f" It was trained with {used}, and here is {installed}." if differing and used != installed else ""
    verdict = f"{len(differing)} of {len(then)} metrics differ" if differing else f"the same {len(then)} metrics"
    return JobResult(
        "replay",
        int(now["rows"]),
        time.monotonic() - began,
        f"The same rows, and {verdict}: {', '.join(said)}.{other}",
        REFUSED if differing else DONE,
    )


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_SAME, abs_tol=_SAME) or (math.isnan(one) and math.isnan(other))


JOB = Job(
    "replay",
    "Build a training's rows again, train again, and compare; exit code 3 if the metrics differ.",
    (Option("run_id", "Id of the training's run in MLflow."),),
    replay,
)
