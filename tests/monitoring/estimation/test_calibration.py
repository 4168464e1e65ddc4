"""Calibration: the shares of scikit-learn's isotonic regression, block by block."""

from __future__ import annotations

import numpy as np
from sklearn.isotonic import IsotonicRegression

from headwater.monitoring.estimation.calibration import Calibration, calibrated


def test_blocks_have_the_shares_of_isotonic_regression_and_all_rows():
    rng = np.random.default_rng(1)
    scores = rng.beta(0.7, 2, 5_000).round(3)
    labels = (rng.uniform(size=5_000) < scores**1.5).astype(float)
    found = calibrated(scores, labels)
    oracle = IsotonicRegression(y_min=0, y_max=1).fit(scores, labels)
    np.testing.assert_allclose(found.shares[found.block(scores)], oracle.predict(scores), atol=1e-9)
    assert found.rows.sum() == 5_000
    assert (np.diff(found.shares) > 0).all()
    assert found.block(np.array([-1.0, 2.0])).tolist() == [0, len(found) - 1]
    again = Calibration.restored(found.document())
    np.testing.assert_array_equal(again.shares, found.shares)


def test_scores_of_one_value_are_one_block():
    found = calibrated(np.full(10, 0.3), np.r_[np.ones(4), np.zeros(6)])
    assert (found.shares.tolist(), found.rows.tolist()) == ([0.4], [10.0])
