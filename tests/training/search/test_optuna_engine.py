"""Optuna behind the engine's protocol, and spaces moved from hyperopt."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hyperopt import hp

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
    binary_families,
    from_hyperopt,
    search,
    to_optuna,
)
from headwater.training.search.optuna_engine import OptunaEngine
from tests.training.search.suite import SearchEngineSuite


class TestOptunaEngine(SearchEngineSuite):
    @pytest.fixture
    def make(self):
        return lambda families, seed: OptunaEngine(families, seed=seed)


def test_it_comes_nearer_to_the_best_than_chance():
    family = ModelFamily("f", {"x": Uniform(0, 1), "y": LogUniform(0.001, 1.0)}, dict)
    best = {}
    for startup in (8, 60):  # suggestions after 8 trials, and none
        engine = OptunaEngine({"f": family}, seed=4, startup=startup)
        losses = []
        for _ in range(60):
            one = engine.ask()
            losses.append((one.params["x"] - 0.3) ** 2 + (np.log10(one.params["y"]) + 2) ** 2)
            engine.tell(one.number, losses[-1])
        best[startup] = np.mean(sorted(losses)[:10])
    assert best[8] < best[60] / 2


def test_a_search_with_optuna_is_the_same_here_and_on_spark(frame, spark):
    del spark
    inputs = frame[["wind", "hour", "carrier", "late", "time"]]
    plan = {
        "trials": 5,
        "parallelism": 2,
        "folds": TimeFolds(2, gap=dt.timedelta(days=1)),
        "rows": 1500,
        "startup": 3,
        "seed": 3,
    }
    found = [
        search(inputs, "late", "time", binary_families(), SearchPlan(engine="optuna", backend=backend, **plan))
        for backend in ("local", "spark")
    ]
    assert [(t.family, t.params) for t in found[0].trials] == [(t.family, t.params) for t in found[1].trials]
    assert [t.loss for t in found[0].trials] == pytest.approx([t.loss for t in found[1].trials])


def test_a_dimension_without_a_distribution_is_named():
    class Odd:
        def expression(self, hp, label):
            return hp.normal(label, 0, 1)

    with pytest.raises(InvalidInputError, match=r"'x'.* has no method distribution"):
        to_optuna({"x": Odd()})


def test_spaces_of_hyperopt_are_ours():
    found = from_hyperopt(
        {
            "a": hp.uniform("a", 0, 2),
            "b": hp.loguniform("b", 0, 3),
            "c": hp.uniformint("c", 1, 5),
            "d": hp.quniform("d", 2, 9, 1),
            "e": hp.randint("e", 4),
            "f": hp.randint("f", 2, 7),
            "g": hp.choice("g", ["gini", None, 3]),
            "h": hp.qloguniform("h", 0, np.log(64), 1),
            "i": 7,
        }
    )
    assert found == {
        "a": Uniform(0.0, 2.0),
        "b": LogUniform(1.0, math.exp(3)),
        "c": Integers(1, 5),
        "d": Integers(2, 9),
        "e": Integers(0, 3),
        "f": Integers(2, 6),
        "g": Choice(("gini", None, 3)),
        "h": Integers(1, 64, log=True),
        "i": Choice((7,)),
    }


def test_a_choice_of_dicts_becomes_branches_under_the_key_that_tells_them_apart():
    rbf = {"kernel": "rbf", "gamma": hp.loguniform("g", -3, 0), "shrink": hp.choice("s", [True, False])}
    deep = {
        "kernel": "poly",
        "degree": hp.uniformint("d", 2, 5),
        "coef": hp.choice("k", [{"of": 0}, {"of": 1, "b": 3}]),
    }
    found = from_hyperopt({"C": hp.uniform("C", 0, 2), "model": hp.choice("m", [{"kernel": "linear"}, rbf, deep])})
    assert found == {
        "C": Uniform(0.0, 2.0),
        "kernel": Branches(
            {
                "linear": {},
                "rbf": {"gamma": LogUniform(math.exp(-3), 1.0), "shrink": Choice((True, False))},
                "poly": {"degree": Integers(2, 5), "of": Branches({0: {}, 1: {"b": Choice((3,))}})},
            }
        ),
    }


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (hp.normal("x", 0, 1), "hp.normal"),
        (hp.quniform("x", 0, 1, 0.25), "hp.quniform"),
        (hp.choice("x", [hp.uniform("y", 0, 1), 2]), "choice of expressions"),
        (hp.choice("x", [{"a": hp.uniform("y", 0, 1)}, {"a": 2}]), "no key with a plain value tells apart"),
        (hp.choice("x", [{"a": 1, "b": 1}, {"a": 2, "b": 2}]), r"several keys tell apart \(a, b\)"),
    ],
)
def test_what_has_no_counterpart_is_an_error_that_names_it(expression, words):
    with pytest.raises(InvalidInputError, match=words):
        from_hyperopt({"x": expression})
