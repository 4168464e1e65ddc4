"""What a problem is: everything in training, scoring and review that depends on what is predicted.

A new problem is one file in this folder. An *answer* is what a model gives for a row: a probability of label 1, a row of
probabilities, or a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow.types import Schema
    from pyspark.sql import Column

    from headwater.training.models.families import ModelFamily

__all__ = ["Answers", "Labels", "Problem"]

Labels = NDArray[Any]
Answers = NDArray[np.float64]


class Problem(Protocol):
    """A problem as frozen data. Labels are an array of n rows; answers of n rows, and of one column per class where many."""

    @property
    def name(self) -> str:
        """Return its name."""

    @property
    def loss(self) -> str:
        """Return the name of the mean loss that trainings make small."""

    @property
    def ranking(self) -> str:
        """Return the name of a metric that is higher for a better model."""

    @property
    def unit(self) -> str:
        """Return the loss's or the label's unit, for people."""

    @property
    def titles(self) -> Mapping[str, str]:
        """Return the titles of the metrics on a card, by the metrics' names."""

    @property
    def shown(self) -> Mapping[str, str]:
        """Return short titles of the three metrics that a report shows, by the metrics' names, the foremost first."""

    @property
    def bounds(self) -> Mapping[str, Any]:
        """Return arguments of ``Gate`` for plans that give no gate."""

    @property
    def method(self) -> str:
        """Return the name of a model's method that gives answers."""

    @property
    def result_type(self) -> str:
        """Return the SQL type in which ``score_batch`` gives an answer."""

    @property
    def label_type(self) -> str:
        """Return the label's type in SQL."""

    @property
    def problem_type(self) -> Literal["classification", "regression"]:
        """Return what monitors call it."""

    @property
    def has_probabilities(self) -> bool:
        """Return whether scores have probabilities beside the predictions."""

    @property
    def recorded_in(self) -> tuple[str, ...]:
        """Return the columns of the inference table that hold the answers."""

    @property
    def centre(self) -> Any:
        """Return what the trivial predictor takes of the targets: their ``"mean"``, ``"median"``, or a quantile per column."""

    def settled(self, labels: Labels) -> Self:
        """Return the problem with what it takes from the training rows, such as a threshold."""

    def families(self) -> tuple[ModelFamily, ...]:
        """Return the families that are searched over where the plan names none."""

    def read(self, label: Column) -> Column:
        """Return the label's column in the type in which it is collected."""

    def possible(self, values: pd.Series) -> pd.Series:
        """Return for each collected label whether it is one: a missing one is none."""

    def labels(self, values: pd.Series) -> Labels:
        """Return collected labels as an array; a missing or impossible one raises a `TrainingDataError`."""

    def to_fit(self, labels: Labels) -> Labels:
        """Return labels as an estimator's ``fit`` takes them."""

    def targets(self, labels: Labels) -> Answers:
        """Return the numbers that a perfect model answers."""

    def answers(self, model: Any, inputs: pd.DataFrame | NDArray[Any]) -> Answers:
        """Return a fitted model's answers, computed with one thread."""

    def losses(self, labels: Labels, answers: Answers) -> Answers:
        """Return the loss of each row."""

    def ranked(self, labels: Labels, answers: Answers) -> float:
        """Return the metric named `ranking`; NaN where it is not defined."""

    def metrics(self, labels: Labels, answers: Answers) -> dict[str, float]:
        """Return all metrics of one model on one set of rows, with ``rows`` and the loss among them."""

    def summary(self, labels: Labels) -> dict[str, float]:
        """Return the figures by which a group of labels is told from another, such as a rate."""

    def figures(self, labels: Labels, answers: Mapping[str, Answers]) -> dict[str, Figure]:
        """Return figures of the named models' answers, ``model`` among them, by the figures' names."""

    def columns(self, name: str, answers: Answers) -> dict[str, NDArray[Any]]:
        """Return the answers of the predictor `name` as columns for a table of predictions."""

    def served(self, predictions: pd.DataFrame) -> list[Any]:
        """Return what ``score_batch`` would have given for each row, from the columns of ``model``."""

    def scored(self, answer: Column) -> dict[str, Column]:
        """Return the columns of the inference table, from what ``score_batch`` gives: the prediction, and probabilities."""

    def recorded(self, scores: pd.DataFrame) -> Answers:
        """Return the answers of scores as the inference table has them; NaN where there is none."""

    def came_true(self, labels: Labels, answers: Answers) -> tuple[NDArray[Any], Answers] | None:
        """Return whether what was predicted came true, and its probability; None of a problem without probabilities."""

    def level(self, label: str) -> str:
        """Return the title of the summary of labels: "Share late"."""

    @property
    def level_is_share(self) -> bool:
        """Return whether the summary of labels is a share, from 0 to 1, or a number in the label's unit."""

    def outputs(self) -> Schema:
        """Return the outputs of the model's signature."""

    def gives(self, label: str) -> str:
        """Return what the model gives for a row, as the end of the sentence "Gives, for each row, …"."""

    def of_rows(self, label: str, labels: Labels) -> str:
        """Return what a set of rows is like, as the end of a sentence: "of which 23.1% have `late` = 1"."""

    def limits(self, metrics: Mapping[str, float]) -> list[str]:
        """Return sentences for the card on how answers become predictions, and on where they mislead."""
