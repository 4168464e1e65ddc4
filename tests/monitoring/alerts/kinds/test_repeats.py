"""Values that repeat: Simpson's index against pairs that are counted one by one, and no alarm for fewer rows."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from headwater.monitoring.alerts.kinds.kind import Column
from headwater.monitoring.alerts.kinds.repeats import KIND
from headwater.monitoring.states.column_state import bin_edges, number_state

EDGES = bin_edges(np.quantile(np.random.default_rng(0).normal(size=20_000), np.linspace(0, 1, 3072)))
COLUMN = Column("x", "number", EDGES)


def _summary(values):
    return KIND.summary(COLUMN, number_state(np.asarray(values, dtype=float), 0, EDGES), None)


def test_the_chance_is_the_share_of_pairs_of_rows_that_have_one_value():
    values = np.random.default_rng(1).integers(0, 9, 60).astype(float)
    pairs = [one == two for one, two in combinations(values, 2)]
    assert _summary(values).chance == pytest.approx(np.mean(pairs))


def test_its_error_is_its_spread_over_repetitions():
    rng = np.random.default_rng(2)
    weights = rng.dirichlet(np.ones(40))
    found = [_summary(rng.choice(40, 400, p=weights)) for _ in range(400)]
    assert np.mean([one.error for one in found]) == pytest.approx(np.std([one.chance for one in found]), rel=0.15)


@pytest.mark.parametrize("digits", [1, 6])
def test_a_source_that_has_stopped_repeats_and_a_week_of_fewer_rows_does_not(digits):
    rng = np.random.default_rng(3)
    past = [_summary(np.round(rng.normal(size=2_000), digits)) for _ in range(6)]
    fewer = KIND.change(_summary(np.round(rng.normal(size=200), digits)), past)
    assert fewer.effect < 0.5 or fewer.pvalue > 0.001
    last_values = np.round(rng.normal(size=7), digits)
    stopped = KIND.change(_summary(rng.choice(last_values, 2_000)), past)
    assert stopped.effect > 0.75
    assert stopped.pvalue < 1e-6
    assert "look whether new ones come in" in stopped.words


def test_more_different_values_than_ever_are_no_repetition():
    rng = np.random.default_rng(4)
    past = [_summary(rng.integers(0, 5, 500)) for _ in range(3)]
    change = KIND.change(_summary(rng.normal(size=500)), past)
    assert change.effect == 0
    assert change.pvalue > 0.5


def test_where_all_values_differ_windows_of_few_and_of_many_rows_are_alike():
    rng = np.random.default_rng(5)
    past = [_summary(rng.normal(size=rows)) for rows in (300, 2_000, 5_000)]
    assert [KIND.change(_summary(rng.normal(size=rows)), past).effect for rows in (50, 300, 4_000)] == [0, 0, 0]


def test_one_row_says_nothing():
    assert _summary([1.0]) is None
