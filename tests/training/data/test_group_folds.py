"""Groups stay together, and classes keep their shares; a model is not judged on a customer that it has learnt."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from headwater.lakehouse import InvalidInputError, MissingColumnsError
from headwater.training import (
    GroupFolds,
    Holdout,
    ModelFamily,
    SearchPlan,
    StratifiedFolds,
    TrainingDataError,
    TrainingPlan,
    search,
)

TIMES = pd.Series(pd.date_range("2024-01-01", periods=300, freq="h"))


@pytest.mark.parametrize("n", [2, 3, 5])
def test_each_row_validates_once_and_no_group_is_on_both_sides(n):
    rng = np.random.default_rng(0)
    groups = pd.Series(rng.choice(list("abcdefghij"), len(TIMES)), dtype=object)
    groups[::11] = None
    folds = GroupFolds("customer", n).split(TIMES, groups=groups)
    assert sorted(np.concatenate([fold.validate for fold in folds]).tolist()) == list(range(len(TIMES)))
    for fold in folds:
        assert not set(groups[fold.train].dropna()) & set(groups[fold.validate].dropna())
        assert len(fold.train) + len(fold.validate) == len(TIMES)
        assert fold.start == TIMES[fold.validate].min()
    again = GroupFolds("customer", n).split(TIMES, groups=groups)
    assert [fold.validate.tolist() for fold in again] == [fold.validate.tolist() for fold in folds]
    other = GroupFolds("customer", n, seed=1).split(TIMES, groups=groups)
    assert [fold.validate.tolist() for fold in other] != [fold.validate.tolist() for fold in folds]


@pytest.mark.parametrize(
    "labels", [np.arange(300) % 10 == 0, np.arange(300) % 3, np.random.default_rng(0).gamma(1.0, size=300)]
)
def test_stratified_folds_have_the_shares_of_the_whole(labels):
    folds = StratifiedFolds(3).split(TIMES, labels=labels)
    assert sorted(np.concatenate([fold.validate for fold in folds]).tolist()) == list(range(300))
    for fold in folds:
        assert labels[fold.validate].mean() == pytest.approx(labels.mean(), rel=0.1)
        assert len(fold.validate) == 100


def test_the_search_judges_on_groups_that_it_has_not_learnt():
    rng = np.random.default_rng(1)
    customer = rng.integers(0, 30, 300)
    rows = pd.DataFrame(
        {"size": customer * 7.0, "noise": rng.normal(size=300), "time": TIMES, "customer": customer.astype(str)}
    )
    rows["label"] = (rng.random(30) < 0.5).astype(int)[
        customer
    ]  # the customer decides, by chance: nothing can be learnt of others
    plan = {"trials": 1, "backend": "local"}
    family = [ModelFamily.of(DecisionTreeClassifier(min_samples_leaf=3, random_state=0))]
    known = search(rows.drop(columns="customer"), "label", "time", family, SearchPlan(folds=StratifiedFolds(3), **plan))
    unknown = search(rows, "label", "time", family, SearchPlan(folds=GroupFolds("customer", 3), **plan))
    assert known.best.ranking > 0.9
    assert unknown.best.ranking < 0.7
    with pytest.raises(MissingColumnsError, match="customer"):
        search(rows.drop(columns="customer"), "label", "time", family, SearchPlan(folds=GroupFolds("customer"), **plan))


def test_odd_folds_are_errors():
    with pytest.raises(TrainingDataError, match="2 groups for 3 folds"):
        GroupFolds("g").split(TIMES[:4], groups=pd.Series(list("abab")))
    with pytest.raises(InvalidInputError, match="n must be at least 2"):
        StratifiedFolds(1)
    with pytest.raises(InvalidInputError, match="'customer', must be in exclude"):
        TrainingPlan(
            model_name="m",
            label="y",
            time_column="t",
            holdout=Holdout(TIMES[0].to_pydatetime(), TIMES[9].to_pydatetime()),
            search=SearchPlan(folds=GroupFolds("customer")),
        )
