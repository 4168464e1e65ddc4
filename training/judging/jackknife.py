"""How far a metric's difference between two models may be due to the days that were drawn."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.lakehouse import InvalidInputError
from headwater.training.judging.bootstrap import WeightedAuc
from headwater.training.problems.metrics import HIGHER_IS_BETTER
from headwater.training.problems.problem import Answers, Labels, Problem

__all__ = ["PairedDifference", "paired_jackknife"]

_CELLS = 2_000_000  # numbers that are held at a time


@dataclass(frozen=True)
class PairedDifference:
    """A metric of two models on the same rows, in the metric's unit.

    Attributes
    ----------
    new, old
        The metric of each model.
    error
        Standard error of `difference`; NaN where there are fewer than two groups, or the metric is not defined without one.
    low, high
        Ends of the interval that holds the difference in 95 of 100 such samples, by Student's t with one degree of freedom less
        than groups.
    groups, rows
        How many there were.
    """

    metric: str
    new: float
    old: float
    error: float
    low: float
    high: float
    groups: int
    rows: int

    @property
    def difference(self) -> float:
        """The metric of the new model less that of the old one."""
        return self.new - self.old

    @property
    def verdict(self) -> str:
        """``better`` or ``worse``, of the new model, if the interval lies on one side of 0; else ``not told apart``."""
        if self.low > 0 or self.high < 0:
            return "better" if (self.low > 0) == (self.metric in HIGHER_IS_BETTER) else "worse"
        return "not told apart"


def paired_jackknife(
    problem: Problem, metric: str, labels: Labels, new: Answers, old: Answers, groups: Sequence[Hashable] | NDArray[Any]
) -> PairedDifference:
    """Return a metric of two models on the same rows, with the standard error of their difference.

    Each group of rows is left out in turn, and the spread of the differences that remain gives the error (Efron and Tibshirani,
    1993, chapter 11). Rows of one group, such as one day, may depend on each other, for they stay or go together; so the error is
    not too small where they do.

    Parameters
    ----------
    problem
        Which metrics there are.
    metric
        Name of one of ``problem.titles`` or the loss.
    labels, new, old
        As the problem has labels and answers; n rows each.
    groups
        One value per row; none missing.

    Raises
    ------
    InvalidInputError
        The lengths differ, there are no rows, or the problem has no such metric.

    Notes
    -----
    Costs two metrics per group and two more; losses and the ROC AUC are computed for all groups together, 80,000 rows of 90 days
    in some 0.5 s. With a group per row, the error of a mean is the standard deviation of the rows' differences over the root of
    their number.

    Examples
    --------
    >>> from headwater.training import Regression
    >>> actual, days = np.zeros(4), ["Mon", "Mon", "Tue", "Tue"]
    >>> found = paired_jackknife(Regression(), "mean_absolute_error", actual, actual + 1, actual + [2, 2, 4, 4], days)
    >>> found.difference, found.error, found.verdict
    (-2.0, 1.0, 'not told apart')
    """
    rows = len(labels)
    lengths = {"labels": rows, "new answers": len(new), "old answers": len(old), "groups": len(groups)}
    if not rows or len(set(lengths.values())) > 1:
        told = ", ".join(f"{count} {name}" for name, count in lengths.items())
        raise InvalidInputError(f"A paired comparison takes one of each per row, and at least one row; found {told}.")
    whole = [_metric(problem, metric, labels, answers) for answers in (new, old)]
    codes, values = pd.factorize(np.asarray(groups))
    if len(values) > 1:
        left_out = np.subtract(
            *(_left_out(problem, metric, labels, answers, codes, len(values)) for answers in (new, old))
        )
    else:
        left_out = np.array([])
    error, reach = _error(left_out), math.nan
    if math.isfinite(error):
        from scipy.stats import t

        reach = float(t.ppf(0.975, len(left_out) - 1)) * error
    difference = whole[0] - whole[1]
    return PairedDifference(
        metric, whole[0], whole[1], error, difference - reach, difference + reach, len(values), rows
    )


def _error(left_out: NDArray[np.float64]) -> float:
    count = len(left_out)
    if count < 2 or not np.isfinite(left_out).all():
        return math.nan
    return float(np.sqrt((count - 1) / count * np.sum((left_out - left_out.mean()) ** 2)))


def _left_out(
    problem: Problem, metric: str, labels: Labels, answers: Answers, codes: NDArray[np.intp], groups: int
) -> NDArray[np.float64]:
    """Return a metric of one model without each of the groups in turn."""
    if metric == problem.loss:
        losses = problem.losses(labels, answers)
        rest = losses.sum() - np.bincount(codes, weights=losses, minlength=groups)
        return np.asarray(rest / (len(losses) - np.bincount(codes, minlength=groups)), dtype=np.float64)
    if metric == problem.ranking == "roc_auc" and answers.ndim == 1:
        curve, batch = WeightedAuc(labels, answers), max(1, _CELLS // len(labels))
        parts = [np.arange(start, min(start + batch, groups)) for start in range(0, groups, batch)]
        return np.concatenate([curve((codes != part[:, None]).astype(np.float64)) for part in parts])
    kept = (codes != code for code in range(groups))
    return np.array([_metric(problem, metric, labels[rows], answers[rows]) for rows in kept], dtype=np.float64)


def _metric(problem: Problem, metric: str, labels: Labels, answers: Answers) -> float:
    """Return one metric, by the shortest way to it."""
    if metric == problem.loss:
        return float(problem.losses(labels, answers).mean())
    if metric == problem.ranking:
        return problem.ranked(labels, answers)
    found = problem.metrics(labels, answers)
    if metric not in found:
        raise InvalidInputError(f"The problem {problem.name} has no metric {metric!r}. Known: {', '.join(found)}.")
    return found[metric]
