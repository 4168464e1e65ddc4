"""A label of 0 and 1."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from headwater.lakehouse import InvalidInputError
from headwater.training import Binary
from tests.training.problems.suite import INPUTS, ROWS, ProblemSuite


class TestBinary(ProblemSuite):
    problem = Binary()
    values = pd.Series((INPUTS["x"] + np.random.default_rng(3).normal(size=ROWS) > 0.5).astype(float), name="label")
    impossible = (2.0, 0.5, -1.0)

    def test_without_a_threshold_it_is_the_rate_of_label_1(self, settled):
        assert settled.threshold == pytest.approx(self.values.mean())


def test_costs_decide_the_threshold_and_their_mean_is_a_metric():
    problem = Binary(false_alarm=1, miss=3)
    assert problem.threshold == 0.25
    labels, chances = np.array([1, 1, 0, 0]), np.array([0.9, 0.2, 0.3, 0.1])
    assert problem.metrics(labels, chances)["cost"] == pytest.approx((3 + 1) / 4)


def test_the_threshold_of_costs_is_the_cheapest_one_for_calibrated_probabilities():
    rng = np.random.default_rng(0)
    chances = rng.random(200_000)
    labels = (rng.random(len(chances)) < chances).astype(int)
    costs = {
        bound: Binary(threshold=bound, false_alarm=1, miss=4).metrics(labels, chances)["cost"]
        for bound in np.arange(0.05, 1, 0.05).round(2).tolist()
    }
    assert min(costs, key=costs.__getitem__) == Binary(false_alarm=1, miss=4).threshold == 0.2


def test_a_threshold_of_0_predicts_1_for_every_row():
    problem, labels = Binary(threshold=0.0), np.array([1, 0, 0])
    assert problem.cutoff == 0.0
    assert problem.metrics(labels, np.array([0.9, 0.1, 0.2]))["accuracy"] == pytest.approx(1 / 3)
    assert problem.limits({}) == ["1 is predicted from a probability of 0 on."]


@pytest.mark.parametrize("given", [{"miss": 1}, {"miss": 0, "false_alarm": 1}, {"threshold": 1.5}])
def test_half_of_the_costs_or_an_impossible_threshold_is_refused(given):
    with pytest.raises(InvalidInputError):
        Binary(**given)
