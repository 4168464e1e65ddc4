"""What every dimension of a search space keeps to; a new class is held to it by being exported."""

import inspect
import pickle

import numpy as np
import pytest
from hyperopt import hp
from hyperopt.pyll.stochastic import sample

from headwater.lakehouse import InvalidInputError
from headwater.training.models import space

MADE = [
    space.Uniform(0.5, 2.0),
    space.LogUniform(1e-4, 10.0),
    space.Integers(1, 9),
    space.Integers(1, 300, log=True),
    space.Choice(("a", None, [64, 32], 1, 1.0, True)),
]


def test_every_dimension_is_held_to_this():
    kinds = {one for name, one in inspect.getmembers(space, inspect.isclass) if name in space.__all__} - {
        space.Dimension
    }
    assert {type(one) for one in MADE} == kinds


@pytest.mark.parametrize("dimension", MADE, ids=str)
def test_what_is_drawn_gives_a_value_that_is_drawn_for_it(dimension):
    draw = np.random.default_rng(1)
    expression = dimension.expression(hp, "label")
    values = [dimension.value(sample(expression, rng=draw)) for _ in range(300)]
    for value in values[:20]:
        again = dimension.value(dimension.drawn(value))
        assert repr(again) == repr(value)
    if hasattr(dimension, "low"):
        assert all(dimension.low <= value <= dimension.high for value in values)
    else:
        assert {repr(value) for value in values} == {repr(choice) for choice in dimension.choices}
    assert pickle.loads(pickle.dumps(dimension)) == dimension


@pytest.mark.parametrize("make", [space.Uniform, space.LogUniform, space.Integers])
def test_an_empty_dimension_is_refused(make):
    for low, high in ((2, 1), (1, 1), (float("nan"), 1), (1, float("inf"))):
        with pytest.raises(InvalidInputError, match="is empty: low must be below high"):
            make(low, high)
