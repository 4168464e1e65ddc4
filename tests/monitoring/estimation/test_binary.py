"""Two classes without labels: held to NannyML's numbers on its own data, and to labels that are drawn again and again."""

from __future__ import annotations

import numpy as np
import pytest

from headwater.monitoring.estimation.binary import BinaryEstimator
from headwater.monitoring.estimation.estimator import Rows
from tests.monitoring.estimation.suite import EstimatorSuite

# drift.md's figures are the first of these: NannyML 0.13.1, CBPE with chunks of 5,000 rows, on its car loans.
NANNYML = {
    "roc_auc_score": [0.970744, 0.971011, 0.971407, 0.971091, 0.971123, 0.96109, 0.961825, 0.961073, 0.962533, 0.961316],
    "accuracy_score": [0.941792, 0.943321, 0.945492, 0.944816, 0.944645, 0.910714, 0.911149, 0.911193, 0.914389, 0.911731],
    "precision": [0.957786, 0.957956, 0.958275, 0.956998, 0.958208, 0.941318, 0.941868, 0.939413, 0.943347, 0.941133],
    "recall": [0.928723, 0.925261, 0.929317, 0.929713, 0.930604, 0.88399, 0.883528, 0.885501, 0.885978, 0.889808],
    "f1_score": [0.94303, 0.941324, 0.943574, 0.943159, 0.944204, 0.911753, 0.911766, 0.911661, 0.913763, 0.914751],
}  # fmt: skip


def _rows(frame):
    return Rows(*(frame[name].to_numpy(dtype=float) for name in ("y_pred", "y_pred_proba", "repaid")))


def _chunks(frame, size):
    return [frame.iloc[start : start + size] for start in range(0, len(frame), size)]


def test_the_car_loans_are_estimated_as_nannyml_does_and_as_their_labels_say(car_loans):
    reference, analysis = car_loans
    estimator = BinaryEstimator().fit(_rows(reference))
    apart = []
    for at, chunk in enumerate(_chunks(analysis, 5_000)):
        window = _rows(chunk)
        found, realised = estimator.estimates(estimator.state(window)), estimator.realised(window)
        for name, expected in NANNYML.items():
            assert found[name].value == pytest.approx(expected[at], abs=0.00001), (name, at)
        if at < 5:
            apart += [(realised[name] - one.value) / one.error for name, one in found.items()]
        else:  # the inputs drift, and a little also what a score means
            assert all(abs(realised[name] - one.value) < 0.03 for name, one in found.items())
    assert np.abs(apart).max() < 4
    assert 0.5 < np.std(apart) < 1.5, "errors are about as wide as the truth lies apart"


def test_realised_areas_are_the_published_ones(car_loans):
    chunks = _chunks(car_loans[1], 5_000)
    found = [BinaryEstimator().realised(_rows(one))["roc_auc_score"] for one in (chunks[0], chunks[5])]
    assert found == pytest.approx([0.970962, 0.960050], abs=1e-6)


class TestBinary(EstimatorSuite):
    def estimator(self):
        return BinaryEstimator()

    def rows(self, rows, seed, *, hard=0.0):
        rng = np.random.default_rng(seed)
        # Hard rows have scores in the middle.
        spread = 3.0 - 2.5 * hard
        scores = 1 / (1 + np.exp(-rng.normal(-0.5, spread, rows)))
        empty = Rows((scores >= 0.4).astype(float), scores, np.zeros(rows))
        return Rows(empty.predictions, scores, self.labels(empty, rng))

    def labels(self, rows, rng):
        """The scores are too extreme: the share of ones is nearer to a half than they say."""
        return (rng.uniform(size=len(rows)) < 0.1 + 0.8 * rows.scores**1.3).astype(float)
