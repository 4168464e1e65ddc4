"""Limits of a metric: the reference's own windows, and what sampling alone would do."""

from __future__ import annotations

import numpy as np
import pytest

from headwater.monitoring.estimation.binary import BinaryEstimator
from headwater.monitoring.estimation.estimator import Rows
from headwater.monitoring.estimation.limits import learn_limits


def _rows(skill, rows, rng):
    scores = rng.uniform(size=rows)
    return Rows(
        (scores > 0.5).astype(float), scores, (rng.uniform(size=rows) < 0.5 + skill * (scores - 0.5)).astype(float)
    )


def test_windows_that_differ_widen_the_limits_and_a_cut_one_does_not():
    rng = np.random.default_rng(1)
    windows = [_rows(skill, 2_000, rng) for skill in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)]
    whole = Rows(
        *(np.concatenate([getattr(one, name) for one in windows]) for name in ("predictions", "scores", "labels"))
    )
    estimator = BinaryEstimator().fit(whole)
    found = learn_limits(estimator, whole, windows)
    areas = [estimator.realised(one)["roc_auc_score"] for one in windows]
    limits, reference = found["roc_auc_score"], estimator.realised(whole)["roc_auc_score"]
    assert (limits.reference, limits.upper) == pytest.approx(
        (reference, min(reference + 3 * np.std(areas, ddof=1), 1.0))
    )
    assert limits.lower == pytest.approx(reference - 3 * np.std(areas, ddof=1))
    assert learn_limits(estimator, whole, [*windows, _rows(0.0, 100, rng)]) == found


def test_few_windows_are_held_to_the_standard_error_of_one():
    rng = np.random.default_rng(2)
    windows = [_rows(0.8, 2_000, rng) for _ in range(3)]
    whole = Rows(
        *(np.concatenate([getattr(one, name) for one in windows]) for name in ("predictions", "scores", "labels"))
    )
    estimator = BinaryEstimator().fit(whole)
    limits = learn_limits(estimator, whole, windows)["accuracy_score"]
    error = np.median([estimator.estimates(estimator.state(one))["accuracy_score"].error for one in windows])
    assert limits.upper - limits.reference == pytest.approx(3 * error)
