"""A label that is a number, answered by a number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.conventions import PREDICTION
from headwater.lakehouse import InvalidInputError
from headwater.training.problems import plots
from headwater.training.problems.labels import no_odd_labels
from headwater.training.problems.metrics import number_metrics
from headwater.training.problems.problem import Answers, Labels

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow.types import Schema
    from pyspark.sql import Column

    from headwater.training.models.families import ModelFamily

__all__ = ["Regression"]


@dataclass(frozen=True)
class Regression:
    """How much: the label is a finite number.

    Parameters
    ----------
    unit
        The label's unit, for people: ``"minutes"``.
    error
        What trainings make small: the mean ``"squared"`` error, whose best constant is the mean, or the mean ``"absolute"``
        error, whose best constant is the median and which few large labels move less.
    quantiles
        Quantiles to answer in place of one number, such as ``(0.1, 0.5, 0.9)``: the problem is then a
        :class:`headwater.training.problems.quantiles.QuantileRegression`. None: the mean, or the median.

    Examples
    --------
    >>> Regression("minutes", error="absolute").loss
    'mean_absolute_error'
    """

    unit: str = ""
    error: Literal["squared", "absolute"] = "squared"
    quantiles: tuple[float, ...] | None = None

    name: ClassVar[str] = "regression"
    ranking: ClassVar[str] = "r2_score"
    titles: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "root_mean_squared_error": "root mean squared error (lower is better)",
            "mean_absolute_error": "mean absolute error (lower is better)",
            "median_absolute_error": "median absolute error (lower is better)",
            "r2_score": "R² (higher is better)",
            "mean_error": "mean error, predicted less actual",
        }
    )
    bounds: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"least_roc_auc": None, "calibration_error": None, "slice_loss": None, "slice_share": 0.1}
    )
    method: ClassVar[str] = "predict"
    result_type: ClassVar[str] = "double"
    label_type: ClassVar[str] = "double"
    problem_type: ClassVar[Literal["regression"]] = "regression"
    has_probabilities: ClassVar[bool] = False
    level_is_share: ClassVar[bool] = False

    def __new__(cls, *args: Any, **given: Any) -> Self:
        """Return a problem of quantiles where some are given."""
        quantiles = args[2] if len(args) > 2 else given.get("quantiles")
        if cls is Regression and quantiles is not None:
            from headwater.training.problems.quantiles import QuantileRegression

            return object.__new__(QuantileRegression)  # type: ignore[return-value]
        return object.__new__(cls)

    def __post_init__(self) -> None:
        if self.error not in ("squared", "absolute"):
            raise InvalidInputError(
                f"Regression makes the 'squared' or the 'absolute' error small, found {self.error!r}."
            )

    @property
    def recorded_in(self) -> tuple[str, ...]:
        """The columns of the inference table that hold the answers."""
        return (PREDICTION,)

    @property
    def loss(self) -> str:
        """Name of the mean loss."""
        return f"mean_{self.error}_error"

    @property
    def shown(self) -> Mapping[str, str]:
        """Short titles of the metrics that a report shows, with the unit."""
        unit = f" ({self.unit})" if self.unit else ""
        return {
            "mean_absolute_error": f"Mean absolute error{unit}",
            "root_mean_squared_error": f"Root mean squared error{unit}",
            "r2_score": "R²",
        }

    @property
    def centre(self) -> str:
        """The best constant."""
        return "mean" if self.error == "squared" else "median"

    def settled(self, labels: Labels) -> Regression:  # noqa: ARG002 - the protocol's
        """Return the problem itself."""
        return self

    def families(self) -> tuple[ModelFamily, ...]:
        """Return histogram boosting of this error, and for the squared one a linear regression."""
        from headwater.training.models.families import regression_families

        return regression_families(self.error)

    def read(self, label: Column) -> Column:
        """Return the label as a number."""
        return label.cast("double")

    def possible(self, values: pd.Series) -> pd.Series:
        """Return whether it is a finite number."""
        return pd.Series(
            np.isfinite(pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)), index=values.index
        )

    def labels(self, values: pd.Series) -> Labels:
        """Return the numbers."""
        no_odd_labels(values, self.possible(values), "must be a finite number", "look where the others come from")
        return values.to_numpy(dtype=np.float64)

    def to_fit(self, labels: Labels) -> Labels:
        """Return the labels."""
        return labels

    def targets(self, labels: Labels) -> Answers:
        """Return the labels."""
        return np.asarray(labels, dtype=np.float64)

    def answers(self, model: Any, inputs: pd.DataFrame | NDArray[Any]) -> Answers:
        """Return the predicted number per row."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1):
            return np.asarray(model.predict(inputs), dtype=np.float64)

    def losses(self, labels: Labels, answers: Answers) -> Answers:
        """Return the squared or the absolute errors."""
        errors = np.asarray(answers, dtype=np.float64) - labels
        return np.asarray(errors**2 if self.error == "squared" else np.abs(errors), dtype=np.float64)

    def ranked(self, labels: Labels, answers: Answers) -> float:
        """Return R²."""
        return number_metrics(labels, answers)["r2_score"]

    def metrics(self, labels: Labels, answers: Answers) -> dict[str, float]:
        """Return :func:`headwater.training.problems.metrics.number_metrics`."""
        return number_metrics(labels, answers)

    def summary(self, labels: Labels) -> dict[str, float]:
        """Return the ``mean`` of the labels."""
        return {"mean": float(np.mean(labels)) if len(labels) else math.nan}

    def figures(self, labels: Labels, answers: Mapping[str, Answers]) -> dict[str, Figure]:
        """Return actual against predicted numbers, and the errors' distribution."""
        unit = f" ({self.unit})" if self.unit else ""
        return {
            "predicted_and_actual": plots.predicted_and_actual(labels, answers["model"], unit),
            "errors": plots.errors(labels, answers, unit),
        }

    def columns(self, name: str, answers: Answers) -> dict[str, NDArray[Any]]:
        """Return ``prediction``, of another predictor under its name."""
        return {"prediction" if name == "model" else name: answers}

    def served(self, predictions: pd.DataFrame) -> list[Any]:
        """Return the predictions."""
        return [float(one) for one in predictions["prediction"]]

    def scored(self, answer: Column) -> dict[str, Column]:
        """Return the prediction."""
        return {PREDICTION: answer.cast("double")}

    def recorded(self, scores: pd.DataFrame) -> Answers:
        """Return the predictions."""
        return scores[PREDICTION].to_numpy(dtype=np.float64)

    def came_true(self, labels: Labels, answers: Answers) -> None:
        """Return None: a number has no probability."""

    def level(self, label: str) -> str:
        """Return the title of the mean."""
        return f"Mean {label}{f' ({self.unit})' if self.unit else ''}"

    def outputs(self) -> Schema:
        """Return a number."""
        from mlflow.types import Schema, TensorSpec

        return Schema([TensorSpec(np.dtype(np.float64), (-1,))])

    def gives(self, label: str) -> str:
        """Return what it gives."""
        return f"`{label}`{f' in {self.unit}' if self.unit else ''}"

    def of_rows(self, label: str, labels: Labels) -> str:
        """Return the labels' mean and spread."""
        unit = f" {self.unit}" if self.unit else ""
        return f"whose `{label}` is {np.mean(labels):.4g}{unit} on average, with a standard deviation of {np.std(labels):.4g}"

    def limits(self, metrics: Mapping[str, float]) -> list[str]:
        """Return how far it is off on average."""
        bias = metrics.get("mean_error", math.nan)
        unit = f" {self.unit}" if self.unit else ""
        if not math.isfinite(bias):
            return []
        return [f"Its predictions are {abs(bias):.4g}{unit} too {'high' if bias > 0 else 'low'} on average."]
