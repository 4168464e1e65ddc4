"""The domain classifier: chance on equal rows, and sight of what no column shows by itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from headwater.monitoring.multivariate.domain_classifier import separation, threshold_of


def _rows(rows, seed, turn=1.0):
    rng = np.random.default_rng(seed)
    x, noise = rng.normal(size=(2, rows))
    group = np.where(x + noise > 0, "a", "b").astype(object)
    return pd.DataFrame({"x": x, "y": turn * 0.9 * x + np.sqrt(0.19) * noise, "group": group})


def test_rows_of_one_distribution_are_not_told_apart():
    for seed in range(3):
        found = separation(_rows(1_500, seed), _rows(1_500, seed + 10))
        assert found.area == pytest.approx(0.5, abs=4 * found.error)


def test_columns_that_move_against_each_other_are_seen_where_each_by_itself_is_as_before():
    baseline, window = _rows(1_500, 1), _rows(1_500, 2, turn=-1.0)
    assert all(ks_2samp(baseline[name], window[name]).pvalue > 0.001 for name in ("x", "y"))
    assert separation(baseline, window).area > 0.85


def test_the_area_is_that_of_the_best_classifier_where_it_is_known():
    """Two normal distributions a deviation apart: the area is the normal distribution at 1 / √2, 0.760."""
    rng = np.random.default_rng(3)
    baseline, window = (pd.DataFrame({"x": rng.normal(mean, 1, 2_000)}) for mean in (0, 1))
    found = separation(baseline, window)
    assert found.area == pytest.approx(0.760, abs=0.025)
    assert (found.rows, found.error) == (4_000, pytest.approx(0.0075, abs=0.001))


def test_thresholds_come_from_the_baselines_own_parts():
    alike = [_rows(600, seed) for seed in range(6)]
    threshold, areas = threshold_of(alike)
    assert len(areas) == 6
    assert threshold == pytest.approx(max(np.mean(areas) + 3 * np.std(areas, ddof=1), 0.55))
    assert (
        separation(pd.concat(alike), _rows(600, 50)).area
        < threshold
        < separation(pd.concat(alike), _rows(600, 51, -1.0)).area
    )
    moving = [_rows(300, seed).assign(x=lambda frame, at=seed: frame["x"] + 10 * at) for seed in range(5)]
    assert threshold_of(moving)[0] > 0.9
    assert threshold_of(alike[:2])[0] == 0.55


def test_too_few_rows_say_nothing():
    assert separation(_rows(29, 1), _rows(500, 2)) is None
    assert separation(_rows(500, 1)[[]], _rows(500, 2)[[]]) is None
