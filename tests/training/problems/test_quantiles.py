"""A number answered by quantiles, against scikit-learn."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace

import cloudpickle
import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk

from headwater.lakehouse import InvalidInputError
from headwater.training import QuantileRegression, RateBaseline, Regression
from headwater.training.search.trial import fit
from tests.training.problems.suite import COLUMNS, INPUTS, ROWS, ProblemSuite

_VALUES = pd.Series(3 * INPUTS["x"] + np.random.default_rng(3).normal(size=ROWS) + 10, name="label")
LEVELS = (0.1, 0.5, 0.9)


class TestQuantiles(ProblemSuite):
    problem = Regression("minutes", quantiles=LEVELS)
    values = _VALUES
    impossible = (float("inf"),)


def test_a_regression_with_quantiles_is_one_of_quantiles_and_stays_one():
    problem = Regression("minutes", quantiles=LEVELS)
    assert isinstance(problem, QuantileRegression)
    assert problem == QuantileRegression("minutes", quantiles=LEVELS)
    assert replace(problem, unit="h").unit == "h"
    assert pickle.loads(pickle.dumps(problem)) == problem
    assert type(Regression("minutes")) is Regression
    assert pickle.loads(pickle.dumps(Regression("minutes"))) == Regression("minutes")


def test_quantiles_that_are_none_leave_a_regression_as_it_is():
    assert Regression("m", "squared", None) == Regression("m", quantiles=None) == Regression("m")
    assert type(Regression("m", "squared", (0.1, 0.9))) is type(Regression("m", quantiles=(0.1, 0.9)))


def test_metrics_are_scikit_learns():
    rng = np.random.default_rng(5)
    problem, actual = Regression(quantiles=LEVELS), rng.normal(size=500)
    answers = np.sort(rng.normal(size=(500, 3)), axis=1)
    found = problem.metrics(actual, answers)
    each = [sk.mean_pinball_loss(actual, answers[:, place], alpha=level) for place, level in enumerate(LEVELS)]
    constant = [np.full(500, np.quantile(actual, level)) for level in LEVELS]
    least = [sk.mean_pinball_loss(actual, one, alpha=level) for one, level in zip(constant, LEVELS, strict=True)]
    assert found["pinball_loss"] == pytest.approx(np.mean(each))
    assert found["d2_pinball_score"] == pytest.approx(1 - np.mean(each) / np.mean(least))
    single = Regression(quantiles=(0.3, 0.7))
    pair = answers[:, [0, 2]]
    assert single.ranked(actual, pair) == pytest.approx(
        1
        - sum(sk.mean_pinball_loss(actual, pair[:, p], alpha=q) for p, q in enumerate((0.3, 0.7)))
        / sum(sk.mean_pinball_loss(actual, np.full(500, np.quantile(actual, q)), alpha=q) for q in (0.3, 0.7))
    )
    inside = (actual >= answers[:, 0]) & (actual <= answers[:, 2])
    assert found["coverage"] == pytest.approx(inside.mean())
    assert found["coverage_error"] == pytest.approx(abs(inside.mean() - 0.8))
    assert found["mean_absolute_error"] == pytest.approx(sk.mean_absolute_error(actual, answers[:, 1]))
    assert found["below_q90"] == pytest.approx((actual <= answers[:, 2]).mean())


def test_the_trivial_predictor_is_the_quantiles_of_each_group():
    rng = np.random.default_rng(2)
    train = pd.DataFrame({"group": np.repeat(["a", "b"], 500)})
    labels = np.concatenate([rng.normal(0, 1, 500), rng.normal(10, 5, 500)])
    problem = Regression(quantiles=LEVELS)
    rows = pd.DataFrame({"group": ["a", "b", "new"]})
    found = RateBaseline("by_group", ("group",), smoothing=0.0).predict(
        train, problem.targets(labels), rows, centre=problem.centre
    )
    np.testing.assert_allclose(found[0], np.quantile(labels[:500], LEVELS))
    np.testing.assert_allclose(found[1], np.quantile(labels[500:], LEVELS))
    np.testing.assert_allclose(found[2], np.quantile(labels, LEVELS))


def test_its_family_learns_where_the_label_is_sure_and_where_it_is_not():
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"x": rng.uniform(0, 1, 3000)})
    labels = rng.normal(0, 1 + 9 * rows["x"].to_numpy())
    problem = Regression(quantiles=LEVELS)
    (family,) = problem.families()
    model = fit(family, family.start, replace(COLUMNS, numeric=("x",), strings=()), rows, labels)
    later = pd.DataFrame({"x": rng.uniform(0, 1, 3000)})
    answers = problem.answers(model, later)
    found = problem.metrics(rng.normal(0, 1 + 9 * later["x"].to_numpy()), answers)
    assert (np.diff(answers, axis=1) >= 0).all()
    assert found["coverage"] == pytest.approx(0.8, abs=0.05)
    width = answers[:, 2] - answers[:, 0]
    assert width[later["x"] > 0.9].mean() > 3 * width[later["x"] < 0.1].mean()


def test_a_stored_model_loads_without_headwater(tmp_path):
    problem = Regression(quantiles=LEVELS)
    (family,) = problem.families()
    model = fit(family, family.start, COLUMNS, INPUTS, _VALUES.to_numpy())
    (tmp_path / "model.pkl").write_bytes(cloudpickle.dumps(model))
    INPUTS.to_pickle(tmp_path / "inputs.pkl")
    script = (
        "import sys; sys.modules['headwater'] = None; import pickle, pandas; "
        "model = pickle.load(open('model.pkl', 'rb')); print(model.predict(pandas.read_pickle('inputs.pkl'))[:2].tolist())"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == str(model.predict(INPUTS)[:2].tolist())


@pytest.mark.parametrize("quantiles", [(0.5,), (0.9, 0.1), (0.0, 0.5), (0.1, 0.1), ()])
def test_quantiles_that_are_none_are_refused(quantiles):
    with pytest.raises(InvalidInputError, match="at least two rising quantiles between 0 and 1"):
        Regression(quantiles=quantiles)
