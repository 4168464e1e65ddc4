"""Scores the rows of an interval into the inference table."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.jobs.registry import END, START, Job
from headwater.lakehouse.errors import HeadwaterError
from headwater.outcome import JobResult

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from pyspark.sql import SparkSession

    from headwater.project import Project
    from headwater.serving import ModelArtifact

__all__ = ["JOB", "NoChampionError", "score"]


class NoChampionError(HeadwaterError):
    """No model may score yet."""

    def __init__(self, model_name: str, tried: str) -> None:
        super().__init__(model_name, tried)
        self.model_name, self.tried = model_name, tried

    def __str__(self) -> str:
        return (
            f"No model of {self.model_name} can score ({self.tried}): train one that the gate passes (`headwater train`), or "
            "make a version champion yourself (training.promote)."
        )


@lakehouse.faults_named()
def score(spark: SparkSession, project: Project, start: dt.datetime, end: dt.datetime) -> JobResult:
    """Score the rows to be predicted in [start, end), UTC, with the champion.

    The batch's rows of the interval in the table ``inference`` are replaced, in one commit: spine, features, ``prediction``,
    ``prediction_proba`` where the problem has it, ``model_version``, and the label, still NULL. Rows that an endpoint wrote stay.
    A champion that does not load is replaced by the
    previous champion, and the result says so.
    """
    from headwater import serving

    began = time.monotonic()
    spine = project.spine(spark, start, end)
    model, version, note = _champion(spark, project.model_name)
    scored = serving.score_batch(model, spine, result_type=project.problem.result_type)
    written = project.inference_table.write_batch(scored, version, start, end)
    return JobResult("score", written, time.monotonic() - began, f"version {version}{note}")


def _champion(spark: SparkSession, model_name: str) -> tuple[ModelArtifact, str, str]:
    """Return the model to score with, opened, its version, and a note if it is not the champion."""
    from headwater import serving
    from headwater.training import use_store

    client = use_store(lakehouse.settings_of(spark))
    tried = []
    for alias in ("champion", "previous_champion"):
        version = _version(client, model_name, alias)
        if version is None:
            tried.append(f"there is no {alias}")
            continue
        try:
            model = serving.open_model(f"models:/{model_name}/{version}")
        except Exception as error:  # noqa: BLE001 - whatever it is, another model can still score
            tried.append(f"{alias}, version {version}, does not load: {error}")
            continue
        return model, version, f" (instead: {'; '.join(tried)})" if tried else ""
    raise NoChampionError(model_name, "; ".join(tried))


def _version(client: MlflowClient, model_name: str, alias: str) -> str | None:
    from mlflow.exceptions import MlflowException

    try:
        return str(client.get_model_version_by_alias(model_name, alias).version)
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "NOT_FOUND"}:
            return None
        raise


JOB = Job("score", "Score the rows of the interval with the champion, into the inference table.", (START, END), score)
