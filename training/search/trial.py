"""One trial: a family's member, fitted and judged on every fold. Runs in the driver or in a Spark worker."""

from __future__ import annotations

import time
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.training.data.splits import Fold
from headwater.training.errors import TrainingDataError
from headwater.training.models.families import Columns, ModelFamily
from headwater.training.problems.problem import Answers, Labels, Problem

__all__ = ["Outcome", "Trial", "TrialData", "fit", "outcome_of", "run_trial", "trial_of"]


@dataclass(frozen=True)
class TrialData:
    """What all trials share: inputs, labels as the problem has them, folds, and weights of rows, None: all alike."""

    inputs: pd.DataFrame
    label: Labels
    columns: Columns
    folds: tuple[Fold, ...]
    problem: Problem
    weights: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Trial:
    """The record of one trial.

    `loss` is the problem's mean loss over the folds, None if the trial failed, and `ranking` the mean of its metric that ranks
    models, such as ROC AUC; `seconds` is its own wall time in its worker, without waiting; `error` is the trace of a failed one.
    `status` is ``ok``, ``fail``, ``cancelled``, or ``pruned``: given up after the folds of `fold_losses`, whose mean `loss` is.
    """

    number: int
    family: str
    params: Mapping[str, Any]
    status: str
    loss: float | None = None
    ranking: float | None = None
    fold_losses: tuple[float, ...] = ()
    fold_rankings: tuple[float, ...] = ()
    seconds: float = 0.0
    error: str = ""

    @property
    def failed(self) -> bool:
        """Whether it gave no loss."""
        return self.status not in ("ok", "pruned")

    @property
    def partial_losses(self) -> tuple[float, ...]:
        """The mean loss of its first fold, of its first two, and so on."""
        return tuple(float(np.mean(self.fold_losses[: place + 1])) for place in range(len(self.fold_losses)))


@dataclass(frozen=True)
class Outcome:
    """What a trial's worker sends back."""

    losses: tuple[float, ...] = ()
    rankings: tuple[float, ...] = ()
    seconds: float = 0.0
    error: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    pruned: bool = False


def trial_of(number: int, family: str, params: Mapping[str, Any], outcome: Outcome | None) -> Trial:
    """Return the record of a trial; an outcome of None: it was cancelled."""
    if outcome is None:
        return Trial(number, family, params, "cancelled", error="The trial was cancelled: the search's time was over.")
    if outcome.error:
        return Trial(number, family, params, "fail", seconds=outcome.seconds, error=outcome.error)
    return Trial(
        number=number,
        family=family,
        params=params,
        status="pruned" if outcome.pruned else "ok",
        loss=float(np.mean(outcome.losses)),
        ranking=float(np.mean(outcome.rankings)) if outcome.rankings else None,
        fold_losses=outcome.losses,
        fold_rankings=outcome.rankings,
        seconds=outcome.seconds,
    )


def run_trial(data: TrialData, family: ModelFamily, params: Mapping[str, Any], bars: Sequence[float] = ()) -> Outcome:
    """Return the outcome of one member, fitted and judged on every fold; see :func:`outcome_of`."""

    def judged(fold: Fold) -> tuple[Labels, Answers]:
        to_fit = data.problem.to_fit(data.label[fold.train])
        weights = None if data.weights is None else data.weights[fold.train]
        model = fit(family, params, data.columns, data.inputs.iloc[fold.train], to_fit, weights)
        return data.label[fold.validate], data.problem.answers(model, data.inputs.iloc[fold.validate])

    return outcome_of(data.problem, [partial(judged, fold) for fold in data.folds], params, bars)


def outcome_of(
    problem: Problem,
    folds: Sequence[Callable[[], tuple[Labels, Answers]]],
    params: Mapping[str, Any],
    bars: Sequence[float] = (),
) -> Outcome:
    """Return the losses of one member over all folds, or the trace of what went wrong; raises nothing.

    Parameters
    ----------
    folds
        Each fits the member on a fold, and gives the labels and the answers of its validation.
    bars
        By fold but the last, the mean loss so far above which the trial is given up; none: it is not.
    """
    began = time.perf_counter()
    losses: list[float] = []
    rankings: list[float] = []
    try:
        for place, judged in enumerate(folds):
            labels, answers = judged()
            losses.append(float(problem.losses(labels, answers).mean()))
            rankings.append(problem.ranked(labels, answers))
            if place < len(folds) - 1 and place < len(bars) and np.mean(losses) > bars[place]:
                break
        if not np.isfinite(losses).all():
            return Outcome(
                seconds=time.perf_counter() - began, error=f"The losses are not finite: {losses}", params=params
            )
    except Exception:  # noqa: BLE001 - a trial's failure is a result; the search goes on and shows the trace
        return Outcome(seconds=time.perf_counter() - began, error=traceback.format_exc(), params=params)
    took, pruned = time.perf_counter() - began, len(losses) < len(folds)
    return Outcome(tuple(losses), tuple(rankings), took, params=params, pruned=pruned)


def fit(
    family: ModelFamily,
    params: Mapping[str, Any],
    columns: Columns,
    inputs: pd.DataFrame,
    label: Labels,
    weights: NDArray[np.float64] | None = None,
) -> Any:
    """Return a fitted member of the family, fitted with one thread.

    It is built for the columns that have a value in these rows (boosting cannot bin others), and takes all of them when it
    predicts. Several threads per trial fight over the cores: on a busy machine that costs more than ten times the time.
    """
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    filled = {str(name) for name, any_value in inputs[columns.all].notna().any().items() if any_value}
    model = family.build(params, columns.only(filled))
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # its effect is in the loss
        return model.fit(inputs[columns.all], label, **_weighing(model, weights))


def _weighing(model: Any, weights: NDArray[np.float64] | None) -> dict[str, NDArray[np.float64]]:
    """Return the argument of ``fit`` that gives an estimator, or a pipeline's last step, the rows' weights."""
    from sklearn.utils.validation import has_fit_parameter

    if weights is None:
        return {}
    steps = getattr(model, "steps", None)
    last = model if steps is None else steps[-1][1]
    if not has_fit_parameter(last, "sample_weight"):
        raise TrainingDataError(
            "Weights of rows",
            f"{type(last).__name__}, whose fit takes no sample_weight",
            "Use another family, or no weight.",
        )
    return {"sample_weight" if steps is None else f"{steps[-1][0]}__sample_weight": weights}
