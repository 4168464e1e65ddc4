"""An input that knows the label is found, whatever the problem and the input's type; others are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from headwater.training import Binary, Columns, Multiclass, Regression
from headwater.training.judging.leakage import lone_scores, suspects

ROWS = 3000
COLUMNS = Columns(("signal", "knows", "empty"), ("word", "knows_as_text"))


def _rows(problem):
    rng = np.random.default_rng(0)
    signal = rng.normal(size=ROWS)
    score = signal + rng.normal(size=ROWS)
    if problem.name == "regression":
        label = score
    elif problem.name == "binary":
        label = (score > 0).astype(int)
    else:
        label = np.digitize(score, [-0.5, 0.5])
    rows = pd.DataFrame({"signal": signal, "empty": np.nan})
    rows["knows"] = np.where(rng.random(ROWS) < 0.01, np.nan, label * 3.0 + 1)
    rows["word"] = rng.choice(np.array(["a", "b", None], dtype=object), ROWS)
    rows["knows_as_text"] = pd.Series(np.round(label, 1)).map(lambda one: f"is {one}").astype(object)
    return rows, np.asarray(label)


@pytest.mark.parametrize("problem", [Binary(), Multiclass((0, 1, 2)), Regression()], ids=lambda one: one.name)
def test_what_knows_the_label_is_suspected_and_nothing_else(problem):
    rows, label = _rows(problem)
    cut = ROWS * 2 // 3
    train, holdout = rows.iloc[:cut].reset_index(drop=True), rows.iloc[cut:].reset_index(drop=True)
    # A rare text is unseen on the holdout, which costs a regression more than a classification.
    scores = lone_scores(train, holdout, COLUMNS, (label[:cut], label[cut:]), problem)
    assert set(suspects(scores, 0.95)) == {"knows", "knows_as_text"}
    assert scores["signal"] > scores["word"]
    assert np.isnan(scores["empty"])
