"""Judging a fitted model beside the baselines and the champion, all on the same frozen rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from headwater.lakehouse import Settings
from headwater.training.errors import ChampionLoadError
from headwater.training.judging.bootstrap import paired_losses
from headwater.training.judging.evidence import Champion, Evidence
from headwater.training.plan import TrainingPlan
from headwater.training.problems.groups import metrics_by
from headwater.training.problems.problem import Answers, Labels, Problem
from headwater.training.registry import registry
from headwater.training.spark.model import load_spark_model

__all__ = ["Evaluation", "evaluate", "evaluate_model", "load_judged", "load_sklearn"]


@dataclass(frozen=True)
class Evaluation:
    """All that was found on the holdout; `answers` by model: ``model``, the baselines' names, ``champion``.

    `problem` has what it takes from the training rows, such as a threshold.
    """

    problem: Problem
    label: Labels
    answers: Mapping[str, Answers]
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
    fitted_on = plan.problem.labels(train[plan.label])
    problem = plan.problem.settled(fitted_on)
    label = problem.labels(holdout[plan.label])
    answers = {"model": problem.answers(model, holdout[list(inputs)])}
    targets = problem.targets(fitted_on)
    for baseline in plan.baselines:
        answers[baseline.name] = baseline.predict(train, targets, holdout, centre=problem.centre)
    champion, scored = _champion(plan, problem, holdout, label, answers["model"], settings, load_model)
    if scored is not None:
        answers["champion"] = scored
    metrics = {name: problem.metrics(label, answer) for name, answer in answers.items()}
    latency = _latency(lambda row: problem.answers(model, row), holdout[list(inputs)])
    metrics["model"]["latency_ms"] = latency
    reference = _reference(plan, metrics, scored is not None)
    slices = _slices(plan, problem, holdout, label, answers)
    of_month = pd.DatetimeIndex(holdout[plan.time_column]).strftime("%Y-%m").to_series()
    months = metrics_by(of_month, label, answers, problem=problem)
    losses = problem.losses(label, answers["model"])
    evidence = Evidence(
        metrics=metrics["model"],
        baselines={
            b.name: paired_losses(losses, problem.losses(label, answers[b.name]), metric=problem.loss)
            for b in plan.baselines
        },
        champion=champion,
        slices=slices.assign(
            loss_model=slices[f"{problem.loss}_model"],
            loss_reference=slices[f"{problem.loss}_{reference}"] if reference else np.nan,
        ),
        latency_ms=latency,
        unit=problem.unit,
    )
    return Evaluation(problem, label, answers, metrics, slices, months, evidence)


def evaluate_model(
    model: Any, inputs: Sequence[str], train: pd.DataFrame, holdout: pd.DataFrame, plan: TrainingPlan
) -> dict[str, float]:
    """Return the metrics of a model alone on the holdout."""
    problem = plan.problem.settled(plan.problem.labels(train[plan.label]))
    return problem.metrics(problem.labels(holdout[plan.label]), problem.answers(model, holdout[list(inputs)]))


def load_sklearn(model_uri: str) -> Any:
    """Return the scikit-learn model behind a model's URI: the bare one, also if it is packaged with a feature spec."""
    import mlflow.sklearn

    return mlflow.sklearn.load_model(str(_bare(model_uri)))


def load_judged(model_uri: str) -> Any:
    """Return the bare model behind a model's URI, of scikit-learn or of Spark, in a form that answers frames.

    A model of Spark needs a session in this process.
    """
    import mlflow.models

    folder = _bare(model_uri)
    about = mlflow.models.Model.load(str(folder))
    if "spark" not in about.flavors or "sklearn" in about.flavors:
        return load_sklearn(model_uri)
    return load_spark_model(folder)


def _bare(model_uri: str) -> Path:
    """Return the folder of the model itself, also if it is packaged with a feature spec."""
    import mlflow.models
    from mlflow.artifacts import download_artifacts

    folder = Path(download_artifacts(artifact_uri=model_uri))
    data = mlflow.models.Model.load(str(folder)).flavors.get("python_function", {}).get("data", "")
    packaged = folder / str(data) / "raw_model"
    return packaged if packaged.is_dir() else folder


def _champion(
    plan: TrainingPlan,
    problem: Problem,
    holdout: pd.DataFrame,
    label: Labels,
    new: Answers,
    settings: Settings,
    load_model: Callable[[str], Any],
) -> tuple[Champion, Answers | None]:
    version = registry.champion(plan.model_name, settings=settings)
    if version is None:
        return Champion("none"), None
    number = str(version.version)
    try:
        old = load_model(f"models:/{plan.model_name}/{number}")
        answers = _score(old, problem, holdout, plan.model_name, number)
    except Exception as error:  # noqa: BLE001 - whatever it is, it refuses the newcomer, with its words
        return Champion("failed", number, f"{type(error).__name__}: {error}"[:2000]), None
    difference = paired_losses(problem.losses(label, new), problem.losses(label, answers), metric=problem.loss)
    return Champion("compared", number, difference=difference), answers


def _score(old: Any, problem: Problem, holdout: pd.DataFrame, model_name: str, version: str) -> Answers:
    needed = [str(name) for name in old.feature_names_in_]
    missing = [name for name in needed if name not in holdout.columns]
    if missing:
        raise ChampionLoadError(model_name, version, f"its inputs {', '.join(missing)} are not in the training set")
    answers = problem.answers(old, holdout[needed])
    if not np.isfinite(answers).all():
        raise ChampionLoadError(model_name, version, "it gives answers that are not finite")
    return answers


def _reference(plan: TrainingPlan, metrics: Mapping[str, Mapping[str, float]], compared: bool) -> str:
    """Return whom slices are compared with: the champion, or the strongest baseline; empty if there is neither."""
    if compared:
        return "champion"
    names = [baseline.name for baseline in plan.baselines]
    return min(names, key=lambda name: metrics[name][plan.problem.loss], default="")


def _slices(
    plan: TrainingPlan, problem: Problem, holdout: pd.DataFrame, label: Labels, answers: Mapping[str, Answers]
) -> pd.DataFrame:
    tables = [metrics_by(holdout[c], label, answers, problem=problem).assign(slice=c) for c in plan.slices]
    if not tables:
        nothing = {name: answer[:0] for name, answer in answers.items()}
        empty = metrics_by(pd.Series([], dtype=object), label[:0], nothing, problem=problem)
        tables = [empty.assign(slice=pd.Series([], dtype=object))]
    table = pd.concat(tables, ignore_index=True)
    return table[["slice", *(c for c in table if c != "slice")]]


def _latency(
    score: Callable[[pd.DataFrame], object],
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
    score
        Scores a frame of one row.
    clock
        Gives seconds.
    """
    best = []
    for position in range(min(rows, len(inputs))):
        row, took = inputs.iloc[[position]], []
        for _ in range(repeats):
            began = clock()
            score(row)
            took.append(1000 * (clock() - began))
        best.append(min(took))
    return float(np.median(best))
