"""The figures that MLflow keeps with a run: Matplotlib without its global state, safe in threads and without a display."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from headwater.training.judging.metrics import calibration_bins, roc_auc

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["calibration", "confusion_matrix", "feature_importance", "precision_recall", "roc"]


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
    """Return observed rate against predicted probability, in bins of equal row count."""
    figure, axes = _figure(
        "Calibration on the holdout", "Mean predicted probability", f"Observed rate, in {bins} bins of equal row count"
    )
    for name, chance in probabilities.items():
        table = calibration_bins(label, chance, bins)
        axes.plot(table["probability"], table["rate"], marker="o", markersize=4, label=name)
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfect")
    axes.legend(loc="upper left")
    return figure


def confusion_matrix(label: ArrayLike, probability: ArrayLike, threshold: float) -> Figure:
    """Return rows counted by label and prediction; 1 is predicted where the probability is at least `threshold`."""
    actual, predicted = np.asarray(label) == 1, np.asarray(probability) >= threshold
    counts = np.array([[np.sum((actual == a) & (predicted == p)) for p in (False, True)] for a in (False, True)])
    figure, axes = _figure(f"Confusion matrix at probability {threshold:.3g}", "Predicted label", "Actual label")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks([0, 1], ["0", "1"])
    axes.set_yticks([0, 1], ["0", "1"])
    axes.grid(visible=False)
    for (row, column), count in np.ndenumerate(counts):
        share = shares[row, column]
        text = f"{count:,} rows\n{share:.1%} of label {row}"
        axes.text(column, row, text, ha="center", va="center", color="white" if share > 0.5 else "black")
    return figure


def feature_importance(importance: pd.DataFrame, most: int = 20) -> Figure:
    """Return bars of the `most` important inputs, from :func:`headwater.training.judging.importance.permutation_importance`."""
    top = importance.head(most).iloc[::-1]
    figure, axes = _figure("Permutation importance on the holdout", "Growth of log loss when shuffled (nats)", "")
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
