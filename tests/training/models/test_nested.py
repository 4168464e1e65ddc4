import pickle
from dataclasses import replace

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from headwater.lakehouse import InvalidInputError
from headwater.training import (
    Branches,
    Choice,
    Integers,
    LogUniform,
    ModelFamily,
    SearchPlan,
    TimeFolds,
    Uniform,
    search,
)
from headwater.training.models.nested import drawn_of, every_dimension, every_label, params_of
from headwater.training.registry.warm_start import hyperparameters

KERNEL = Branches(
    {"linear": {}, "rbf": {"gamma": LogUniform(0.01, 1)}, "poly": {"degree": Integers(2, 5), "gamma": Uniform(1, 2)}}
)
SPACE = {"C": LogUniform(0.1, 10), "kernel": KERNEL}


def test_what_is_drawn_for_hyperparameters_gives_them_again():
    for params in (
        {"C": 1.0, "kernel": "linear"},
        {"C": 1.0, "kernel": "rbf", "gamma": 0.5},
        {"C": 2.0, "kernel": "poly", "degree": 3, "gamma": 1.5},
    ):
        drawn = drawn_of(SPACE, params, "svm.")
        assert set(drawn) <= set(every_label(SPACE, "svm."))
        assert params_of(SPACE, drawn, "svm.") == params
    assert every_label(SPACE) == ["C", "kernel", "kernel=1.gamma", "kernel=2.degree", "kernel=2.gamma"]
    assert list(every_dimension(SPACE)) == ["C", "kernel", "gamma", "degree"]
    assert every_dimension(SPACE)["gamma"] == LogUniform(0.01, 1)
    assert pickle.loads(pickle.dumps(KERNEL)) == KERNEL


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"C": 1.0, "kernel": "rbf"}, "'gamma' is missing among C, kernel"),
        ({"C": 1.0, "kernel": "linear", "gamma": 0.5}, "'gamma' is not searched over with the others"),
        ({"C": 1.0, "kernel": "cosine"}, "'cosine' is not among the choices"),
    ],
)
def test_a_start_outside_the_branches_that_it_takes_is_an_error(params, words):
    with pytest.raises(InvalidInputError, match=words):
        ModelFamily("svm", SPACE, dict, params)


def test_branches_that_are_none_are_errors():
    with pytest.raises(InvalidInputError, match="takes for each value its space"):
        Branches(["a", "b"])
    with pytest.raises(InvalidInputError, match="takes for each value its space"):
        Branches({})
    with pytest.raises(InvalidInputError, match="'x' of the branch 'a' is 3: use Uniform"):
        Branches({"a": {"x": 3}})


def test_an_estimators_own_values_are_the_start_where_its_branch_has_them():
    space = {"C": LogUniform(0.1, 10), "kernel": Branches({"linear": {}, "rbf": {"gamma": Choice(("scale", "auto"))}})}
    assert ModelFamily.of(SVC(), space).start == {"C": 1.0, "kernel": "rbf", "gamma": "scale"}
    assert ModelFamily.of(SVC(kernel="linear"), space).start == {"C": 1.0, "kernel": "linear"}
    assert ModelFamily.of(SVC(), SPACE).start == {}, "gamma='scale' is no number"
    with pytest.raises(InvalidInputError, match="has no parameter 'gama'"):
        ModelFamily.of(SVC(), {"kernel": Branches({"rbf": {"gama": Uniform(0, 1)}})})


def test_logged_texts_are_the_hyperparameters_of_the_branch_taken_again():
    family = ModelFamily("svm", SPACE, dict)
    texts = {"C": "2.5", "kernel": "poly", "degree": "3", "gamma": "1.5", "family": "svm", "trials": "4"}
    assert hyperparameters(family, texts) == {"C": 2.5, "kernel": "poly", "degree": 3, "gamma": 1.5}
    assert hyperparameters(family, texts | {"kernel": "linear"}) == {"C": 2.5, "kernel": "linear"}
    assert hyperparameters(family, texts | {"kernel": "rbf"}) is None, "1.5 is not within the branch's gamma"


def test_a_search_over_branches_builds_each_with_its_own_hyperparameters(frame):
    space = {"C": LogUniform(0.01, 10), "solver": Branches({"lbfgs": {}, "saga": {"l1_ratio": Uniform(0, 1)}})}
    family = ModelFamily.of(LogisticRegression(max_iter=50, random_state=0), space)
    inputs = frame[["wind", "hour", "carrier", "late", "time"]]
    for engine in ("hyperopt", "optuna"):
        plan = SearchPlan(trials=8, folds=TimeFolds(1), rows=500, backend="local", engine=engine, seed=2)
        found = search(inputs, "late", "time", [family], plan)
        assert {one.status for one in found.trials} == {"ok"}
        kinds = {one.params["solver"]: set(one.params) for one in found.trials}
        assert kinds == {"lbfgs": {"C", "solver"}, "saga": {"C", "solver", "l1_ratio"}}
        # A search that was killed after five trials, and whose hyperparameters come back as texts, ends alike.
        known = {
            one.number: replace(one, params={name: str(value) for name, value in one.params.items()})
            for one in found.trials[:5]
        }
        again = search(inputs, "late", "time", [family], plan, known=known)
        assert [(t.params, t.loss) for t in again.trials] == [(t.params, t.loss) for t in found.trials]
