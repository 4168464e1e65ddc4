"""The figures that MLflow keeps with a run: Matplotlib without its global state, safe in threads and without a display."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from headwater.training.problems.metrics import calibration_bins, roc_auc

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "calibration",
    "calibration_of",
    "class_confusion",
    "confusion_matrix",
    "errors",
    "feature_importance",
    "precision_recall",
    "predicted_and_actual",
    "quantile_shares",
    "roc",
]


def roc(label: ArrayLike, probabilities: Mapping[str, ArrayLike]) -> Figure:
    """Return the ROC curves of the named models on the same rows; one that gives all rows the same probability has none."""
    from sklearn.metrics import roc_curve

    figure, axes = _figure("ROC on the holdout", "False positive rate", "True positive rate")
    for name, chance in _ranking(probabilities).items():
        false, true, _ = roc_curve(label, chance)
        axes.plot(false, true, label=f"{name} (AUC {roc_auc(label, chance):.3f})")
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="chance")
    axes.legend(loc="lower right")
    return figure


def precision_recall(label: ArrayLike, probabilities: Mapping[str, ArrayLike]) -> Figure:
    """Return the precision-recall curves of the named models on the same rows, without those that rank nothing."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    figure, axes = _figure("Precision and recall on the holdout", "Recall", "Precision")
    for name, chance in _ranking(probabilities).items():
        precision, recall, _ = precision_recall_curve(label, chance)
        # The last point, precision 1 at recall 0, is no threshold's but drawn in by convention.
        axes.plot(recall[:-1], precision[:-1], label=f"{name} (AP {average_precision_score(label, chance):.3f})")
    rate = float(np.mean(np.asarray(label)))
    axes.axhline(rate, color="grey", linestyle=":", label=f"rate of label 1 ({rate:.3f})")
    axes.set_ylim(0, 1.02)
    axes.legend(loc="upper right")
    return figure


def calibration(label: ArrayLike, probabilities: Mapping[str, ArrayLike], bins: int = 10) -> Figure:
    """Return observed rate against predicted probability of the named models on the same rows, see :func:`calibration_of`."""
    return calibration_of({name: (label, chance) for name, chance in probabilities.items()}, bins)


def calibration_of(models: Mapping[str, tuple[ArrayLike, ArrayLike]], bins: int = 10) -> Figure:
    """Return observed rate against predicted probability, in bins of equal row count.

    Parameters
    ----------
    models
        By name, whether that which was predicted came true (0 or 1), and its probability.
    """
    figure, axes = _figure(
        "Calibration on the holdout", "Mean predicted probability", f"Observed rate, in {bins} bins of equal row count"
    )
    for name, (came_true, chance) in models.items():
        table = calibration_bins(came_true, chance, bins)
        axes.plot(table["probability"], table["rate"], marker="o", markersize=4, label=name)
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfect")
    axes.legend(loc="upper left")
    return figure


def confusion_matrix(label: ArrayLike, probability: ArrayLike, threshold: float) -> Figure:
    """Return rows counted by label and prediction; 1 is predicted where the probability is at least `threshold`."""
    actual, predicted = np.asarray(label) == 1, np.asarray(probability) >= threshold
    return class_confusion(
        actual.astype(int), predicted.astype(int), ("0", "1"), f"Confusion matrix at probability {threshold:.3g}"
    )


def class_confusion(
    label: ArrayLike, predicted: ArrayLike, classes: Sequence[Any], title: str = "Confusion matrix on the holdout"
) -> Figure:
    """Return rows counted by label and prediction, both given as places in `classes`."""
    actual, predictions, kinds = np.asarray(label), np.asarray(predicted), range(len(classes))
    counts = np.array([[np.sum((actual == a) & (predictions == p)) for p in kinds] for a in kinds])
    figure, axes = _figure(title, "Predicted label", "Actual label")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(kinds, list(map(str, classes)))
    axes.set_yticks(kinds, list(map(str, classes)))
    axes.grid(visible=False)
    for (row, column), count in np.ndenumerate(counts):
        share = shares[row, column]
        text = f"{count:,} rows\n{share:.1%} of label {classes[row]}" if len(classes) < 4 else f"{count:,}"
        axes.text(column, row, text, ha="center", va="center", color="white" if share > 0.5 else "black")
    return figure


def predicted_and_actual(label: ArrayLike, predicted: ArrayLike, unit: str = "", most: int = 5000) -> Figure:
    """Return a scatter of actual against predicted numbers, of at most `most` rows drawn by a fixed seed."""
    actual, answer = np.asarray(label, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    chosen = np.random.default_rng(0).permutation(len(actual))[:most]
    figure, axes = _figure("Actual against predicted on the holdout", f"Predicted{unit}", f"Actual{unit}")
    axes.scatter(answer[chosen], actual[chosen], s=6, alpha=0.3, linewidths=0, color="steelblue")
    ends = [float(answer.min()), float(answer.max())]
    axes.plot(ends, ends, color="grey", linestyle=":", label="perfect")
    low, high = np.quantile(actual, [0.005, 0.995])
    axes.set_ylim(min(low, ends[0]), max(high, ends[1]) + 1e-9)
    axes.legend(loc="upper left")
    return figure


def errors(label: ArrayLike, answers: Mapping[str, ArrayLike], unit: str = "") -> Figure:
    """Return the share of rows whose absolute error is at most so large, for the named models on the same rows."""
    figure, axes = _figure(
        "Absolute errors on the holdout", f"Absolute error{unit}", "Share of rows with at most that error"
    )
    actual, shares, reach = np.asarray(label, dtype=np.float64), np.linspace(0, 1, 201), 0.0
    for name, answer in answers.items():
        found = np.quantile(np.abs(np.asarray(answer, dtype=np.float64) - actual), shares)
        axes.plot(found, shares, label=name)
        reach = max(reach, float(found[194]))
    axes.set_xlim(0, reach or 1.0)
    axes.legend(loc="lower right")
    return figure


def quantile_shares(quantiles: Sequence[float], shares: Mapping[str, Sequence[float]]) -> Figure:
    """Return the share of labels at or below each predicted quantile, for the named models on the same rows."""
    figure, axes = _figure("Quantiles on the holdout", "Quantile", "Share of labels at or below its prediction")
    for name, below in shares.items():
        axes.plot(list(quantiles), list(below), marker="o", markersize=4, label=name)
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfect")
    axes.legend(loc="upper left")
    return figure


def feature_importance(
    importance: pd.DataFrame, most: int = 20, growth: str = "log loss when shuffled (nats)"
) -> Figure:
    """Return bars of the `most` important inputs, from :func:`headwater.training.judging.importance.permutation_importance`."""
    top = importance.head(most).iloc[::-1]
    figure, axes = _figure("Permutation importance on the holdout", f"Growth of the {growth}", "")
    axes.barh(top["feature"], top["importance"], xerr=top["deviation"], color="steelblue", ecolor="grey")
    figure.set_size_inches(7, 1.2 + 0.28 * len(top))
    return figure


def _ranking(probabilities: Mapping[str, ArrayLike]) -> dict[str, ArrayLike]:
    """Return the models that rank rows: a constant's curve would be two points and a line that means nothing."""
    return {name: chance for name, chance in probabilities.items() if np.ptp(np.asarray(chance)) > 0}


def _figure(title: str, x: str, y: str) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 5), layout="constrained", dpi=110)
    axes = figure.add_subplot()
    axes.set(title=title, xlabel=x, ylabel=y)
    axes.grid(visible=True, alpha=0.3)
    axes.set_axisbelow(True)
    return figure, axes
