"""Judging a fitted model beside the baselines and the champion, all on the same frozen rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.lakehouse import Settings
from headwater.training.errors import ChampionLoadError
from headwater.training.judging.bootstrap import paired_bootstrap
from headwater.training.judging.evidence import Champion, Evidence
from headwater.training.judging.metrics import binary_metrics, metrics_by
from headwater.training.plan import TrainingPlan
from headwater.training.registry import registry
from headwater.training.search.trial import probability

__all__ = ["Evaluation", "evaluate", "load_sklearn", "threshold_of"]


@dataclass(frozen=True)
class Evaluation:
    """All that was found on the holdout; `probabilities` by model: ``model``, the baselines' names, ``champion``."""

    label: NDArray[np.int64]
    probabilities: Mapping[str, NDArray[np.float64]]
    metrics: Mapping[str, Mapping[str, float]]
    slices: pd.DataFrame
    months: pd.DataFrame
    evidence: Evidence


def evaluate(
    model: Any,
    inputs: Sequence[str],
    train: pd.DataFrame,
    holdout: pd.DataFrame,
    plan: TrainingPlan,
    *,
    settings: Settings,
    load_model: Callable[[str], Any],
) -> Evaluation:
    """Return the metrics of model, baselines and champion on the holdout, and the evidence for the gate.

    The champion is loaded and scored on these very rows: what it once scored on its own holdout says nothing about
    today's. That it cannot be loaded is part of the evidence.
    """
    label = holdout[plan.label].to_numpy(dtype=np.int64)
    probabilities = {"model": probability(model, holdout[list(inputs)])}
    for baseline in plan.baselines:
        probabilities[baseline.name] = baseline.predict(train, train[plan.label], holdout)
    champion, scored = _champion(plan, holdout, label, probabilities["model"], settings, load_model)
    if scored is not None:
        probabilities["champion"] = scored
    threshold = threshold_of(plan, train)
    metrics = {name: binary_metrics(label, chance, threshold=threshold) for name, chance in probabilities.items()}
    latency = _latency(model, holdout[list(inputs)])
    metrics["model"]["latency_ms"] = latency
    reference = _reference(plan, metrics, scored is not None)
    slices = _slices(plan, holdout, label, probabilities)
    months = metrics_by(pd.DatetimeIndex(holdout[plan.time_column]).strftime("%Y-%m").to_series(), label, probabilities)
    evidence = Evidence(
        metrics=metrics["model"],
        baselines={
            b.name: paired_bootstrap(label, probabilities["model"], probabilities[b.name]) for b in plan.baselines
        },
        champion=champion,
        slices=slices.assign(log_loss_reference=slices[f"log_loss_{reference}"] if reference else np.nan),
        latency_ms=latency,
    )
    return Evaluation(label, probabilities, metrics, slices, months, evidence)


def threshold_of(plan: TrainingPlan, train: pd.DataFrame) -> float:
    """Return the probability from which label 1 is predicted."""
    return float(train[plan.label].mean()) if plan.threshold is None else plan.threshold


def load_sklearn(model_uri: str) -> Any:
    """Return the scikit-learn model behind a model's URI: the bare one, also if it is packaged with a feature spec."""
    import mlflow.sklearn
    from mlflow.artifacts import download_artifacts

    folder = Path(download_artifacts(artifact_uri=model_uri))
    data = mlflow.models.Model.load(str(folder)).flavors.get("python_function", {}).get("data", "")
    packaged = folder / str(data) / "raw_model"
    return mlflow.sklearn.load_model(str(packaged if packaged.is_dir() else folder))


def _champion(
    plan: TrainingPlan,
    holdout: pd.DataFrame,
    label: NDArray[np.int64],
    new: NDArray[np.float64],
    settings: Settings,
    load_model: Callable[[str], Any],
) -> tuple[Champion, NDArray[np.float64] | None]:
    version = registry.champion(plan.model_name, settings=settings)
    if version is None:
        return Champion("none"), None
    number = str(version.version)
    try:
        chance = _score(load_model(f"models:/{plan.model_name}/{number}"), holdout, plan.model_name, number)
    except Exception as error:  # noqa: BLE001 - whatever it is, it refuses the newcomer, with its words
        return Champion("failed", number, f"{type(error).__name__}: {error}"[:2000]), None
    difference = paired_bootstrap(label, new, chance)
    return Champion("compared", number, difference=difference), chance


def _score(old: Any, holdout: pd.DataFrame, model_name: str, version: str) -> NDArray[np.float64]:
    needed = [str(name) for name in old.feature_names_in_]
    missing = [name for name in needed if name not in holdout.columns]
    if missing:
        raise ChampionLoadError(model_name, version, f"its inputs {', '.join(missing)} are not in the training set")
    chance = probability(old, holdout[needed])
    if not np.isfinite(chance).all():
        raise ChampionLoadError(model_name, version, "it gives probabilities that are not finite")
    return chance


def _reference(plan: TrainingPlan, metrics: Mapping[str, Mapping[str, float]], compared: bool) -> str:
    """Return whom slices are compared with: the champion, or the strongest baseline; empty if there is neither."""
    if compared:
        return "champion"
    names = [baseline.name for baseline in plan.baselines]
    return min(names, key=lambda name: metrics[name]["log_loss"], default="")


def _slices(
    plan: TrainingPlan,
    holdout: pd.DataFrame,
    label: NDArray[np.int64],
    probabilities: Mapping[str, NDArray[np.float64]],
) -> pd.DataFrame:
    tables = [metrics_by(holdout[c], label, probabilities).assign(slice=c) for c in plan.slices]
    if not tables:
        empty = metrics_by(pd.Series([], dtype=object), [], {name: [] for name in probabilities})
        tables = [empty.assign(slice=pd.Series([], dtype=object))]
    table = pd.concat(tables, ignore_index=True)
    return table[["slice", *(c for c in table if c != "slice")]]


def _latency(
    model: Any,
    inputs: pd.DataFrame,
    rows: int = 20,
    repeats: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the milliseconds that the model needs to score one row by itself, in this process with one thread.

    Each row is scored several times and its shortest time counts, so that other work on the machine does not decide; of the
    rows, it is the median.

    Parameters
    ----------
    clock
        Gives seconds.
    """
    best = []
    for position in range(min(rows, len(inputs))):
        row, took = inputs.iloc[[position]], []
        for _ in range(repeats):
            began = clock()
            probability(model, row)
            took.append(1000 * (clock() - began))
        best.append(min(took))
    return float(np.median(best))
