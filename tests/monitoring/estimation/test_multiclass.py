"""Several classes without labels: held to NannyML's numbers on its own data, and to labels that are drawn again and again."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from headwater.monitoring.estimation.estimator import Rows
from headwater.monitoring.estimation.multiclass import MulticlassEstimator
from tests.monitoring.estimation.suite import EstimatorSuite

# NannyML 0.13.1, CBPE with chunks of 6,000 rows, on its own data.
NANNYML = {
    "roc_auc_score": [0.907587, 0.910527, 0.910503, 0.909687, 0.907781, 0.819875, 0.820719, 0.819588, 0.81986, 0.821987],
    "accuracy_score": [0.754192, 0.757301, 0.759008, 0.757555, 0.754411, 0.636898, 0.637819, 0.637937, 0.637649, 0.64051],
    "precision": [0.754156, 0.757295, 0.758984, 0.757424, 0.754395, 0.633349, 0.63435, 0.633478, 0.634091, 0.636371],
    "recall": [0.754086, 0.75737, 0.758992, 0.757417, 0.754458, 0.6319, 0.632218, 0.631315, 0.632774, 0.634221],
    "f1_score": [0.754093, 0.757308, 0.758963, 0.75742, 0.754405, 0.632206, 0.632852, 0.631925, 0.633005, 0.634782],
}  # fmt: skip

CARDS = ("prepaid_card", "highstreet_card", "upmarket_card")


def _rows(frame):
    position = {name: float(at) for at, name in enumerate(CARDS)}
    scores = frame[[f"y_pred_proba_{name}" for name in CARDS]].to_numpy(dtype=float)
    return Rows(frame["y_pred"].map(position).to_numpy(), scores, frame["y_true"].map(position).to_numpy())


def test_the_credit_cards_are_estimated_as_nannyml_does(credit_cards):
    reference, analysis = credit_cards
    estimator = MulticlassEstimator(3).fit(_rows(reference))
    apart = []
    for at in range(10):
        window = _rows(analysis.iloc[6_000 * at : 6_000 * (at + 1)])
        found, realised = estimator.estimates(estimator.state(window)), estimator.realised(window)
        for name, expected in NANNYML.items():
            assert found[name].value == pytest.approx(expected[at], abs=0.00001), (name, at)
        if at < 5:
            apart += [(realised[name] - one.value) / one.error for name, one in found.items()]
        else:  # the concept changes here, which no estimate without labels can see: it says too good a value
            assert found["roc_auc_score"].value - realised["roc_auc_score"] > 0.05
    assert np.abs(apart).max() < 4


class TestMulticlass(EstimatorSuite):
    # The error of a mean of areas is an upper bound.
    ratios: ClassVar = {"roc_auc_score": (1.0, 1.8)}

    def estimator(self):
        return MulticlassEstimator(3)

    def rows(self, rows, seed, *, hard=0.0):
        rng = np.random.default_rng(seed)
        scores = rng.dirichlet(np.array([1.0, 1.5, 0.8]) * (0.6 + 2.5 * hard), rows)
        empty = Rows(scores.argmax(axis=1).astype(float), scores, np.zeros(rows))
        return Rows(empty.predictions, scores, self.labels(empty, rng))

    def labels(self, rows, rng):
        chances = (0.1 + 0.7 * rows.scores) / (0.1 + 0.7 * rows.scores).sum(axis=1, keepdims=True)
        return (rng.uniform(size=len(rows))[:, np.newaxis] > chances.cumsum(axis=1)[:, :2]).sum(axis=1).astype(float)
