"""A label of several classes, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk

from headwater.lakehouse import InvalidInputError
from headwater.training import Multiclass, TrainingDataError
from headwater.training.problems.metrics import class_metrics
from tests.training.problems.suite import INPUTS, ROWS, ProblemSuite

_PLACES = np.digitize(INPUTS["x"] + 0.5 * np.random.default_rng(3).normal(size=ROWS), [-0.5, 0.5])


class TestTexts(ProblemSuite):
    problem = Multiclass(("low", "middle", "high"))
    values = pd.Series(np.array(["low", "middle", "high"], dtype=object)[_PLACES], name="label")
    impossible = ("other", 3)


class TestNumbers(ProblemSuite):
    problem = Multiclass((1, 2, 3))
    values = pd.Series(_PLACES + 1.0, name="label")
    impossible = (4.0, 1.5)


def test_metrics_are_scikit_learns():
    rng = np.random.default_rng(5)
    labels, chances = rng.integers(0, 4, 500), rng.dirichlet(np.ones(4), 500)
    chances[np.arange(500), labels] += 0.4
    chances /= chances.sum(axis=1, keepdims=True)
    found, best = class_metrics(labels, chances), chances.argmax(axis=1)
    assert found["log_loss"] == pytest.approx(sk.log_loss(labels, chances))
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(labels, best))
    assert found["balanced_accuracy"] == pytest.approx(sk.balanced_accuracy_score(labels, best))
    assert found["f1_macro"] == pytest.approx(sk.f1_score(labels, best, average="macro"))
    assert found["roc_auc"] == pytest.approx(sk.roc_auc_score(labels, chances, multi_class="ovo", average="macro"))


def test_older_scores_without_a_class_have_probability_0_for_it():
    scores = pd.DataFrame({"prediction_proba": [[("a", 0.4), ("b", 0.6)], None]})
    found = Multiclass(("a", "b", "c")).recorded(scores)
    assert found[0].tolist() == [0.4, 0.6, 0.0]
    assert np.isnan(found[1]).all()


def test_a_class_that_no_training_row_has_is_an_error():
    problem = Multiclass(("a", "b", "c"))
    with pytest.raises(TrainingDataError, match="no row of 'b', 'c'"):
        problem.settled(problem.labels(pd.Series(["a", "a"], name="label")))


def test_a_class_that_the_model_does_not_know_has_probability_0():
    class Model:
        classes_ = ("c", "a")

        def predict_proba(self, inputs):
            return np.tile([0.3, 0.7], (len(inputs), 1))

    assert Multiclass(("a", "b", "c")).answers(Model(), INPUTS[:2]).tolist() == [[0.7, 0.0, 0.3]] * 2


@pytest.mark.parametrize("classes", [(), ("a",), ("a", "a"), ("a", 1), (True, False), (1.5, 2.5)])
def test_classes_are_two_or_more_different_texts_or_whole_numbers(classes):
    with pytest.raises(InvalidInputError, match="at least two different classes"):
        Multiclass(classes)


def test_scores_are_the_class_and_a_map(spark):
    from pyspark.sql import functions as F

    rows = spark.createDataFrame([([0.2, 0.5, 0.3],), ([0.4, 0.4, 0.2],), (None,)], "answer array<double>")
    for classes, expected in ((("a", "b", "c"), ["b", "a", None]), ((7, 8, 9), [8, 7, None])):
        scored = rows.select(*[v.alias(k) for k, v in Multiclass(classes).scored(F.col("answer")).items()]).collect()
        assert [row["prediction"] for row in scored] == expected
        assert scored[0]["prediction_proba"] == dict(zip(map(str, classes), [0.2, 0.5, 0.3], strict=True))
        assert scored[2]["prediction_proba"] is None
