"""Each quick way to run a model gives what ``mlflow.pyfunc`` gives, and is chosen for the models that it is for."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from headwater.serving.http.boosted_trees import BoostedTrees
from headwater.serving.http.executors import Executor, fastest_executor

COLUMNS = [f"x{i}" for i in range(6)]


def _data(holes: float = 0.0) -> tuple[pd.DataFrame, np.ndarray]:
    drawn = np.random.default_rng(3)
    x = drawn.normal(size=(600, len(COLUMNS)))
    y = (x[:, 0] + x[:, 1] * x[:, 2] + drawn.normal(size=600) > 0).astype(int)
    x[drawn.random(x.shape) < holes] = np.nan
    return pd.DataFrame(x, columns=COLUMNS), y


def _rows(count: int) -> list[dict[str, float | None]]:
    """Return rows with ordinary and extreme values, and NULL in one of ten."""
    drawn = np.random.default_rng(4)
    x = drawn.normal(size=(count, len(COLUMNS))) * drawn.choice([1, 1, 1, 1e6], (count, 1))
    holes = drawn.random(x.shape) < 0.1
    return [
        {name: None if hole else float(value) for name, value, hole in zip(COLUMNS, values, gone, strict=True)}
        for values, gone in zip(x, holes, strict=True)
    ]


def _executors(folder, model, *, method="predict_proba") -> tuple[Executor, Executor]:
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    inputs = Schema([ColSpec(DataType.double, name, required=False) for name in COLUMNS])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.sklearn.save_model(
            model,
            str(folder),
            signature=ModelSignature(inputs),
            pyfunc_predict_fn=method,
            serialization_format="cloudpickle",
            pip_requirements=[],
        )
        return fastest_executor(folder, None), Executor(folder, None)


BOOSTING = [
    ("predict_proba", HistGradientBoostingClassifier(max_iter=40)),
    ("predict", HistGradientBoostingClassifier(max_iter=40)),
    ("predict", HistGradientBoostingRegressor(max_iter=40)),
    ("predict", HistGradientBoostingRegressor(max_iter=20, loss="poisson")),
]


@pytest.mark.parametrize(("method", "model"), BOOSTING)
def test_boosting_is_run_on_its_trees_and_gives_scikit_learns_predictions(tmp_path, method, model):
    frame, label = _data(holes=0.1)
    quick, exact = _executors(tmp_path / "model", model.fit(frame, label), method=method)
    assert quick.name == "boosted trees on arrays"
    rows = _rows(300)
    expected = exact.predict(rows, None)
    one_by_one = [quick.predict([row], None)[0] for row in rows]
    np.testing.assert_array_equal(np.array(one_by_one), np.array(expected))
    np.testing.assert_array_equal(np.array(quick.predict(rows, None)), np.array(expected))
    assert type(one_by_one[0]) is type(expected[0])


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (LogisticRegression(), "linear model on arrays"),
        (make_pipeline(StandardScaler(), LogisticRegression()), "linear model on arrays"),
        (make_pipeline(SimpleImputer(), LogisticRegression()), "scikit-learn on arrays"),
        (RandomForestClassifier(10), "scikit-learn on arrays"),
        (HistGradientBoostingClassifier(max_iter=5, categorical_features=[0]), "scikit-learn on arrays"),
    ],
)
def test_other_models_are_run_by_the_quickest_way_that_is_equal(tmp_path, model, name):
    frame, label = _data()
    frame["x0"] = frame["x0"].abs().round().clip(0, 5)
    quick, exact = _executors(tmp_path / "model", model.fit(frame, label))
    assert quick.name == name
    rows = [row for row in _rows(200) if None not in row.values()]
    np.testing.assert_allclose(quick.predict(rows, None), exact.predict(rows, None), rtol=1e-12)


def test_sums_of_leaves_are_scikit_learns_to_the_last_bit_also_for_infinities_and_one_leaf():
    frame, label = _data(holes=0.2)
    model = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=64, min_samples_leaf=2).fit(
        frame.to_numpy(), label
    )
    matrix = frame.to_numpy(copy=True)
    matrix[:20] = np.inf
    matrix[20:40] = -np.inf
    np.testing.assert_array_equal(BoostedTrees(model).raw(matrix), model._raw_predict(matrix).ravel())
    stump = HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=600).fit(frame.to_numpy(), label)
    np.testing.assert_array_equal(BoostedTrees(stump).raw(matrix), stump.predict(matrix))


def test_more_than_two_classes_are_left_to_scikit_learn():
    frame, _ = _data()
    model = HistGradientBoostingClassifier(max_iter=2).fit(frame, np.arange(len(frame)) % 3)
    with pytest.raises(TypeError, match="several trees a round"):
        BoostedTrees(model)
