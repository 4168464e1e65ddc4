"""A label that is a number, answered by quantiles of what it may be: how much at least, about, and at most."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from headwater.conventions import PREDICTION
from headwater.lakehouse import InvalidInputError
from headwater.training.problems import plots
from headwater.training.problems.metrics import number_metrics
from headwater.training.problems.problem import Answers, Labels
from headwater.training.problems.regression import Regression

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow.types import Schema
    from pyspark.sql import Column

    from headwater.training.models.families import ModelFamily

__all__ = ["QuantileRegression", "pinball_losses"]


def pinball_losses(label: ArrayLike, answers: ArrayLike, quantiles: ArrayLike) -> NDArray[np.float64]:
    """Return the pinball loss of each row, the mean over the quantiles (Koenker and Bassett, 1978), in the label's unit.

    Parameters
    ----------
    label
        n numbers.
    answers
        n rows by q quantiles.

    Examples
    --------
    >>> pinball_losses([10.0], [[8.0, 11.0]], [0.1, 0.9]).round(3).tolist()
    [0.15]
    """
    levels = np.asarray(quantiles, dtype=np.float64)
    errors = np.asarray(label, dtype=np.float64)[:, None] - np.asarray(answers, dtype=np.float64)
    return np.asarray(np.maximum(levels * errors, (levels - 1) * errors).mean(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class QuantileRegression(Regression):
    """How much, and how sure: ``Regression(quantiles=(0.1, 0.5, 0.9))`` is this.

    An answer has a column per quantile, in their order; where a model's cross, they are put in order (Chernozhukov,
    Fernández-Val and Galichon, 2010). The prediction is the quantile in the middle. `error` has no effect: the loss is the
    pinball loss, the mean over the quantiles.

    Parameters
    ----------
    quantiles
        At least two, rising, between 0 and 1, both exclusive. The first and the last are the ends of the interval whose coverage
        is told.

    Examples
    --------
    >>> problem = Regression("minutes", quantiles=(0.1, 0.5, 0.9))
    >>> problem.loss, problem.score_names
    ('pinball_loss', ('prediction_q10', 'prediction_q50', 'prediction_q90'))
    """

    name: ClassVar[str] = "quantiles"
    ranking: ClassVar[str] = "d2_pinball_score"
    result_type: ClassVar[str] = "array<double>"

    def __post_init__(self) -> None:
        levels = tuple(float(one) for one in self.quantiles or ())
        if len(levels) < 2 or any(not 0 < one < 1 for one in levels) or list(levels) != sorted(set(levels)):
            raise InvalidInputError(
                "Regression takes at least two rising quantiles between 0 and 1, such as (0.1, 0.5, 0.9), found "
                f"{self.quantiles!r}."
            )
        super().__post_init__()
        object.__setattr__(self, "quantiles", levels)

    @property
    def levels(self) -> tuple[float, ...]:
        """The quantiles."""
        return self.quantiles or ()

    @property
    def middle(self) -> int:
        """The place of the quantile that is the prediction: the one nearest to 0.5."""
        return int(np.argmin(np.abs(np.array(self.levels) - 0.5)))

    @property
    def score_names(self) -> tuple[str, ...]:
        """The columns of scores that hold the quantiles."""
        return tuple(f"{PREDICTION}_{_named(one)}" for one in self.levels)

    @property
    def recorded_in(self) -> tuple[str, ...]:
        """The columns of the inference table that hold the answers."""
        return self.score_names

    @property
    def nominal(self) -> float:
        """The share of labels that should lie between the first and the last quantile."""
        return self.levels[-1] - self.levels[0]

    @property
    def loss(self) -> str:
        """Name of the mean loss."""
        return "pinball_loss"

    @property
    def titles(self) -> Mapping[str, str]:  # type: ignore[override]
        """Titles of the metrics."""
        return {
            "pinball_loss": "pinball loss, mean over the quantiles (lower is better)",
            "d2_pinball_score": "D² of the pinball loss (higher is better)",
            "coverage": f"coverage of the {self.nominal:.0%} interval",
            "coverage_error": f"distance of the coverage from {self.nominal:.0%} (lower is better)",
            "interval_width": f"mean width of the {self.nominal:.0%} interval",
            "mean_absolute_error": f"mean absolute error of the quantile {self.levels[self.middle]:g} (lower is better)",
        }

    @property
    def shown(self) -> Mapping[str, str]:
        """Short titles of the metrics that a report shows."""
        unit = f" ({self.unit})" if self.unit else ""
        return {
            "pinball_loss": f"Pinball loss{unit}",
            "coverage_error": f"Coverage error of the {self.nominal:.0%} interval",
            "mean_absolute_error": f"Mean absolute error{unit}",
        }

    @property
    def centre(self) -> Any:
        """The best constants: the labels' own quantiles."""
        return self.levels

    def families(self) -> tuple[ModelFamily, ...]:
        """Return histogram boosting of each quantile."""
        from headwater.training.models.quantile_members import quantile_boosting

        return (quantile_boosting(self.levels),)

    def targets(self, labels: Labels) -> Answers:
        """Return the labels, once per quantile."""
        return np.repeat(np.asarray(labels, dtype=np.float64)[:, None], len(self.levels), axis=1)

    def answers(self, model: Any, inputs: pd.DataFrame | NDArray[Any]) -> Answers:
        """Return the quantiles per row, in order; of a model that gives one number, that number for each."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1):
            found = np.asarray(model.predict(inputs), dtype=np.float64)
        return self.targets(found) if found.ndim == 1 else np.sort(found, axis=1)

    def losses(self, labels: Labels, answers: Answers) -> Answers:
        """Return the pinball losses."""
        return pinball_losses(labels, answers, self.levels)

    def ranked(self, labels: Labels, answers: Answers) -> float:
        """Return 1 less the loss by that of the labels' own quantiles; NaN where all labels are equal."""
        best = np.tile(np.quantile(labels, self.levels), (len(labels), 1)) if len(labels) else answers
        least = float(self.losses(labels, best).mean()) if len(labels) else 0.0
        return 1 - float(self.losses(labels, answers).mean()) / least if least > 0 else math.nan

    def metrics(self, labels: Labels, answers: Answers) -> dict[str, float]:
        """Return those of the middle quantile as a number, and loss, coverage and width of the interval.

        ``below_<quantile>`` is the share of labels at or below each quantile, which should be the quantile.
        """
        actual = np.asarray(labels, dtype=np.float64)
        low, high = answers[:, 0], answers[:, -1]
        coverage = float(np.mean((actual >= low) & (actual <= high)))
        below = {
            f"below_{_named(one)}": float(np.mean(actual <= answers[:, place])) for place, one in enumerate(self.levels)
        }
        return {
            **number_metrics(actual, answers[:, self.middle]),
            "pinball_loss": float(self.losses(actual, answers).mean()),
            "d2_pinball_score": self.ranked(actual, answers),
            "coverage": coverage,
            "coverage_error": abs(coverage - self.nominal),
            "interval_width": float(np.mean(high - low)),
            **below,
        }

    def figures(self, labels: Labels, answers: Mapping[str, Answers]) -> dict[str, Figure]:
        """Return those of the middle quantile, and the observed share below each quantile."""
        middle = {name: given[:, self.middle] for name, given in answers.items()}
        below = {
            name: [float(np.mean(labels <= given[:, place])) for place in range(len(self.levels))]
            for name, given in answers.items()
        }
        return {**super().figures(labels, middle), "quantiles": plots.quantile_shares(self.levels, below)}

    def columns(self, name: str, answers: Answers) -> dict[str, NDArray[Any]]:
        """Return ``prediction`` and ``prediction_q10``, …; of another predictor under its name."""
        head = PREDICTION if name == "model" else name
        each = {f"{head}_{_named(one)}": answers[:, place] for place, one in enumerate(self.levels)}
        return {head: answers[:, self.middle], **each}

    def served(self, predictions: pd.DataFrame) -> list[Any]:
        """Return the quantiles."""
        found: list[Any] = predictions[list(self.score_names)].to_numpy().tolist()
        return found

    def scored(self, answer: Column) -> dict[str, Column]:
        """Return the prediction and the quantiles, in order."""
        from pyspark.sql import functions as F

        # The answer's own column is named like the prediction, and is replaced last.
        ordered = F.array_sort(answer)
        each = {name: ordered[place] for place, name in enumerate(self.score_names)}
        return {**each, PREDICTION: ordered[self.middle]}

    def recorded(self, scores: pd.DataFrame) -> Answers:
        """Return the quantiles."""
        return scores[list(self.score_names)].to_numpy(dtype=np.float64)

    def outputs(self) -> Schema:
        """Return the quantiles."""
        from mlflow.types import Schema, TensorSpec

        return Schema([TensorSpec(np.dtype(np.float64), (-1, len(self.levels)))])

    def gives(self, label: str) -> str:
        """Return what it gives."""
        named = ", ".join(f"{one:g}" for one in self.levels)
        return f"the quantiles {named} of `{label}`{f' in {self.unit}' if self.unit else ''}, in this order"

    def limits(self, metrics: Mapping[str, float]) -> list[str]:
        """Return how often the label lies outside the interval."""
        coverage = metrics.get("coverage", math.nan)
        if not math.isfinite(coverage):
            return []
        return [
            f"{coverage:.1%} of the labels lie between its outer quantiles, which should be {self.nominal:.1%}.",
            *super().limits(metrics),
        ]


def _named(level: float) -> str:
    """Return a quantile as part of a column's name: ``q10``, ``q97_5``."""
    return f"q{100 * level:g}".replace(".", "_")
