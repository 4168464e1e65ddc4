"""One trial: a family's member, fitted and judged on every fold. Runs in the driver or in a Spark worker."""

from __future__ import annotations

import time
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.training.data.splits import Fold
from headwater.training.models.classes import positive_column
from headwater.training.models.families import Columns, ModelFamily

__all__ = ["Outcome", "Trial", "TrialData", "fit", "probability", "run_trial", "trial_of"]


@dataclass(frozen=True)
class TrialData:
    """What all trials share: inputs, labels (0 or 1) and folds."""

    inputs: pd.DataFrame
    label: NDArray[np.int64]
    columns: Columns
    folds: tuple[Fold, ...]


@dataclass(frozen=True)
class Trial:
    """The record of one trial.

    `loss` is the mean log loss (natural logarithm) over the folds, None if the trial failed; `seconds` is its own wall
    time in its worker, without waiting; `error` is the trace of a failed one.
    """

    number: int
    family: str
    params: Mapping[str, Any]
    status: str
    loss: float | None = None
    roc_auc: float | None = None
    fold_losses: tuple[float, ...] = ()
    fold_aucs: tuple[float, ...] = ()
    seconds: float = 0.0
    error: str = ""

    @property
    def failed(self) -> bool:
        """Whether it gave no loss."""
        return self.status != "ok"


@dataclass(frozen=True)
class Outcome:
    """What a trial's worker sends back."""

    losses: tuple[float, ...] = ()
    aucs: tuple[float, ...] = ()
    seconds: float = 0.0
    error: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


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
        status="ok",
        loss=float(np.mean(outcome.losses)),
        roc_auc=float(np.mean(outcome.aucs)) if outcome.aucs else None,
        fold_losses=outcome.losses,
        fold_aucs=outcome.aucs,
        seconds=outcome.seconds,
    )


def run_trial(data: TrialData, family: ModelFamily, params: Mapping[str, Any]) -> Outcome:
    """Return the losses of one member over all folds, or the trace of what went wrong; raises nothing."""
    from sklearn.metrics import log_loss, roc_auc_score

    began = time.perf_counter()
    losses, aucs = [], []
    try:
        for fold in data.folds:
            model = fit(family, params, data.columns, data.inputs.iloc[fold.train], data.label[fold.train])
            chance = probability(model, data.inputs.iloc[fold.validate])
            actual = data.label[fold.validate]
            losses.append(float(log_loss(actual, chance, labels=[0, 1])))
            aucs.append(float(roc_auc_score(actual, chance)) if 0 < actual.mean() < 1 else float("nan"))
        if not np.isfinite(losses).all():
            return Outcome(
                seconds=time.perf_counter() - began, error=f"The losses are not finite: {losses}", params=params
            )
    except Exception:  # noqa: BLE001 - a trial's failure is a result; the search goes on and shows the trace
        return Outcome(seconds=time.perf_counter() - began, error=traceback.format_exc(), params=params)
    return Outcome(tuple(losses), tuple(aucs), time.perf_counter() - began, params=params)


def fit(
    family: ModelFamily, params: Mapping[str, Any], columns: Columns, inputs: pd.DataFrame, label: NDArray[np.int64]
) -> Any:
    """Return a fitted member of the family, fitted with one thread.

    It is built for the columns that have a value in these rows (boosting cannot bin others), and takes all of them when it
    predicts. Several threads per trial fight over the cores: on a busy machine that costs more than ten times the time.
    """
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    filled = {str(name) for name, any_value in inputs[columns.all].notna().any().items() if any_value}
    used = Columns(
        numeric=tuple(name for name in columns.numeric if name in filled),
        strings=tuple(name for name in columns.strings if name in filled),
    )
    model = family.build(params, used)
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # its effect is in the loss
        return model.fit(inputs[columns.all], label)


def probability(model: Any, inputs: pd.DataFrame) -> NDArray[np.float64]:
    """Return the probability of label 1 per row, computed with one thread; the classes may write it in any form.

    Raises
    ------
    TrainingDataError
        None of the model's classes is label 1.
    """
    from threadpoolctl import threadpool_limits

    place = positive_column(getattr(model, "classes_", (0, 1)))
    with threadpool_limits(limits=1):
        return np.asarray(model.predict_proba(inputs)[:, place], dtype=np.float64)
