"""What moved the mean score: exact where the change is known, and the sum is the whole change."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from headwater.monitoring.multivariate.attribution import by_input, by_slice, surrogate_of


def _score(rows):
    return rows[:, 0] * rows[:, 1] + 2.0 * rows[:, 2]


def test_contributions_are_shapley_values_of_the_change_and_sum_up_to_it():
    rng = np.random.default_rng(1)
    old, new = rng.normal([1, 1, 0], 0.2, (400, 3)), rng.normal([2, 3, -1], 0.2, (400, 3))
    found = by_input(_score, old, new)
    assert found.sum() == pytest.approx(_score(new).mean() - _score(old).mean(), rel=1e-9)
    # By definition, with the means in place of the rows: the mean over all orders of what a column's replacement changes.
    before, after, exact = old.mean(axis=0), new.mean(axis=0), np.zeros(3)
    for order in itertools.permutations(range(3)):
        row = before.copy()
        for column in order:
            value = _score(row[np.newaxis])[0]
            row[column] = after[column]
            exact[column] += (_score(row[np.newaxis])[0] - value) / 6
    np.testing.assert_allclose(found, exact, atol=0.1)


def test_a_column_that_did_not_change_and_one_that_does_not_count_account_for_nothing():
    rng = np.random.default_rng(2)
    old, new = rng.normal(size=(300, 3)), rng.normal([0, 0, 2], 1, (500, 3))
    found = by_input(lambda rows: rows[:, 0], old, new)
    assert found[[1, 2]].tolist() == [0.0, 0.0]
    assert abs(found[0]) < 0.2


def test_the_slice_whose_scores_moved_is_named():
    rng = np.random.default_rng(3)
    groups = np.array(["EWR", "JFK", "LGA"], dtype=object)
    old, new = (pd.Series(rng.choice(groups, 900), name="origin") for _ in range(2))
    before, after = rng.uniform(0.2, 0.3, 900), rng.uniform(0.2, 0.3, 900)
    after[new == "JFK"] += 0.3
    found = {one.value: one for one in by_slice(old, new, before, after)}
    assert set(found) == {"EWR", "JFK", "LGA"}
    assert found["JFK"].contribution == pytest.approx(0.3 * found["JFK"].share, abs=0.005)
    assert sum(one.contribution for one in found.values()) == pytest.approx(after.mean() - before.mean(), abs=0.005)
    assert by_slice(pd.Series(np.arange(900).astype(str), name="id"), new, before, after) == []


def test_the_model_of_the_scores_says_how_well_it_stands_for_them():
    rng = np.random.default_rng(4)
    inputs = pd.DataFrame({"x": rng.normal(size=2_000), "group": rng.choice(np.array(["a", "b"], dtype=object), 2_000)})
    scores = inputs["x"].to_numpy() + (inputs["group"] == "b").to_numpy()
    encoder, score, fidelity = surrogate_of(inputs, scores)
    assert fidelity > 0.98
    assert np.corrcoef(score(encoder.transform(inputs)), scores)[0, 1] > 0.99
    assert surrogate_of(inputs, rng.normal(size=2_000))[2] < 0.1
