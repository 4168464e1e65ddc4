"""Trains once more what a run has trained: the same rows, family, hyperparameters and seeds. Nothing is logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from headwater.lakehouse import Settings
from headwater.training.errors import TrainingDataError
from headwater.training.evaluation import evaluate_model
from headwater.training.plan import TrainingPlan
from headwater.training.registry.tracking import use_store
from headwater.training.registry.warm_start import hyperparameters
from headwater.training.sources import source_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["replay_training"]


def replay_training(
    rows: DataFrame, plan: TrainingPlan, run_id: str, *, settings: Settings | None = None
) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Return the holdout's metrics that a training's run has logged, and those of its model fitted again on `rows`.

    Parameters
    ----------
    rows
        The run's training set.
    plan
        As the training had it.

    Raises
    ------
    TrainingDataError
        The plan has no family of the run's name, or the run's hyperparameters are not of its space.
    """
    settings = settings or Settings()
    run = use_store(settings).get_run(run_id)
    name = run.data.params.get("family", "")
    family = next((one for one in plan.searched_families if one.name == name), None)
    params = None if family is None else hyperparameters(family, run.data.params)
    if family is None or params is None:
        known = ", ".join(one.name for one in plan.searched_families)
        raise TrainingDataError(
            f"The run {run_id}",
            f"the family {name!r} with {run.data.params}",
            f"The plan has {known}: was it changed since?",
        )
    source = source_of(rows, plan, settings, stored=True)
    try:
        model = source.fit(family, params)
        found = evaluate_model(model, source.columns.all, source.rows, source.holdout, plan)
    finally:
        source.close()
    return {key: run.data.metrics[key] for key in found if key in run.data.metrics}, found
