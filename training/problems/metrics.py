"""Metrics of a probability against a label of 0 and 1, in NumPy; those of scikit-learn's names give its values.

All take the labels and the probabilities of label 1 as arrays of one length, without nulls. A metric that is not defined
(ROC AUC where all labels are equal) is NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "binary_metrics",
    "calibration_bins",
    "calibration_slope",
    "expected_calibration_error",
    "log_losses",
    "metrics_by",
    "roc_auc",
]

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


def metrics_by(
    groups: pd.Series, label: ArrayLike, probabilities: Mapping[str, ArrayLike], *, least: int = 1
) -> pd.DataFrame:
    """Return `rows`, `rate`, and log loss and ROC AUC of each named model, per value of `groups`.

    Parameters
    ----------
    groups
        One value per row; missing ones form the group ``<missing>``.
    probabilities
        For each model's name its probabilities; the columns are ``log_loss_<name>`` and ``roc_auc_<name>``.
    least
        Groups with fewer rows are left out.
    """
    actual = np.asarray(label, dtype=np.int64)
    keys = groups.astype(object).where(groups.notna(), "<missing>").to_numpy()
    rows: list[dict[str, Any]] = []
    for value, positions in sorted(
        pd.Series(np.arange(len(actual))).groupby(keys).indices.items(), key=lambda kv: str(kv[0])
    ):
        if len(positions) < least:
            continue
        found: dict[str, Any] = {"group": str(value), "rows": len(positions), "rate": float(actual[positions].mean())}
        for name, probability in probabilities.items():
            chance = np.asarray(probability, dtype=np.float64)[positions]
            found[f"log_loss_{name}"] = float(log_losses(actual[positions], chance).mean())
            found[f"roc_auc_{name}"] = roc_auc(actual[positions], chance)
        rows.append(found)
    names: Sequence[str] = [f"{metric}_{name}" for name in probabilities for metric in ("log_loss", "roc_auc")]
    return pd.DataFrame(rows, columns=["group", "rows", "rate", *names])
