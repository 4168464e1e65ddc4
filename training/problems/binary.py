"""A label of 0 and 1, answered by the probability of 1."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.conventions import PREDICTION, PREDICTION_PROBA
from headwater.lakehouse import InvalidInputError
from headwater.training.problems import plots
from headwater.training.problems.classes import positive_column, probabilities_of
from headwater.training.problems.labels import no_odd_labels
from headwater.training.problems.metrics import binary_metrics, log_losses, roc_auc
from headwater.training.problems.problem import Answers, Labels

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow.types import Schema
    from pyspark.sql import Column

    from headwater.training.models.families import ModelFamily

__all__ = ["Binary"]


@dataclass(frozen=True)
class Binary:
    """Whether something happens: the label is 0 or 1, a number or a boolean.

    Parameters
    ----------
    threshold
        Probability from which 1 is predicted; None: the training rows' rate of label 1, and 0.5 in scores.
    false_alarm, miss
        Costs of predicting 1 where the label is 0, and 0 where it is 1, in any common unit. Both given in place of a threshold,
        1 is predicted where that costs less for a calibrated probability: from ``false_alarm / (false_alarm + miss)`` on
        (Elkan, 2001).

    Examples
    --------
    >>> Binary(false_alarm=1, miss=4).threshold
    0.2
    """

    threshold: float | None = None
    false_alarm: float | None = None
    miss: float | None = None

    name: ClassVar[str] = "binary"
    loss: ClassVar[str] = "log_loss"
    ranking: ClassVar[str] = "roc_auc"
    unit: ClassVar[str] = "nats"
    titles: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "log_loss": "log loss (lower is better)",
            "roc_auc": "ROC AUC (higher is better)",
            "average_precision": "average precision (higher is better)",
            "brier": "Brier score (lower is better)",
            "accuracy": "accuracy at the threshold",
            "cost": "mean cost at the threshold (lower is better)",
            "expected_calibration_error": "expected calibration error (lower is better)",
        }
    )
    shown: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"roc_auc": "ROC AUC", "log_loss": "Log loss", "expected_calibration_error": "Calibration error"}
    )
    bounds: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    method: ClassVar[str] = "predict_proba"
    result_type: ClassVar[str] = "array<double>"
    label_type: ClassVar[str] = "int"
    problem_type: ClassVar[Literal["classification"]] = "classification"
    has_probabilities: ClassVar[bool] = True
    recorded_in: ClassVar[tuple[str, ...]] = (PREDICTION_PROBA,)
    centre: ClassVar[str] = "mean"
    level_is_share: ClassVar[bool] = True

    def __post_init__(self) -> None:
        costs = (self.false_alarm, self.miss)
        if (self.false_alarm is None) != (self.miss is None) or any(
            c is not None and not 0 < c < math.inf for c in costs
        ):
            raise InvalidInputError(
                f"Binary takes both costs, above 0, or neither: false_alarm={costs[0]}, miss={costs[1]}."
            )
        if self.threshold is None and self.false_alarm is not None and self.miss is not None:
            object.__setattr__(self, "threshold", self.false_alarm / (self.false_alarm + self.miss))
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise InvalidInputError(f"The threshold is a probability from 0 to 1, found {self.threshold!r}.")

    @property
    def cutoff(self) -> float:
        """The probability from which 1 is predicted."""
        return 0.5 if self.threshold is None else self.threshold

    def settled(self, labels: Labels) -> Binary:
        """Return the problem with a threshold: its own, or the rate of label 1."""
        return self if self.threshold is not None else replace(self, threshold=float(labels.mean()))

    def families(self) -> tuple[ModelFamily, ...]:
        """Return histogram boosting and logistic regression."""
        from headwater.training.models.families import binary_families

        return binary_families()

    def read(self, label: Column) -> Column:
        """Return the label as a number."""
        return label.cast("double")

    def possible(self, values: pd.Series) -> pd.Series:
        """Return whether it is 0 or 1."""
        return values.isin([0.0, 1.0])

    def labels(self, values: pd.Series) -> Labels:
        """Return 0 and 1."""
        no_odd_labels(values, self.possible(values), "must be 0 or 1", "map the others")
        return values.to_numpy(dtype=np.int64)

    def to_fit(self, labels: Labels) -> Labels:
        """Return the labels."""
        return labels

    def targets(self, labels: Labels) -> Answers:
        """Return the labels as numbers."""
        return np.asarray(labels, dtype=np.float64)

    def answers(self, model: Any, inputs: pd.DataFrame | NDArray[Any]) -> Answers:
        """Return the probability of label 1 per row; the classes may write it in any form.

        Raises
        ------
        TrainingDataError
            None of the model's classes is label 1, or it gives no probabilities.
        """
        chances = probabilities_of(model, inputs)
        return np.asarray(chances[:, positive_column(getattr(model, "classes_", (0, 1)))], dtype=np.float64)

    def losses(self, labels: Labels, answers: Answers) -> Answers:
        """Return the log losses."""
        return log_losses(labels, answers)

    def ranked(self, labels: Labels, answers: Answers) -> float:
        """Return the ROC AUC."""
        return roc_auc(labels, answers)

    def metrics(self, labels: Labels, answers: Answers) -> dict[str, float]:
        """Return :func:`headwater.training.binary_metrics`, and the mean ``cost`` of a row where costs are given."""
        found = binary_metrics(labels, answers, threshold=self.cutoff)
        if self.false_alarm is not None and self.miss is not None:
            predicted, actual = answers >= self.cutoff, np.asarray(labels) == 1
            found["cost"] = float(
                np.mean(predicted & ~actual) * self.false_alarm + np.mean(~predicted & actual) * self.miss
            )
        return found

    def summary(self, labels: Labels) -> dict[str, float]:
        """Return the ``rate`` of label 1."""
        return {"rate": float(np.mean(labels)) if len(labels) else math.nan}

    def figures(self, labels: Labels, answers: Mapping[str, Answers]) -> dict[str, Figure]:
        """Return ROC, precision and recall, calibration and the confusion matrix."""
        return {
            "roc": plots.roc(labels, answers),
            "precision_recall": plots.precision_recall(labels, answers),
            "calibration": plots.calibration(labels, answers),
            "confusion_matrix": plots.confusion_matrix(labels, answers["model"], self.cutoff),
        }

    def columns(self, name: str, answers: Answers) -> dict[str, NDArray[Any]]:
        """Return ``probability``, of another predictor under its name."""
        return {"probability" if name == "model" else name: answers}

    def served(self, predictions: pd.DataFrame) -> list[Any]:
        """Return the probabilities of 0 and 1."""
        return [[1 - chance, chance] for chance in predictions["probability"].tolist()]

    def scored(self, answer: Column) -> dict[str, Column]:
        """Return the prediction, 1 or 0, and the probability of 1."""
        from pyspark.sql import functions as F

        chance = F.element_at(answer, 2)
        return {PREDICTION_PROBA: chance, PREDICTION: (chance >= self.cutoff).cast("int")}

    def recorded(self, scores: pd.DataFrame) -> Answers:
        """Return the probabilities of 1."""
        return scores[PREDICTION_PROBA].to_numpy(dtype=np.float64)

    def came_true(self, labels: Labels, answers: Answers) -> tuple[NDArray[Any], Answers]:
        """Return the labels and the probabilities of 1."""
        return labels, answers

    def level(self, label: str) -> str:
        """Return the title of the rate."""
        return f"Share {label}"

    def outputs(self) -> Schema:
        """Return the probabilities of 0 and 1."""
        from mlflow.types import Schema, TensorSpec

        return Schema([TensorSpec(np.dtype(np.float64), (-1, 2))])

    def gives(self, label: str) -> str:
        """Return what it gives."""
        return f"the probability that `{label}` is 1"

    def of_rows(self, label: str, labels: Labels) -> str:
        """Return the rate of label 1."""
        return f"of which {np.mean(labels):.1%} have `{label}` = 1"

    def limits(self, metrics: Mapping[str, float]) -> list[str]:
        """Return the threshold, and what the calibration slope says."""
        lines = [f"1 is predicted from a probability of {self.cutoff:.3g} on."]
        slope = metrics.get("calibration_slope", math.nan)
        if math.isfinite(slope):
            extreme = "too extreme" if slope < 1 else "too cautious"
            lines.append(
                f"Calibration slope {slope:.2f} (1 is perfect): its probabilities are, if anything, {extreme}."
            )
        return lines
