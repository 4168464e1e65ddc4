"""Trains on an interval, judges on a holdout, registers, and writes the monitor's baseline."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from headwater import features, lakehouse
from headwater.conventions import MODEL_VERSION, TRAINING_ROWS_TABLE
from headwater.conventions import TRAINING_ROWS as ROWS
from headwater.jobs.registry import END, START, Job, Option
from headwater.outcome import DONE, REFUSED, JobResult

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame, SparkSession

    from headwater.features import TrainingSet
    from headwater.project import Project
    from headwater.training import DecidedTraining, TrainingPlan, TrainingResult

__all__ = ["JOB", "TrainOutcome", "train"]


@dataclass(frozen=True)
class TrainOutcome:
    """The job's result, and training's own; None of a job that only completed what a killed one had decided."""

    job: JobResult
    training: TrainingResult | None


@lakehouse.faults_named()
def train(
    spark: SparkSession,
    project: Project,
    start: dt.datetime,
    holdout: dt.datetime,
    end: dt.datetime,
    *,
    reason: str = "",
    progress: Callable[[str, str], None] | None = None,
) -> TrainOutcome:
    """Train on [start, holdout), judge on [holdout, end); all UTC.

    The training rows are kept in the table ``training_rows``. If the model becomes champion, the monitor's ``baseline``
    becomes these rows, with the model's predictions for the holdout (rows that it was fitted on get none: they would look
    better than they are).

    Run again after a kill, it trains again, unless the killed run had decided already on its model: then the decision stands, and
    what was left to do is done. Run again after it was done, it trains again.

    The job ends with code 3 if the gate refuses.
    """
    from headwater import training

    began = time.monotonic()
    say = progress or (lambda _step, _detail: None)
    settings = lakehouse.settings_of(spark)
    for name, function in project.functions.items():
        features.create_function(spark, function, name)
    spine = project.spine(spark, start, end)
    known = project.outcomes(spark, end).select(*project.keys, project.label)
    training_set = features.create_training_set(
        spine.join(known, list(project.keys)).dropna(subset=[project.label]),
        project.lookups,
        project.label,
        project.exclude,
    )
    table = project.table("training_rows")
    plan = replace(project.training_plan(holdout, end), reason=reason, run_name=f"trained to {holdout:%Y-%m-%d}")
    key = f"{start:%Y-%m-%dT%H:%M:%S} {holdout:%Y-%m-%dT%H:%M:%S} {end:%Y-%m-%dT%H:%M:%S}"
    decided = training.decided_training(plan.model_name, plan.experiment_name, key, spark=spark, settings=settings)
    if decided is not None:
        return _completed(spark, project, training_set, decided, plan, began)
    say("join", "features as of each row's time")
    joined = time.monotonic()
    stored = features.StoredTrainingSet.of(training_set, table)
    rows = stored.load_df()
    say("join", f"done ({time.monotonic() - joined:.1f} s)")
    plan = replace(
        plan,
        tags={
            "headwater.training": key,
            ROWS: str(stored.version),
            TRAINING_ROWS_TABLE: str(lakehouse.resolve(spark, table)),
        },
    )
    result = training.train(stored, plan=plan, settings=settings, progress=progress)
    if result.promoted:
        _write_baseline(spark, project, rows, result.predictions, result.version)
    training.complete_training(result.run_id, settings=settings)
    job = JobResult(
        "train",
        len(result.predictions),
        time.monotonic() - began,
        f"{plan.model_name} version {result.version}: {result.verdict.reason}",
        DONE if result.verdict.passed else REFUSED,
    )
    return TrainOutcome(job, result)


def _completed(
    spark: SparkSession,
    project: Project,
    training_set: TrainingSet,
    decided: DecidedTraining,
    plan: TrainingPlan,
    began: float,
) -> TrainOutcome:
    """Do what a killed job had left to do after its decision: the baseline, unless another version is champion by now."""
    from headwater import training

    if decided.promoted and decided.champion:
        stored = features.StoredTrainingSet(
            training_set.df,
            training_set.feature_spec,
            training_set.labels,
            project.table("training_rows"),
            int(decided.tags[ROWS]),
        )
        _write_baseline(spark, project, stored.load_df(), decided.predictions, decided.version)
    training.complete_training(decided.run_id, settings=lakehouse.settings_of(spark))
    detail = f"{plan.model_name} version {decided.version}: {decided.reason} (A run that was killed had decided this.)"
    code = DONE if decided.promoted else REFUSED
    return TrainOutcome(JobResult("train", len(decided.predictions), time.monotonic() - began, detail, code), None)


def _saved(spark: SparkSession, table: str, rows: DataFrame) -> DataFrame:
    lakehouse.ensure_table(spark, table, rows.schema, comment="Rows of the newest training set; see its version's run")
    lakehouse.overwrite(rows, table, replace_schema=True)
    return lakehouse.read_table(spark, table)


def _write_baseline(
    spark: SparkSession, project: Project, rows: DataFrame, predictions: pd.DataFrame, version: str
) -> None:
    from pyspark.sql import functions as F

    keys, problem = list(project.keys), project.problem
    judged = spark.createDataFrame(
        predictions[keys].assign(__answer=problem.served(predictions)),
        ", ".join(f"{lakehouse.quoted(key)} {_kind(rows, key)}" for key in keys) + f", __answer {problem.result_type}",
    )
    answered = F.col("__answer").isNotNull()
    baseline = rows.join(judged, keys, "left").select(
        *[lakehouse.column(name) for name in rows.columns],
        *[F.when(answered, value).alias(name) for name, value in problem.scored(F.col("__answer")).items()],
        F.lit(version).alias(MODEL_VERSION),
    )
    _saved(spark, project.table("baseline"), baseline)


def _kind(rows: DataFrame, column: str) -> str:
    return rows.schema[column].dataType.simpleString()


def _run(spark: SparkSession, project: Project, **options: Any) -> JobResult:
    from headwater.progress import say

    return train(spark, project, progress=say, **options).job


JOB = Job(
    "train",
    "Train on the rows from start to holdout, judge on those from holdout to end, register, promote or refuse (exit code 3).",
    (
        START,
        Option("holdout", "Start of the rows to judge on, UTC.", dt.datetime),
        END,
        Option("reason", "Reason for the training, written into the run and the promotion log.", default=""),
    ),
    _run,
)
