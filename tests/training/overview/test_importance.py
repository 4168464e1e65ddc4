import numpy as np
import pytest
from optuna import create_study
from optuna.distributions import FloatDistribution
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import create_trial

from headwater.training import Choice, Integers, LogUniform, ModelFamily, Trial, Uniform
from headwater.training.models.nested import Branches
from headwater.training.overview.importance import hyperparameter_importance, loss_limit, place


def trials(family, loss, number=200, seed=0):
    """Give finished trials of evenly drawn hyperparameters."""
    rng = np.random.default_rng(seed)
    found = []
    for at in range(number):
        params = {}
        for name, one in family.space.items():
            if isinstance(one, Choice):
                params[name] = one.value(rng.integers(len(one.choices)))
            elif isinstance(one, LogUniform):
                params[name] = float(np.exp(rng.uniform(np.log(one.low), np.log(one.high))))
            elif isinstance(one, Integers):
                params[name] = int(rng.integers(one.low, one.high + 1))
            else:
                params[name] = float(rng.uniform(one.low, one.high))
        found.append(Trial(at, family.name, params, "ok", float(loss(params))))
    return found


def test_the_shares_of_a_sum_are_those_of_its_terms_variances():
    family = ModelFamily("f", {"x": Uniform(0, 1), "y": LogUniform(0.01, 1), "n": Uniform(-1, 1)}, dict)
    # Evenly drawn on a unit interval, a slope of s has the variance s²/12: 9 to 1 to 0.
    loss = lambda params: 3 * params["x"] + np.log(params["y"]) / np.log(100)  # noqa: E731
    found = hyperparameter_importance(family, trials(family, loss))
    assert list(found) == ["x", "y", "n"]
    # A forest of so few trials smooths the weaker one away in part, as Optuna's does.
    assert found["x"] == pytest.approx(0.9, abs=0.1)
    assert 0.02 < found["y"] < 0.15
    assert found["n"] < 0.02


def test_it_agrees_with_optunas_functional_analysis_of_variance():
    family = ModelFamily("f", {"x": Uniform(0, 1), "y": Uniform(0, 1), "z": Uniform(0, 1)}, dict)
    loss = lambda params: (params["x"] - 0.3) ** 2 * 4 + params["y"] * 0.5 + 0.3 * params["x"] * params["z"]  # noqa: E731
    done = trials(family, loss)
    study = create_study()
    space = {name: FloatDistribution(0, 1) for name in family.space}
    study.add_trials([create_trial(params=dict(one.params), distributions=space, value=one.loss) for one in done])
    expected = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))  # their sum is 1
    found = hyperparameter_importance(family, done)
    for name in family.space:
        assert found[name] / sum(found.values()) == pytest.approx(expected[name], abs=0.05)


def test_values_without_an_order_and_those_of_branches_count_too():
    family = ModelFamily("f", {"kind": Choice(("a", "b", None)), "n": Integers(1, 9)}, dict)
    found = hyperparameter_importance(family, trials(family, lambda params: params["kind"] is None))
    assert found["kind"] > 0.95
    assert found["n"] < 0.02
    nested = ModelFamily("g", {"kind": Branches({"plain": {}, "deep": {"depth": Integers(1, 9)}})}, dict)
    rng = np.random.default_rng(0)
    done = []
    for at in range(100):
        deep = {"kind": "deep", "depth": int(rng.integers(1, 10))} if at % 2 else {"kind": "plain"}
        done.append(Trial(at, "g", deep, "ok", 1.0 - 0.05 * deep.get("depth", 0)))
    shares = hyperparameter_importance(nested, done)
    assert set(shares) == {"kind", "depth"}
    assert shares["depth"] > 0.5


def test_one_trial_that_went_wrong_does_not_decide():
    family = ModelFamily("f", {"x": Uniform(0, 1), "y": Uniform(0, 1)}, dict)
    done = trials(family, lambda params: params["x"], 60)
    done[7] = Trial(7, "f", done[7].params, "ok", 1e9)
    assert hyperparameter_importance(family, done)["x"] > 0.6
    assert loss_limit([one.loss for one in done]) < 10


def test_few_trials_other_families_and_equal_losses_say_nothing():
    family = ModelFamily("f", {"x": Uniform(0, 1)}, dict)
    done = trials(family, lambda params: params["x"], 7)
    other = [Trial(one.number + 7, "other", one.params, "ok", one.loss) for one in done]
    failed = [Trial(one.number + 14, "f", one.params, "fail", error="no") for one in done]
    assert hyperparameter_importance(family, [*done, *other, *failed]) == {}
    assert hyperparameter_importance(family, trials(family, lambda _: 1.0, 20)) == {}


def test_places_lie_between_the_ends_of_a_dimension():
    assert place(LogUniform(0.01, 1), 0.1) == pytest.approx(0.5)
    assert place(Integers(1, 9), 5) == 0.5
    assert place(Integers(1, 100, log=True), 10) == pytest.approx(0.5)
    assert place(Choice((1, 2)), 1) is None
    assert place(Uniform(0, 1), True) is None
