"""Column states: exact while small, mergeable in any order, bounded when large."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from headwater.monitoring.distances import kolmogorov_smirnov
from headwater.monitoring.metrics.drift import drift_row
from headwater.monitoring.metrics.profile import profile_row
from headwater.monitoring.states.column_state import (
    MOST_STRINGS,
    bin_edges,
    bins_of,
    kept_values,
    merge_states,
    number_state,
    string_state,
    upper_edges,
)

RNG = np.random.default_rng(5)
BASE = RNG.normal(size=20_000)
EDGES = bin_edges(np.quantile(BASE, np.linspace(0, 1, 3072)))


def words(numbers):
    values, counts = np.unique(numbers, return_counts=True)
    return string_state(np.array([f"w{v}" for v in values], dtype=object), counts, 0)


@pytest.mark.parametrize("size", [300, 5000])
def test_a_merge_in_any_order_gives_the_state_of_all_rows(size):
    numbers = np.append(RNG.normal(size=size), [np.nan, 0.0, -0.0])
    parts = [number_state(part, 1, EDGES) for part in np.array_split(numbers, 7)]
    whole = number_state(numbers, 7, EDGES)
    for order in (parts, parts[::-1]):
        merged = reduce(lambda one, two: merge_states(one, two, EDGES), order)
        assert (merged.count, merged.num_nulls, merged.num_nan, merged.num_zeros) == (size + 3, 7, 1, 2)
        assert merged.distinct == whole.distinct
        np.testing.assert_array_equal(merged.counts, whole.counts)
        np.testing.assert_array_equal(merged.hashes, whole.hashes)
        assert (merged.mean, merged.m2) == pytest.approx((whole.mean, whole.m2), rel=1e-10)
        assert (merged.bins is None) == (size == 300)


def test_folded_numbers_keep_their_profile_within_the_bins():
    numbers = RNG.normal(3, 2, size=50_000)
    row = profile_row(number_state(numbers, 0, EDGES), "number", EDGES)
    assert row["distinct_count"] == pytest.approx(50_000, rel=0.1)
    assert row["avg"] == pytest.approx(numbers.mean())
    assert row["stddev"] == pytest.approx(numbers.std(ddof=1))
    spread = np.quantile(numbers, np.linspace(0, 1, 1000))
    assert np.abs(row["quantiles"] - spread)[30:-30].max() < 0.2
    assert "frequent_items" not in row


def test_a_drift_between_histograms_is_near_the_exact_one():
    window = RNG.normal(0.1, 1, size=6000)
    row = drift_row(number_state(window, 0, EDGES), number_state(BASE, 0, EDGES), "number", EDGES)
    ones = np.ones(6000, dtype=int), np.ones(20_000, dtype=int)
    exact = kolmogorov_smirnov(np.sort(window), ones[0], np.sort(BASE), ones[1])
    assert row["ks_test"]["statistic"] == pytest.approx(exact[0], abs=5e-4)
    assert row["wasserstein_distance"] == pytest.approx(wasserstein_distance(window, BASE), abs=2e-3)


def test_values_far_outside_the_baseline_are_told_apart():
    state = number_state(BASE * 10 + 500, 0, EDGES)
    assert profile_row(state, "number", EDGES)["median"] == pytest.approx(500, rel=0.05)
    row = drift_row(state, number_state(BASE, 0, EDGES), "number", EDGES)
    assert row["ks_test"]["statistic"] > 0.999
    assert row["wasserstein_distance"] == pytest.approx(500, rel=0.05)


@pytest.mark.parametrize("learnt_from", [[0.0], [], [5.0], [-1.0, 1.0]])
def test_a_shift_far_outside_the_edges_is_seen_in_full(learnt_from):
    edges = bin_edges(np.array(learnt_from))
    for sign in (1, -1):
        low, high = sign * RNG.uniform(1e6, 2e6, 5000), sign * RNG.uniform(3e6, 4e6, 5000)
        one, two = number_state(low, 0, edges), number_state(high, 0, edges)
        assert one.bins is not None
        assert profile_row(one, "number", edges)["median"] == pytest.approx(np.median(low), rel=0.06)
        row = drift_row(two, one, "number", edges)
        assert row["ks_test"]["statistic"] == 1.0
        assert row["population_stability_index"] > 1
        assert row["wasserstein_distance"] == pytest.approx(wasserstein_distance(low, high), rel=0.1)
        merged = merge_states(one, two, edges)
        assert 1.9e6 < abs(profile_row(merged, "number", edges)["median"]) < 3.2e6


def test_bins_keep_the_order_of_numbers_of_every_size():
    numbers = np.sort(np.concatenate([s * RNG.uniform(1, 2, 400) * 10.0 ** RNG.uniform(-5, 300, 400) for s in (-1, 1)]))
    bins = bins_of(numbers, EDGES)
    assert np.all(np.diff(bins) >= 0)
    upper = upper_edges(bins, EDGES)
    assert np.all(upper >= numbers - 1e-9 * np.abs(numbers))
    outside = np.abs(numbers) > 1e7
    assert np.allclose(upper[outside], numbers[outside], rtol=0.06)
    assert bins_of(np.array([-np.inf, np.inf]), EDGES).tolist() == [-(1 << 20), 1 << 20]


def test_infinity_counts_but_leaves_average_and_distance_finite():
    state = number_state(np.array([1.0, 2.0, np.inf, -np.inf]), 0, EDGES)
    row = profile_row(state, "number", EDGES)
    assert (row["count"], row["avg"], row["max"]) == (4, 1.5, np.inf)
    assert np.isfinite(drift_row(state, number_state(BASE, 0, EDGES), "number", EDGES)["wasserstein_distance"])


def test_strings_of_very_many_values_keep_the_same_sample_in_every_window():
    one, two = words(RNG.integers(0, 30_000, 60_000)), words(RNG.integers(0, 30_000, 60_000))
    assert len(one.values) == MOST_STRINGS
    assert one.distinct == pytest.approx(26_000, rel=0.05)
    _, counts, others, pooled = kept_values(one, two)
    assert pooled
    assert (counts.sum(), others.sum()) == (60_000, 60_000)
    assert drift_row(one, two, "string", EDGES)["chi_squared_test"]["pvalue"] > 1e-4
    merged = merge_states(one, two, EDGES)
    names = dict(zip(merged.values, merged.counts, strict=True))
    shared = dict(zip(one.values, one.counts, strict=True)).keys() & names.keys() & set(two.values)
    assert len(shared) > 3000


def test_a_new_category_is_drift():
    row = drift_row(words([1] * 90 + [2] * 10), words([1] * 100), "string", EDGES)
    assert (row["tv_distance"], row["l_infinity_distance"]) == pytest.approx((0.1, 0.1))
    assert row["chi_squared_test"]["pvalue"] < 0.01


def test_an_empty_side_has_no_distances():
    none = number_state(np.array([np.nan]), 9, EDGES)
    row = drift_row(none, number_state(BASE, 0, EDGES), "number", EDGES)
    assert row["percent_null_delta"] == 90.0
    assert row.get("ks_test") is None
    assert row["avg_delta"] is None
