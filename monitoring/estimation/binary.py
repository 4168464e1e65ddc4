"""Confidence-based estimation for two classes: a calibrated probability says how often a prediction is right.

Scores of one block of the calibration have one share, so that counts of rows by block and prediction are all that the estimates
depend on: adding them up loses nothing, however many rows there are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from headwater.monitoring.estimation.calibration import Calibration, calibrated
from headwater.monitoring.estimation.estimator import Estimate, Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BinaryEstimator", "log_of"]

_LEAST = 2.0**-52  # scikit-learn's and the profile's bound of probabilities in a logarithm


def log_of(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return logarithms of probabilities, held off 0 and 1 by one bit as in the profile's log loss."""
    return np.asarray(np.log(np.clip(probabilities, _LEAST, 1 - _LEAST)), dtype=np.float64)


class BinaryEstimator:
    """Estimates of a model that gives the probability of one class, the *positive* one.

    The metrics are those of the positive class, as ``precision.one_vs_all`` and its like are in the profile.

    Notes
    -----
    With calibrated probabilities the expected counts of true and false positives, and from them all metrics, follow without
    labels (confidence-based performance estimation). It holds as long as the share of labels that come true at a score stays as
    it was on the reference: a change of the inputs is seen, a change of the concept is not.

    The error has two parts, each by the delta method: labels fall by chance, and the shares were learnt from so many rows.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> def rows_of(mean, rows):
    ...     scores = np.clip(rng.normal(mean, 0.2, rows), 0, 1)
    ...     return Rows((scores >= 0.5).astype(float), scores, (rng.uniform(size=rows) < scores).astype(float))
    >>> estimator = BinaryEstimator().fit(rows_of(0.5, 20_000))
    >>> window = rows_of(0.4, 5_000)
    >>> estimated, realised = estimator.estimates(estimator.state(window)), estimator.realised(window)
    >>> all(abs(one.value - realised[name]) < 3 * one.error for name, one in estimated.items())
    True
    """

    metrics: ClassVar[Mapping[str, bool]] = MappingProxyType(
        {
            "roc_auc_score": True,
            "accuracy_score": True,
            "precision": True,
            "recall": True,
            "f1_score": True,
            "log_loss": False,
        }
    )

    def fit(self, rows: Rows) -> Self:
        """Calibrate on the labelled rows."""
        known = rows.labelled()
        assert known.scores is not None
        self.calibration_ = calibrated(known.scores, known.labels)
        return self

    def state(self, rows: Rows) -> NDArray[np.float64]:
        """Return rows and sums of the log odds' parts by block and prediction, and the log loss's variance."""
        assert rows.scores is not None
        block = self.calibration_.block(rows.scores)
        share = self.calibration_.shares[block]
        cell = 2 * block + rows.predictions.astype(np.intp)
        loss_of_one, loss_of_none = -log_of(rows.scores), -log_of(1 - rows.scores)
        size = 2 * len(self.calibration_)
        sums = [np.bincount(cell, weights=of, minlength=size) for of in (None, loss_of_one, loss_of_none)]
        spread = float(share * (1 - share) @ (loss_of_one - loss_of_none) ** 2)
        return np.concatenate([*sums, [spread]]).astype(np.float64)

    def estimates(self, state: NDArray[np.float64]) -> dict[str, Estimate]:
        """Return the estimates; of no rows, or where a class is expected not to occur, NaN."""
        blocks = len(self.calibration_)
        rows, loss_of_one, loss_of_none = state[:-1].reshape(3, blocks, 2)
        share = self.calibration_.shares[:, np.newaxis]
        total, positive = rows.sum(), float((rows * share).sum())
        predicted, hits = rows[:, 1].sum(), float(rows[:, 1] @ self.calibration_.shares)
        is_positive = np.broadcast_to([0.0, 1.0], rows.shape)
        area, slope = _area(rows.sum(axis=1), self.calibration_.shares)
        loss = float((share * loss_of_one + (1 - share) * loss_of_none).sum())
        right = float((rows * np.where(is_positive == 1, share, 1 - share)).sum())
        both = predicted + positive
        # By metric: its value, and its derivative by the label of one row of each cell.
        values = {
            "roc_auc_score": (area, np.broadcast_to(slope[:, np.newaxis], rows.shape)),
            "accuracy_score": (_ratio(right, total), _ratio(2 * is_positive - 1, total)),
            "precision": (_ratio(hits, predicted), _ratio(is_positive, predicted)),
            "recall": (_ratio(hits, positive), _ratio(is_positive - _ratio(hits, positive), positive)),
            "f1_score": (_ratio(2 * hits, both), _ratio(2 * is_positive - _ratio(2 * hits, both), both)),
        }
        found = {name: Estimate(float(value), self._error(rows, of)) for name, (value, of) in values.items()}
        of_blocks = _ratio((loss_of_one - loss_of_none).sum(axis=1), total)
        by_chance = _ratio(float(state[-1]), total**2)
        error = math.sqrt(by_chance + self._learnt(of_blocks)) if total else math.nan
        return found | {"log_loss": Estimate(float(_ratio(loss, total)), error)}

    def realised(self, rows: Rows) -> dict[str, float]:
        """Return the true metrics, as scikit-learn defines them."""
        from sklearn import metrics

        known = rows.labelled()
        label, predicted = known.labels.astype(int), known.predictions.astype(int)
        both = len(np.unique(label)) == 2
        assert known.scores is not None
        chances = np.clip(known.scores, _LEAST, 1 - _LEAST)
        return {
            "roc_auc_score": float(metrics.roc_auc_score(label, known.scores)) if both else math.nan,
            "accuracy_score": float((label == predicted).mean()) if len(label) else math.nan,
            "precision": float(metrics.precision_score(label, predicted, zero_division=np.nan)),
            "recall": float(metrics.recall_score(label, predicted, zero_division=np.nan)),
            "f1_score": float(metrics.f1_score(label, predicted, zero_division=np.nan)),
            "log_loss": float(metrics.log_loss(label, chances, labels=[0, 1])) if len(label) else math.nan,
        }

    def document(self) -> dict[str, Any]:
        """Return the calibration."""
        return {"calibration": self.calibration_.document()}

    def restored(self, document: Mapping[str, Any]) -> Self:
        """Return the estimator with the document's calibration."""
        self.calibration_ = Calibration.restored(document["calibration"])
        return self

    def _error(self, rows: NDArray[np.float64], slope: NDArray[np.float64]) -> float:
        """Return the standard error of a metric by its derivative by the label of one row of each cell."""
        share = self.calibration_.shares[:, np.newaxis]
        by_chance = float((rows * share * (1 - share) * slope**2).sum())
        return math.sqrt(by_chance + self._learnt((rows * slope).sum(axis=1)))

    def _learnt(self, slope: NDArray[np.float64]) -> float:
        """Return the variance of a metric by how well the shares are known, by its derivative by each share."""
        share = self.calibration_.shares
        return float((slope**2 * share * (1 - share) / self.calibration_.rows).sum())


def _area(rows: NDArray[np.float64], share: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Return the expected area under the ROC curve of ascending blocks, and its derivative by the label of one row."""
    ones, others = rows * share, rows * (1 - share)
    positive, negative = ones.sum(), others.sum()
    if not positive or not negative:
        return math.nan, np.full(len(rows), math.nan)
    below = np.cumsum(others) - others / 2
    above = positive - np.cumsum(ones) + ones / 2
    area = float(ones @ below / (positive * negative))
    return area, (below - above) / (positive * negative) - area / positive + area / negative


def _ratio(part: Any, whole: float) -> Any:
    return part / whole if whole else np.asarray(part) * math.nan
