"""The evidence that the gate looks at."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

from headwater.training.evaluation import _latency


def test_the_latency_is_of_the_calls_that_nothing_else_held_up():
    inputs = pd.DataFrame({"x": [0.0, 1.0, 2.0]})
    model = DummyClassifier().fit(inputs, [0, 1, 1])
    took = [0.139, 0.005, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.006, 0.007, 0.9, 0.9, 0.9, 0.9]
    ticks = itertools.accumulate(itertools.chain.from_iterable((0.0, seconds) for seconds in took))
    assert _latency(model.predict_proba, inputs, repeats=5, clock=ticks.__next__) == pytest.approx(6.0)
