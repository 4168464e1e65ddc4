"""Trainings that were killed after they had decided: what they decided, so that their job can be completed, not done again."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from headwater.lakehouse import Settings
from headwater.training.registry.registry import finish_decision
from headwater.training.registry.tracking import filter_text, use_store

if TYPE_CHECKING:
    from mlflow.entities import Run
    from pyspark.sql import SparkSession

__all__ = ["DecidedTraining", "complete_training", "decided_training", "log_predictions", "trainings_of"]

_KEY = "headwater.training"  # tag of a run: which training of the model it is
_COMPLETED = "headwater.completed"
_PREDICTIONS = "tables/predictions.parquet"


@dataclass(frozen=True)
class DecidedTraining:
    """A training whose decision was taken, and whose job did not come to its end.

    Attributes
    ----------
    promoted
        Whether the version was made champion; else it was refused.
    champion
        Whether it is champion now.
    predictions
        As :attr:`training.TrainingResult.predictions` had them.
    tags
        The run's tags, those of the plan among them.
    """

    run_id: str
    version: str
    promoted: bool
    champion: bool
    reason: str
    predictions: pd.DataFrame
    tags: Mapping[str, str]


def decided_training(
    model_name: str,
    experiment: str,
    key: str,
    *,
    spark: SparkSession | None = None,
    settings: Settings | None = None,
) -> DecidedTraining | None:
    """Return the newest training of this key if it has decided and is not marked as completed, else None.

    Its decision is carried out to the end first, see :func:`training.finish_decision`.

    Parameters
    ----------
    key
        The tag ``headwater.training`` of the plan: which training of the model it is.
    """
    import mlflow

    settings = settings or Settings()
    client = use_store(settings)
    place = client.get_experiment_by_name(experiment)
    if place is None:
        return None
    where = f"tags.`{_KEY}` = '{key}' AND tags.`headwater.model_name` = {filter_text(model_name)}"
    runs = client.search_runs([place.experiment_id], where, order_by=["attributes.start_time DESC"], max_results=1)
    if not runs or _COMPLETED in runs[0].data.tags or "headwater.version" not in runs[0].data.tags:
        return None
    run, version = runs[0], runs[0].data.tags["headwater.version"]
    finish_decision(model_name, spark=spark, settings=settings)
    tags = client.get_model_version(model_name, version).tags
    if tags.get("headwater.action") not in ("promote", "refuse"):
        return None
    with tempfile.TemporaryDirectory() as scratch:
        file = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=_PREDICTIONS, dst_path=scratch)
        predictions = pd.read_parquet(file)
    aliases = client.get_registered_model(model_name).aliases
    return DecidedTraining(
        run.info.run_id,
        version,
        tags["headwater.action"] == "promote",
        str(aliases.get("champion", "")) == version,
        tags["headwater.reason"],
        predictions,
        dict(run.data.tags),
    )


def trainings_of(model_name: str, *, settings: Settings | None = None) -> list[Run]:
    """Return the runs of a model's trainings that have a key (the tag ``headwater.training``), the newest first."""
    client = use_store(settings or Settings())
    experiments = [one.experiment_id for one in client.search_experiments()]
    where = f"tags.`headwater.model_name` = {filter_text(model_name)} AND tags.`{_KEY}` != ''"
    return list(client.search_runs(experiments, where, order_by=["attributes.start_time DESC"], max_results=1000))


def complete_training(run_id: str, *, settings: Settings | None = None) -> None:
    """Mark a run's training as completed: all that its job does after the decision is done."""
    client = use_store(settings or Settings())
    client.set_tag(run_id, _COMPLETED, "true")
    if client.get_run(run_id).info.status != "FINISHED":
        client.set_terminated(run_id, status="FINISHED")


def log_predictions(predictions: pd.DataFrame) -> None:
    """Log the holdout's predictions with the active run, from where a completed job takes them."""
    import mlflow

    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / Path(_PREDICTIONS).name
        predictions.to_parquet(file, index=False)
        mlflow.log_artifact(str(file), str(Path(_PREDICTIONS).parent))
