"""Confidence-based estimation for several classes: each class's probability is calibrated, then all are brought to sum to 1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from headwater.monitoring.estimation.binary import BinaryEstimator, log_of
from headwater.monitoring.estimation.calibration import Calibration, calibrated, is_calibrated
from headwater.monitoring.estimation.estimator import Estimate, Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOST_CLASSES", "MulticlassEstimator"]

MOST_CLASSES = 50
"""A window's sums grow with the cube of the number of classes: 1 MB at 50."""
_BINS = 20_000


class MulticlassEstimator:
    """Estimates of a model that gives a probability for each of `classes` classes, at most `MOST_CLASSES`.

    Precision, recall, F1 and ROC AUC are the means over the classes, each against the others.

    Notes
    -----
    As :class:`~headwater.monitoring.estimation.binary.BinaryEstimator`. ROC areas are taken at up to 1,000 quantiles of a class's
    scores on the reference, fewer of more than 20 classes. The errors hold the chance of the labels, and by a factor the number
    of rows that the calibration was learnt from; that of the mean ROC AUC is the mean of the classes' errors, an upper bound.
    """

    metrics: ClassVar[Mapping[str, bool]] = BinaryEstimator.metrics

    def __init__(self, classes: int) -> None:
        self.classes = classes

    def fit(self, rows: Rows) -> Self:
        """Calibrate each class on the labelled rows, unless its probabilities are right as they are."""
        known = rows.labelled()
        assert known.scores is not None
        bins = min(1000, _BINS // self.classes)
        of_classes = [(known.scores[:, at], (known.labels == at).astype(np.float64)) for at in range(self.classes)]
        self.calibrations_ = [None if is_calibrated(*of) else calibrated(*of) for of in of_classes]
        self.edges_ = [
            np.unique(np.quantile(known.scores[:, at], np.linspace(0, 1, bins + 1)[1:-1], method="higher"))
            for at in range(self.classes)
        ]
        self.rows_ = len(known)
        return self

    def state(self, rows: Rows) -> NDArray[np.float64]:
        """Return sums of the calibrated probabilities, of their products by prediction, and of each class by its scores."""
        assert rows.scores is not None
        chances = self._chances(rows.scores)
        predicted = np.zeros(chances.shape)
        predicted[np.arange(len(rows)), rows.predictions.astype(np.intp)] = 1.0
        losses = -log_of(rows.scores)
        loss = (chances * losses).sum(axis=1)
        spread = float(((chances * losses**2).sum(axis=1) - loss**2).sum())
        parts = [
            np.array([len(rows), loss.sum(), spread]),
            (predicted.T @ chances).ravel(),
            np.einsum("ip,ij,ik->pjk", predicted, chances, chances, optimize=True).ravel(),
        ]
        for at, edges in enumerate(self.edges_):
            bin_, own = np.searchsorted(edges, rows.scores[:, at], side="right"), chances[:, at]
            size = len(edges) + 1
            parts += [np.bincount(bin_, weights=of, minlength=size) for of in (own, 1 - own, own * (1 - own))]
        return np.concatenate(parts).astype(np.float64)

    def estimates(self, state: NDArray[np.float64]) -> dict[str, Estimate]:
        """Return the estimates; of no rows NaN."""
        k = self.classes
        rows, loss, spread = state[:3]
        if not rows:
            return {name: Estimate(math.nan, math.nan) for name in self.metrics}
        matrix = state[3 : 3 + k * k].reshape(k, k)  # expected rows by prediction and class
        products = state[3 + k * k : 3 + k * k + k**3].reshape(k, k, k)
        more = 1 + rows / self.rows_  # what the calibration was learnt from falls by chance, too

        def error(slope: NDArray[np.float64]) -> float:
            """Return the error of a metric by its derivative by the entries of the matrix."""
            by_chance = (matrix * slope**2).sum() - np.einsum("pj,pk,pjk->", slope, slope, products, optimize=True)
            return math.sqrt(max(float(by_chance), 0.0) * more)

        hits, predicted, true = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
        eye = np.eye(k)
        precision, recall = _shares(hits, predicted), _shares(hits, true)
        f1 = _shares(2 * hits, predicted + true)
        by_predicted, by_true = _shares(np.ones(k), predicted), _shares(np.ones(k), true)
        by_both = _shares(np.ones(k), predicted + true)
        slopes = {
            "accuracy_score": eye / rows,
            "precision": eye * by_predicted[:, np.newaxis] / k,  # how many are predicted does not fall by chance
            "recall": (eye - recall) * by_true / k,
            "f1_score": (2 * eye - f1) * by_both / k,
        }
        values = {
            "accuracy_score": float(hits.sum() / rows),
            "precision": float(precision.mean()),
            "recall": float(recall.mean()),
            "f1_score": float(f1.mean()),
        }
        areas = self._areas(state[3 + k * k + k**3 :])
        area_error = float(np.mean([one.error for one in areas])) * math.sqrt(more)
        return (
            {"roc_auc_score": Estimate(float(np.mean([one.value for one in areas])), area_error)}
            | {name: Estimate(value, error(slopes[name])) for name, value in values.items()}
            | {"log_loss": Estimate(float(loss / rows), math.sqrt(max(spread, 0.0) * more) / float(rows))}
        )

    def realised(self, rows: Rows) -> dict[str, float]:
        """Return the true metrics, as scikit-learn defines them; the ROC AUC is NaN unless each class occurs."""
        from sklearn import metrics

        known = rows.labelled()
        if not len(known):
            return dict.fromkeys(self.metrics, math.nan)
        label, predicted, scores = known.labels.astype(int), known.predictions.astype(int), known.scores
        assert scores is not None
        every = range(self.classes)
        areas = [
            metrics.roc_auc_score(label == at, scores[:, at]) for at in every if 0 < (label == at).sum() < len(label)
        ]
        of = {"average": "macro", "zero_division": 0.0}
        return {
            "roc_auc_score": float(np.mean(areas)) if len(areas) == self.classes else math.nan,
            "accuracy_score": float((label == predicted).mean()),
            "precision": float(metrics.precision_score(label, predicted, **of)),
            "recall": float(metrics.recall_score(label, predicted, **of)),
            "f1_score": float(metrics.f1_score(label, predicted, **of)),
            "log_loss": float(-log_of(scores[np.arange(len(known)), label]).mean()),
        }

    def document(self) -> dict[str, Any]:
        """Return calibrations, edges and the number of rows."""
        return {
            "calibrations": [None if one is None else one.document() for one in self.calibrations_],
            "edges": [one.tolist() for one in self.edges_],
            "rows": self.rows_,
        }

    def restored(self, document: Mapping[str, Any]) -> Self:
        """Return the estimator with what the document has."""
        self.calibrations_ = [None if one is None else Calibration.restored(one) for one in document["calibrations"]]
        self.edges_ = [np.asarray(one, dtype=np.float64) for one in document["edges"]]
        self.rows_ = int(document["rows"])
        return self

    def _chances(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the calibrated probabilities, which sum to 1; where all are 0, the model's own."""
        found = scores.copy()
        for at, of in enumerate(self.calibrations_):
            if of is not None:
                found[:, at] = of.shares[of.block(scores[:, at])]
        total = found.sum(axis=1, keepdims=True)
        own = scores / np.maximum(scores.sum(axis=1, keepdims=True), 1e-300)
        return np.where(total > 0, found / np.where(total > 0, total, 1.0), own)

    def _areas(self, sums: NDArray[np.float64]) -> Sequence[Estimate]:
        """Return the expected area under the ROC curve of each class against the others."""
        found, start = [], 0
        for edges in self.edges_:
            bins = len(edges) + 1
            ones, others, spread = sums[start : start + 3 * bins].reshape(3, bins)
            start += 3 * bins
            positive, negative = ones.sum(), others.sum()
            if not positive or not negative:
                found.append(Estimate(math.nan, math.nan))
                continue
            below, above = np.cumsum(others) - others / 2, positive - np.cumsum(ones) + ones / 2
            area = float(ones @ below / (positive * negative))
            slope = (below - above) / (positive * negative) - area / positive + area / negative
            found.append(Estimate(area, math.sqrt(float(spread @ slope**2))))
        return found


def _shares(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return part / whole, and 0 where the whole is 0, as scikit-learn and the profile do."""
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), 0.0)
