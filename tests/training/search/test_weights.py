"""Weights of rows are used in each fit, and only there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from headwater.lakehouse import InvalidInputError
from headwater.training import (
    Columns,
    Holdout,
    ModelFamily,
    SearchFailedError,
    SearchPlan,
    TimeFolds,
    TrainingDataError,
    TrainingPlan,
    binary_families,
    search,
)
from headwater.training.search.trial import fit

COLUMNS = Columns(("x", "z"), ())
PLAN = SearchPlan(trials=1, backend="local", folds=TimeFolds(2))


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=400),
            "z": rng.normal(size=400),
            "time": pd.date_range("2024-01-01", periods=400, freq="h"),
        }
    )
    frame["label"] = (frame["x"] + rng.normal(size=400) > 0).astype(int)
    return frame.assign(times=rng.integers(0, 4, 400))


@pytest.mark.parametrize(
    "family",
    [
        ModelFamily.of(LogisticRegression(tol=1e-10)),
        ModelFamily("bare", {}, lambda *_: LogisticRegression(tol=1e-10)),
    ],
    ids=["pipeline", "estimator"],
)
def test_a_weight_is_worth_so_many_copies_of_the_row(rows, family):
    repeated = rows.loc[rows.index.repeat(rows["times"])]
    # Imputing knows no weights; here nothing is missing.
    weighed = fit(family, {}, COLUMNS, rows, rows["label"].to_numpy(), rows["times"].to_numpy(dtype=float))
    copied = fit(family, {}, COLUMNS, repeated, repeated["label"].to_numpy())
    np.testing.assert_allclose(
        weighed.predict_proba(rows[["x", "z"]]), copied.predict_proba(rows[["x", "z"]]), rtol=1e-5
    )


@pytest.mark.parametrize("family", [*binary_families(), ModelFamily.of(GaussianNB())], ids=lambda f: f.name)
def test_the_search_weighs_and_losses_count_all_rows_alike(rows, family):
    plain = search(rows.drop(columns="times"), "label", "time", [family], PLAN)
    ones = search(rows.assign(times=1.0), "label", "time", [family], PLAN, weight="times")
    halves = search(rows.assign(times=(rows["x"] > 0) * 1.0), "label", "time", [family], PLAN, weight="times")
    assert ones.loss == pytest.approx(plain.loss)
    assert halves.loss > plain.loss  # it has learnt from one half, and is judged on both


@pytest.mark.parametrize("odd", [np.nan, -1.0, np.inf])
def test_odd_weights_are_errors_that_count_them(rows, odd):
    weights = np.ones(400)
    weights[:3] = odd
    with pytest.raises(TrainingDataError, match="'times': found 3 of 400"):
        search(rows.assign(times=weights), "label", "time", binary_families(), PLAN, weight="times")
    with pytest.raises(TrainingDataError, match="0 for every row"):
        search(rows.assign(times=0.0), "label", "time", binary_families(), PLAN, weight="times")


def test_a_family_that_takes_no_weights_says_so(rows):
    family = ModelFamily("near", {}, lambda *_: make_pipeline(KNeighborsClassifier()))
    with pytest.raises(SearchFailedError, match="KNeighborsClassifier, whose fit takes no sample_weight"):
        search(rows, "label", "time", [family], PLAN, weight="times")


def test_weights_are_no_input():
    day = pd.Timestamp("2024-01-01").to_pydatetime()
    with pytest.raises(InvalidInputError, match="The weights, 'w', must be in exclude"):
        TrainingPlan(model_name="m", label="y", time_column="t", holdout=Holdout(day, day.replace(day=2)), weight="w")
