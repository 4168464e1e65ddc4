"""A label that is a number, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk

from headwater.lakehouse import InvalidInputError
from headwater.training import RateBaseline, Regression
from headwater.training.problems.metrics import number_metrics
from tests.training.problems.suite import INPUTS, ROWS, ProblemSuite

_VALUES = pd.Series(3 * INPUTS["x"] + np.random.default_rng(3).normal(size=ROWS) + 10, name="label")


class TestSquaredError(ProblemSuite):
    problem = Regression("minutes")
    values = _VALUES
    impossible = (float("inf"), float("-inf"))


class TestAbsoluteError(ProblemSuite):
    problem = Regression("minutes", error="absolute")
    values = _VALUES
    impossible = (float("inf"),)


def test_metrics_are_scikit_learns():
    rng = np.random.default_rng(5)
    actual = rng.normal(size=400)
    predicted = actual + rng.normal(size=400) + 0.2
    found = number_metrics(actual, predicted)
    assert found["root_mean_squared_error"] == pytest.approx(sk.root_mean_squared_error(actual, predicted))
    assert found["mean_absolute_error"] == pytest.approx(sk.mean_absolute_error(actual, predicted))
    assert found["median_absolute_error"] == pytest.approx(sk.median_absolute_error(actual, predicted))
    assert found["r2_score"] == pytest.approx(sk.r2_score(actual, predicted))


@pytest.mark.parametrize("error", ["squared", "absolute"])
def test_the_trivial_predictor_is_the_best_constant(error):
    problem, labels = Regression(error=error), np.array([0.0, 0.0, 1.0, 2.0, 40.0])
    (best, *_) = RateBaseline().predict(
        pd.DataFrame(index=range(5)), labels, pd.DataFrame(index=range(1)), centre=problem.centre
    )
    losses = {c: problem.losses(labels, np.full(5, c)).mean() for c in np.arange(0, 41, 0.2)}
    assert problem.losses(labels, np.full(5, best)).mean() <= min(losses.values()) + 1e-9


def test_an_unknown_error_is_refused():
    with pytest.raises(InvalidInputError, match="'squared' or the 'absolute' error"):
        Regression(error="huber")
