"""A model's probabilities are of label 1, however its classes are written."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from headwater.training import Binary, TrainingDataError

ROWS = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0]})
LABEL = np.array([0, 0, 1, 1])


@pytest.mark.parametrize(
    "names", [(0, 1), (0.0, 1.0), (False, True), ("0", "1"), ("false", "true"), ("False", "True"), ("x", "1")]
)
def test_probabilities_are_of_label_1_however_the_classes_are_written(names):
    expected = Binary().answers(LogisticRegression().fit(ROWS, LABEL), ROWS)
    label = np.array([names[value] for value in LABEL])
    np.testing.assert_allclose(Binary().answers(LogisticRegression().fit(ROWS, label), ROWS), expected)


@pytest.mark.parametrize("names", [("late", "on time"), ("1", "true"), ("2", "3")])
def test_a_model_whose_classes_have_not_one_label_1_is_refused_by_their_names(names):
    label = np.array(names)[LABEL]
    with pytest.raises(TrainingDataError, match=r"The model's classes: found .*One of them must be label 1"):
        Binary().answers(LogisticRegression().fit(ROWS, label), ROWS)
