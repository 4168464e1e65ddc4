"""The distance of numbers from the nearest past window is SciPy's, however either side is kept."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp

from headwater.monitoring.alerts.kinds.kind import Column
from headwater.monitoring.alerts.kinds.tails import KIND as TAILS
from headwater.monitoring.alerts.kinds.values import KIND as VALUES
from headwater.monitoring.states.column_state import bin_edges, number_state

EDGES = bin_edges(np.quantile(np.random.default_rng(0).normal(size=20_000), np.linspace(0, 1, 3072)))
COLUMN = Column("x", "number", EDGES)


def _change(kind, window, past):
    states = [number_state(values, 0, EDGES) for values in (window, *past)]
    scale = kind.scale(COLUMN, states[1:])
    now, *others = [kind.summary(COLUMN, state, scale) for state in states]
    return kind.change(now, others)


def _rounded(rng, shift=0.0, rows=500):
    return np.round(rng.normal(shift, 1, rows), 1)


@pytest.mark.parametrize("shift", [0.0, 0.3, -2.0, 50.0])
def test_few_different_numbers_give_the_exact_distance_also_beyond_and_between_the_pasts(shift):
    rng = np.random.default_rng(1)
    past = [_rounded(rng) for _ in range(5)]
    window = _rounded(rng, shift) + 0.05  # lies between the values of the past
    assert _change(VALUES, window, past).effect == pytest.approx(min(ks_2samp(window, one).statistic for one in past))


def test_many_different_numbers_and_a_window_of_few_are_compared_within_the_resolution():
    rng = np.random.default_rng(2)
    many = [rng.normal(size=5_000) for _ in range(4)]
    for window in (rng.normal(0.4, 1, 5_000), _rounded(rng, 0.4), np.zeros(300)):
        expected = min(ks_2samp(window, one).statistic for one in many)
        assert _change(VALUES, window, many).effect == pytest.approx(expected, abs=0.005)
    few = [_rounded(rng) for _ in range(3)]
    window = rng.normal(0.4, 1, 5_000)
    expected = min(ks_2samp(np.round(window, 1), one).statistic for one in few)
    assert _change(VALUES, window, few).effect == pytest.approx(expected, abs=0.03)


def test_tails_count_the_rows_beyond_the_pasts_range():
    rng = np.random.default_rng(3)
    past = [_rounded(rng, rows=2_000) for _ in range(3)]
    window = np.r_[_rounded(rng, rows=180), np.full(15, 9.0), np.full(5, -9.0)]
    low = min(np.quantile(one, 0.001) for one in past)
    high = max(np.quantile(one, 0.999) for one in past)
    outside = np.mean((window < low) | (window > high))
    nearest = min((np.mean((one < low) | (one > high)) for one in past), key=lambda share: abs(share - outside))
    assert outside >= 0.1
    assert _change(TAILS, window, past).effect == pytest.approx(outside - nearest)
