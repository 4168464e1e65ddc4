"""The search over families of Spark: the same engines and rules, each trial fitted by Spark on the same folds by time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from headwater.lakehouse import InvalidInputError, RowLimitError, column
from headwater.training.errors import TrainingDataError
from headwater.training.models.families import Columns, ModelFamily
from headwater.training.problems.problem import Answers, Labels, Problem
from headwater.training.search.digest import said_of
from headwater.training.search.executors import run_here
from headwater.training.search.search import SearchPlan, SearchResult, best_of, engine_of, schedule_of
from headwater.training.search.trial import Outcome, Trial, outcome_of
from headwater.training.spark.families import WEIGHT
from headwater.training.spark.model import ANSWER, SparkModel, padded, with_weight
from headwater.training.spark.rows import SparkRows, classes_of, odd_labels, sampled, to_fit, within

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["SparkData", "fit_on_spark", "search_on_spark", "spark_digest", "with_values"]


@dataclass(frozen=True)
class SparkData:
    """What all trials share: rows in Spark, the folds' windows, and how rows are judged.

    `windows` are (end of training, start and end of validation), naive UTC, ends exclusive, and `columns` the inputs that have a
    value in each one's training rows; `row_limit` is the most rows of a window that are judged in this process.
    """

    rows: DataFrame
    count: int
    columns: tuple[Columns, ...]
    label: str
    time_column: str
    weight: str | None
    windows: tuple[tuple[pd.Timestamp, pd.Timestamp, pd.Timestamp], ...]
    problem: Problem
    row_limit: int


def search_on_spark(
    rows: SparkRows,
    label: str,
    time_column: str,
    families: Sequence[ModelFamily],
    plan: SearchPlan,
    *,
    problem: Problem,
    weight: str | None = None,
    row_limit: int = 5_000_000,
    known: Mapping[int, Trial] | None = None,
    on_trial: Callable[[Trial], None] | None = None,
) -> SearchResult:
    """Return the family and hyperparameters of the smallest mean loss over time-ordered folds; see `search`.

    Parameters
    ----------
    plan
        Its folds must be `TimeFolds`; `rows` is about how many rows are drawn. `backend` and `parallelism` do not matter:
        Spark runs one trial at a time over all of its cores.
    row_limit
        Most rows of a fold's validation: their labels and answers come into this process.

    Raises
    ------
    SearchFailedError
        No trial succeeded.
    TrainingDataError
        A fold has no training or no validation row, or a label is missing or impossible.
    """
    data = _data(rows, label, time_column, plan, problem, weight, row_limit)
    by_name = {family.name: family for family in families}
    try:
        records = run_here(
            engine_of(plan, by_name),
            lambda family, params, bars: _trial(data, family, params, bars),
            by_name,
            schedule_of(plan, known or {}, on_trial),
        )
    finally:
        if data.rows is not rows.train:
            data.rows.unpersist()
    best = best_of(records)
    assert best.loss is not None
    return SearchResult(best.family, best.params, best.loss, tuple(records), "mllib", data.count, problem)


def fit_on_spark(
    family: ModelFamily,
    params: Mapping[str, Any],
    rows: DataFrame,
    columns: Columns,
    label: str,
    problem: Problem,
    weight: str | None = None,
) -> SparkModel:
    """Return a member of the family fitted on all of the rows, which stay in Spark.

    Parameters
    ----------
    columns
        The inputs, each with a value in some row.
    """
    pipeline = with_weight(family.build(params, columns), None if weight is None else WEIGHT)
    fitted = pipeline.fit(to_fit(rows, columns, label, weight, problem))
    return SparkModel(fitted, columns, classes_of(problem))


def spark_digest(rows: SparkRows, families: Sequence[ModelFamily], plan: SearchPlan, problem: Problem) -> str:
    """Return a digest that is equal for the same rows in any order, families, plan and problem; one pass over the rows."""
    said = [repr(rows.train.dtypes), *said_of(families, plan, problem, installed("pyspark")), rows.content()]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _data(
    rows: SparkRows,
    label: str,
    time_column: str,
    plan: SearchPlan,
    problem: Problem,
    weight: str | None,
    row_limit: int,
) -> SparkData:
    windows = getattr(plan.folds, "windows", None)
    if windows is None:
        raise InvalidInputError(f"Families of Spark are searched over TimeFolds, found {plan.folds!r}.")
    odd = odd_labels(rows.train, label, problem)
    if odd:
        raise TrainingDataError(
            f"The label {label!r} in the training rows",
            f"{odd} that are missing or impossible",
            "Filter those rows out, or map them.",
        )
    found, count = rows.train, rows.count
    if plan.rows is not None and rows.count > plan.rows:
        found = sampled(rows.train, plan.rows, rows.count, plan.seed).persist()
        count = found.count()
    times = tuple(windows(rows.first, rows.last))
    columns = tuple(with_values(found.where(within(time_column, None, before)), rows.columns) for before, _, _ in times)
    return SparkData(found, count, columns, label, time_column, weight, times, problem, row_limit)


def with_values(rows: DataFrame, columns: Columns) -> Columns:
    """Return the columns that have a value in these rows, for the others have no median; one pass over the rows."""
    from pyspark.sql import functions as F

    def missing(name: str) -> Column:
        return column(name).isNull() | F.isnan(column(name))

    counts = [F.count(F.when(~missing(name), 1)).alias(name) for name in columns.numeric]
    counts += [F.count(column(name)).alias(name) for name in columns.strings]
    found = rows.agg(*counts).collect()[0].asDict() if counts else {}
    return columns.only({name for name, filled in found.items() if filled})


def _trial(data: SparkData, family: ModelFamily, params: Mapping[str, Any], bars: Sequence[float]) -> Outcome:
    """Return the outcome of one member over all folds."""

    def judged(place: int) -> tuple[Labels, Answers]:
        before, start, end = data.windows[place]
        train = data.rows.where(within(data.time_column, None, before))
        model = fit_on_spark(family, params, train, data.columns[place], data.label, data.problem, data.weight)
        return _judged(data, model, data.rows.where(within(data.time_column, start, end)))

    return outcome_of(data.problem, [partial(judged, place) for place in range(len(data.windows))], params, bars)


def _judged(data: SparkData, model: SparkModel, rows: DataFrame) -> tuple[Labels, Answers]:
    """Return labels and answers of a fold's validation rows."""
    problem = data.problem
    count = rows.count()
    if not count:
        raise TrainingDataError("A fold's validation", "no rows", "Use fewer folds, or a longer window.")
    if count > data.row_limit:
        raise RowLimitError("A fold's validation", count, data.row_limit, "SearchPlan(rows=…) draws fewer")
    kept = rows.select(*map(column, model.columns.all), column(data.label).alias("__label"))
    found = model.answer(kept, several=problem.has_probabilities).select("__label", ANSWER).toPandas()
    labels = problem.labels(found["__label"].rename(data.label))
    return labels, problem.answers(_Given(found[ANSWER], model), found)


class _Given:
    """Answers that are there already, in the shape of a fitted model."""

    def __init__(self, answers: pd.Series, model: SparkModel) -> None:
        self._answers = answers
        if hasattr(model, "classes_"):
            self.classes_ = model.classes_

    def predict_proba(self, inputs: object) -> Any:
        """Return the probabilities."""
        del inputs
        return padded(self._answers, len(self.classes_))

    def predict(self, inputs: object) -> Any:
        """Return the numbers."""
        del inputs
        return self._answers.to_numpy(dtype=np.float64)
