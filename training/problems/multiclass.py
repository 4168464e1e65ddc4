"""A label of several classes, answered by a probability for each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.conventions import PREDICTION, PREDICTION_PROBA
from headwater.lakehouse import InvalidInputError
from headwater.training.errors import TrainingDataError
from headwater.training.problems import plots
from headwater.training.problems.classes import class_name, probabilities_of
from headwater.training.problems.labels import no_odd_labels
from headwater.training.problems.metrics import class_log_losses, class_metrics, pairwise_roc_auc
from headwater.training.problems.problem import Answers, Labels

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow.types import Schema
    from pyspark.sql import Column

    from headwater.training.models.families import ModelFamily

__all__ = ["Multiclass"]


@dataclass(frozen=True)
class Multiclass:
    """Which of several classes: the label is a text or a whole number.

    Labels are handed about as places in `classes`.

    Parameters
    ----------
    classes
        All classes, at least two, all texts or all whole numbers; kept sorted. A class that no training row has is an error.

    Examples
    --------
    >>> Multiclass(("setosa", "virginica", "versicolor")).classes
    ('setosa', 'versicolor', 'virginica')
    """

    classes: tuple[str | int, ...]

    name: ClassVar[str] = "multiclass"
    loss: ClassVar[str] = "log_loss"
    ranking: ClassVar[str] = "roc_auc"
    unit: ClassVar[str] = "nats"
    titles: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "log_loss": "log loss (lower is better)",
            "accuracy": "accuracy (higher is better)",
            "balanced_accuracy": "balanced accuracy (higher is better)",
            "f1_macro": "F1, mean over the classes (higher is better)",
            "roc_auc": "ROC AUC, mean over pairs of classes (higher is better)",
            "brier": "Brier score (lower is better)",
            "expected_calibration_error": "expected calibration error of the most likely class (lower is better)",
        }
    )
    shown: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"accuracy": "Accuracy", "log_loss": "Log loss", "expected_calibration_error": "Calibration error"}
    )
    bounds: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    method: ClassVar[str] = "predict_proba"
    result_type: ClassVar[str] = "array<double>"
    problem_type: ClassVar[Literal["classification"]] = "classification"
    has_probabilities: ClassVar[bool] = True
    recorded_in: ClassVar[tuple[str, ...]] = (PREDICTION_PROBA,)
    centre: ClassVar[str] = "mean"
    level_is_share: ClassVar[bool] = True

    def __post_init__(self) -> None:
        kinds = {type(one) for one in self.classes}
        if len(set(self.classes)) < 2 or len(set(self.classes)) != len(self.classes) or kinds not in ({str}, {int}):
            raise InvalidInputError(
                f"Multiclass takes at least two different classes, all texts or all whole numbers, found {self.classes!r}."
            )
        object.__setattr__(self, "classes", tuple(sorted(self.classes)))

    @property
    def label_type(self) -> str:
        """The label's type in SQL."""
        return "string" if isinstance(self.classes[0], str) else "bigint"

    def settled(self, labels: Labels) -> Multiclass:
        """Return the problem itself; a class without a training row raises a `TrainingDataError`."""
        missing = sorted(set(range(len(self.classes))) - set(np.unique(labels).tolist()))
        if missing:
            names = ", ".join(repr(self.classes[place]) for place in missing)
            raise TrainingDataError(
                "The training rows",
                f"no row of {names}",
                "Train on a longer time, or leave the class out of Multiclass.",
            )
        return self

    def families(self) -> tuple[ModelFamily, ...]:
        """Return histogram boosting and logistic regression."""
        from headwater.training.models.families import binary_families

        return binary_families()

    def read(self, label: Column) -> Column:
        """Return the label in the classes' type."""
        return label.cast(self.label_type)

    def possible(self, values: pd.Series) -> pd.Series:
        """Return whether it is one of `classes`."""
        return self._places(values).notna()

    def labels(self, values: pd.Series) -> Labels:
        """Return the labels' places in `classes`; equal by value: 1, 1.0 and '1' are one class."""
        found, classes = self._places(values), ", ".join(map(str, self.classes))
        no_odd_labels(values, found.notna(), f"must be one of {classes}", "name all classes in Multiclass")
        return found.to_numpy(dtype=np.int64)

    def _places(self, values: pd.Series) -> pd.Series:
        places = {class_name(one): place for place, one in enumerate(self.classes)}
        return values.map(lambda value: places.get(class_name(value)), na_action="ignore")

    def to_fit(self, labels: Labels) -> Labels:
        """Return the classes."""
        return np.array(self.classes, dtype=object if self.label_type == "string" else np.int64)[labels]

    def targets(self, labels: Labels) -> Answers:
        """Return 1 for the label's class and 0 for the others."""
        return np.eye(len(self.classes))[np.asarray(labels, dtype=np.int64)]

    def answers(self, model: Any, inputs: pd.DataFrame | NDArray[Any]) -> Answers:
        """Return the probability of each class per row; 0 for a class that the model does not know.

        Raises
        ------
        TrainingDataError
            The model gives no probabilities.
        """
        chances = probabilities_of(model, inputs)
        found = np.zeros((len(inputs), len(self.classes)))
        places = {class_name(one): place for place, one in enumerate(self.classes)}
        for column, one in enumerate(getattr(model, "classes_", self.classes)):
            if class_name(one) in places:
                found[:, places[class_name(one)]] = chances[:, column]
        return found

    def losses(self, labels: Labels, answers: Answers) -> Answers:
        """Return the log losses."""
        return class_log_losses(labels, answers)

    def ranked(self, labels: Labels, answers: Answers) -> float:
        """Return the ROC AUC, macro, one class against one."""
        return pairwise_roc_auc(labels, answers)

    def metrics(self, labels: Labels, answers: Answers) -> dict[str, float]:
        """Return :func:`headwater.training.problems.metrics.class_metrics`."""
        return class_metrics(labels, answers)

    def summary(self, labels: Labels) -> dict[str, float]:
        """Return the share of the most frequent class, ``largest_class``."""
        return {"largest_class": float(np.bincount(labels).max() / len(labels)) if len(labels) else math.nan}

    def figures(self, labels: Labels, answers: Mapping[str, Answers]) -> dict[str, Figure]:
        """Return the confusion matrix, and calibration of the most likely class."""
        right = {name: self.came_true(labels, chance) for name, chance in answers.items()}
        return {
            "confusion_matrix": plots.class_confusion(labels, answers["model"].argmax(axis=1), self.classes),
            "calibration": plots.calibration_of(right),
        }

    def columns(self, name: str, answers: Answers) -> dict[str, NDArray[Any]]:
        """Return ``prediction`` and ``probability_<class>``; of another predictor ``<name>_<class>``."""
        chances = {str(one): answers[:, place] for place, one in enumerate(self.classes)}
        if name != "model":
            return {f"{name}_{one}": chance for one, chance in chances.items()}
        prediction = self.to_fit(answers.argmax(axis=1))
        return {"prediction": prediction, **{f"probability_{one}": chance for one, chance in chances.items()}}

    def served(self, predictions: pd.DataFrame) -> list[Any]:
        """Return the classes' probabilities."""
        found: list[Any] = predictions[[f"probability_{one}" for one in self.classes]].to_numpy().tolist()
        return found

    def scored(self, answer: Column) -> dict[str, Column]:
        """Return the most likely class, the first of equal ones, and a map of all classes' probabilities."""
        from pyspark.sql import functions as F

        names = F.array(*[F.lit(str(one)) for one in self.classes])
        values = F.array(*[F.lit(one).cast(self.label_type) for one in self.classes])
        best = F.array_position(answer, F.array_max(answer)).cast("int")
        return {
            PREDICTION_PROBA: F.map_from_arrays(names, answer),
            PREDICTION: F.when(best > 0, F.get(values, best - 1)),
        }

    def recorded(self, scores: pd.DataFrame) -> Answers:
        """Return the probabilities of the classes, from the map of them; 0 for a class that an older score did not know."""
        names, nothing = [str(one) for one in self.classes], [math.nan] * len(self.classes)
        maps = (dict(one) if one is not None else None for one in scores[PREDICTION_PROBA])
        rows = [nothing if one is None else [one.get(name, 0.0) for name in names] for one in maps]
        return np.array(rows, dtype=np.float64).reshape(len(scores), len(names))

    def came_true(self, labels: Labels, answers: Answers) -> tuple[NDArray[Any], Answers]:
        """Return whether the label is the most likely class, and that class's probability."""
        return answers.argmax(axis=1) == labels, answers.max(axis=1, initial=0.0)

    def level(self, label: str) -> str:
        """Return the title of the most frequent class's share."""
        return f"Largest share of a {label}"

    def outputs(self) -> Schema:
        """Return the classes' probabilities."""
        from mlflow.types import Schema, TensorSpec

        return Schema([TensorSpec(np.dtype(np.float64), (-1, len(self.classes)))])

    def gives(self, label: str) -> str:
        """Return what it gives."""
        return f"the probability that `{label}` is {', '.join(map(str, self.classes))}, in this order"

    def of_rows(self, label: str, labels: Labels) -> str:
        """Return the most frequent class."""
        counts = np.bincount(labels, minlength=len(self.classes))
        share = counts.max() / max(len(labels), 1)
        return f"of which {share:.1%} have `{label}` = {self.classes[int(counts.argmax())]}, the most frequent class"

    def limits(self, metrics: Mapping[str, float]) -> list[str]:  # noqa: ARG002 - the protocol's
        """Return how a class is chosen."""
        return ["The class with the largest probability is predicted."]
