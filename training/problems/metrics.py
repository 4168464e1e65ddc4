"""Metrics of probabilities and of numbers against labels; those of scikit-learn's names give its values.

All take labels and answers as arrays of one length, without nulls. A metric that is not defined (ROC AUC where all labels are
equal) is NaN.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "HIGHER_IS_BETTER",
    "binary_metrics",
    "calibration_bins",
    "calibration_slope",
    "class_log_losses",
    "class_metrics",
    "expected_calibration_error",
    "log_losses",
    "number_metrics",
    "pairwise_roc_auc",
    "roc_auc",
]

HIGHER_IS_BETTER = frozenset(
    {"roc_auc", "average_precision", "accuracy", "balanced_accuracy", "f1_macro", "r2_score", "d2_pinball_score"}
)
"""Metrics that are higher for a better model; of the others lower is better."""

_TINY = float(np.finfo(np.float64).eps)


def log_losses(label: ArrayLike, probability: ArrayLike) -> NDArray[np.float64]:
    """Return the log loss of each row (natural logarithm); probabilities are kept 2.2e-16 away from 0 and 1.

    Examples
    --------
    >>> log_losses([1, 0], [0.5, 0.5]).round(4).tolist()
    [0.6931, 0.6931]
    """
    actual = np.asarray(label, dtype=np.float64)
    chance = np.clip(np.asarray(probability, dtype=np.float64), _TINY, 1 - _TINY)
    return -np.where(actual == 1, np.log(chance), np.log1p(-chance))


def roc_auc(label: ArrayLike, probability: ArrayLike) -> float:
    """Return the area under the ROC curve: the chance that a late row ranks above one that is not, ties counting half.

    The rank-sum form of Mann and Whitney (1947).

    Examples
    --------
    >>> roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    from scipy.stats import rankdata

    actual = np.asarray(label) == 1
    ones, zeros = int(actual.sum()), int((~actual).sum())
    if not ones or not zeros:
        return float("nan")
    ranks = rankdata(np.asarray(probability, dtype=np.float64))
    return float((ranks[actual].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def calibration_bins(label: ArrayLike, probability: ArrayLike, bins: int = 10) -> pd.DataFrame:
    """Return per bin of equal row count: `rows`, mean `probability` and `rate` of label 1.

    Rows are ordered by probability and cut into at most `bins` groups; equal probabilities stay in one group.
    """
    chance = np.asarray(probability, dtype=np.float64)
    edges = np.unique(np.quantile(chance, np.linspace(0, 1, bins + 1)))
    group = np.searchsorted(edges[1:-1], chance, side="right") if len(edges) > 2 else np.zeros(len(chance), dtype=int)
    table = pd.DataFrame({"group": group, "probability": chance, "rate": np.asarray(label, dtype=np.float64)})
    binned = table.groupby("group").agg(
        rows=("rate", "size"), probability=("probability", "mean"), rate=("rate", "mean")
    )
    return binned.reset_index(drop=True)


def expected_calibration_error(label: ArrayLike, probability: ArrayLike, bins: int = 10) -> float:
    """Return the mean distance of predicted probability and observed rate over :func:`calibration_bins`, weighted by rows.

    Naeini, Cooper and Hauskrecht (2015), with bins of equal row count in place of equal width. From 0 to 1.

    Examples
    --------
    >>> round(expected_calibration_error([0, 1, 0, 1], [0.4, 0.4, 0.4, 0.4]), 3)
    0.1
    """
    table = calibration_bins(label, probability, bins)
    return float(np.average((table["probability"] - table["rate"]).abs(), weights=table["rows"]))


def calibration_slope(label: ArrayLike, probability: ArrayLike) -> tuple[float, float]:
    """Return slope and intercept of a logistic regression of the label on the log odds (Cox, 1958).

    1 and 0 are perfect; a slope below 1 means predictions that are too extreme. NaN where the labels are all equal
    or the probabilities are. Newton's method, at most 50 steps.
    """
    actual = np.asarray(label, dtype=np.float64)
    chance = np.clip(np.asarray(probability, dtype=np.float64), 1e-9, 1 - 1e-9)
    odds = np.log(chance) - np.log1p(-chance)
    if actual.min() == actual.max() or np.ptp(odds) == 0:
        return float("nan"), float("nan")
    design = np.column_stack([np.ones_like(odds), odds])
    weights = np.array([0.0, 1.0])
    for _ in range(50):
        fitted = 1 / (1 + np.exp(-np.clip(design @ weights, -35, 35)))
        curvature = design.T @ (design * np.maximum(fitted * (1 - fitted), 1e-12)[:, None])
        step = np.linalg.lstsq(curvature, design.T @ (actual - fitted), rcond=None)[0]
        weights = weights + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-8:
            break
    return float(weights[1]), float(weights[0])


def binary_metrics(label: ArrayLike, probability: ArrayLike, *, threshold: float = 0.5) -> dict[str, float]:
    """Return all metrics of one model on one set of rows.

    ``rows``, ``rate`` (of label 1), ``roc_auc``, ``log_loss``, ``brier``, ``average_precision``, ``accuracy`` (label 1 is
    predicted where the probability is at least `threshold`), ``expected_calibration_error``, ``calibration_slope`` and
    ``calibration_intercept``.

    Examples
    --------
    >>> found = binary_metrics([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> found["roc_auc"], found["accuracy"], round(found["brier"], 3)
    (0.75, 0.75, 0.158)
    """
    from sklearn.metrics import average_precision_score

    actual = np.asarray(label, dtype=np.int64)
    chance = np.asarray(probability, dtype=np.float64)
    slope, intercept = calibration_slope(actual, chance)
    return {
        "rows": float(len(actual)),
        "rate": float(actual.mean()),
        "roc_auc": roc_auc(actual, chance),
        "log_loss": float(log_losses(actual, chance).mean()),
        "brier": float(np.mean((chance - actual) ** 2)),
        "average_precision": float(average_precision_score(actual, chance)) if actual.any() else float("nan"),
        "accuracy": float(np.mean((chance >= threshold) == (actual == 1))),
        "expected_calibration_error": expected_calibration_error(actual, chance),
        "calibration_slope": slope,
        "calibration_intercept": intercept,
    }


def class_log_losses(label: ArrayLike, probabilities: ArrayLike) -> NDArray[np.float64]:
    """Return the log loss of each row: of the probability of its label's place; kept 2.2e-16 away from 0.

    Examples
    --------
    >>> class_log_losses([0, 2], [[0.5, 0.5, 0.0], [0.2, 0.2, 0.6]]).round(4).tolist()
    [0.6931, 0.5108]
    """
    places, chances = np.asarray(label, dtype=np.int64), np.asarray(probabilities, dtype=np.float64)
    of_label = chances[np.arange(len(places)), places]
    return np.asarray(-np.log(np.clip(of_label, _TINY, 1.0)), dtype=np.float64)


def pairwise_roc_auc(label: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the mean ROC AUC over all pairs of classes (Hand and Till, 2001); NaN if a class does not occur.

    Examples
    --------
    >>> pairwise_roc_auc([0, 1, 2], [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.3, 0.3, 0.4]])
    1.0
    """
    from sklearn.metrics import roc_auc_score

    places, chances = np.asarray(label, dtype=np.int64), np.asarray(probabilities, dtype=np.float64)
    kinds = list(range(chances.shape[1]))
    if len(np.unique(places)) < len(kinds):
        return float("nan")
    given = chances / chances.sum(axis=1, keepdims=True)
    return float(roc_auc_score(places, given, multi_class="ovo", average="macro", labels=kinds))


def class_metrics(label: ArrayLike, probabilities: ArrayLike) -> dict[str, float]:
    """Return all metrics of one model of several classes on one set of rows.

    ``rows``, ``log_loss``, ``accuracy``, ``balanced_accuracy`` and ``f1_macro`` (over the classes that occur), ``roc_auc`` (see
    :func:`pairwise_roc_auc`), ``brier`` (sum over the classes), and
    ``expected_calibration_error`` of the most likely class.

    Parameters
    ----------
    label
        Places of the classes, from 0.
    probabilities
        n rows by k classes.

    Examples
    --------
    >>> class_metrics([0, 1, 2], [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.5, 0.2, 0.3]])["accuracy"]
    0.6666666666666666
    """
    from sklearn.metrics import f1_score, recall_score

    places, chances = np.asarray(label, dtype=np.int64), np.asarray(probabilities, dtype=np.float64)
    best, occurring = chances.argmax(axis=1), np.unique(places)
    return {
        "rows": float(len(places)),
        "log_loss": float(class_log_losses(places, chances).mean()),
        "accuracy": float(np.mean(best == places)),
        "balanced_accuracy": float(recall_score(places, best, labels=occurring, average="macro", zero_division=0)),
        "f1_macro": float(f1_score(places, best, labels=occurring, average="macro", zero_division=0)),
        "roc_auc": pairwise_roc_auc(places, chances),
        "brier": float(np.mean(((chances - np.eye(chances.shape[1])[places]) ** 2).sum(axis=1))),
        "expected_calibration_error": expected_calibration_error(best == places, chances.max(axis=1)),
    }


def number_metrics(label: ArrayLike, predicted: ArrayLike) -> dict[str, float]:
    """Return all metrics of predicted numbers on one set of rows, in the label's unit but for R².

    ``rows``, ``mean`` (of the labels), ``mean_squared_error``, ``root_mean_squared_error``, ``mean_absolute_error``,
    ``median_absolute_error``, ``mean_error`` (predicted less actual) and ``r2_score``, which is NaN where all labels are equal.

    Examples
    --------
    >>> found = number_metrics([1.0, 2.0, 6.0], [2.0, 2.0, 4.0])
    >>> found["mean_absolute_error"], round(found["r2_score"], 3)
    (1.0, 0.643)
    """
    actual, answer = np.asarray(label, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    errors = answer - actual
    squared, spread = float(np.mean(errors**2)), float(np.mean((actual - actual.mean()) ** 2))
    return {
        "rows": float(len(actual)),
        "mean": float(actual.mean()),
        "mean_squared_error": squared,
        "root_mean_squared_error": float(np.sqrt(squared)),
        "mean_absolute_error": float(np.mean(np.abs(errors))),
        "median_absolute_error": float(np.median(np.abs(errors))),
        "mean_error": float(errors.mean()),
        "r2_score": 1 - squared / spread if spread > 0 else float("nan"),
    }
