"""Ways to run a model on rows of Python values: the quickest that gives what ``mlflow.pyfunc`` gives.

A new way is a class here, asked before those below it; each is held to ``mlflow.pyfunc`` on made-up rows,
with NULL in each column, all NULL, texts never seen, and extreme numbers. If one prediction differs, it is not used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.features import pandas_rows
from headwater.lakehouse import arrow_type
from headwater.serving.http.boosted_trees import BoostedTrees
from headwater.serving.inputs import SQL_TYPES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Executor", "fastest_executor"]

Rows = Sequence[Mapping[str, Any]]


class Executor:
    """Runs a model by ``mlflow.pyfunc``: any flavor, 1 to 3 ms a call.

    Parameters
    ----------
    raw_model
        Folder of the model as its flavor saved it.
    columns
        Names and SQL types of the rows' values; None: those of the model's signature.
    """

    name = "mlflow.pyfunc"

    def __init__(self, raw_model: Path, columns: Mapping[str, str] | None) -> None:
        import mlflow

        self.folder = raw_model
        self.model = mlflow.pyfunc.load_model(str(raw_model))
        signature = self.model.metadata.signature
        self.inputs = signature.inputs if signature is not None else None
        self.columns = dict(columns) if columns is not None else _columns(self.inputs)
        inputs: Any = self.inputs
        named = inputs is not None and inputs.has_input_names()
        # As batch scoring casts them: a whole number for an input that is a double, and the like.
        scalars = {one.name: getattr(one.type, "name", "") for one in inputs.inputs} if named else {}
        self._names = frozenset(inputs.input_names()) if named else frozenset()
        self._wanted = {name: SQL_TYPES[kind] for name, kind in scalars.items() if kind in SQL_TYPES}
        self.required: frozenset[str] = frozenset(inputs.required_input_names() if named else ())
        params = signature.params if signature is not None else None
        self.params: frozenset[str] = frozenset(
            one.name for one in params or ()
        )  # MLflow warns of others at each request

    def predict(self, rows: Rows, params: Mapping[str, Any] | None) -> list[Any]:
        """Return a prediction for each row, as JSON values."""
        return plain_predictions(self.model.predict(self.frame(rows), params=dict(params) if params else None))

    def predict_tensor(self, tensor: Any, params: Mapping[str, Any] | None) -> list[Any]:
        """Return predictions for numbers without column names."""
        import numpy as np

        given = np.asarray(tensor)
        if self.inputs is not None and self.inputs.is_tensor_spec() and not self.inputs.has_input_names():
            given = given.astype(self.inputs.inputs[0].type)
        return plain_predictions(self.model.predict(given, params=dict(params) if params else None))

    def frame(self, rows: Rows) -> pd.DataFrame:
        """Return the rows as pandas has them."""
        import pandas as pd
        import pyarrow as pa

        if not self.columns:
            return pd.DataFrame(list(rows))
        arrays = {}
        for name, kind in self.columns.items():
            if self._names and name not in self._names:
                continue  # MLflow would warn of it at each request
            values = pa.array([row.get(name) for row in rows], type=arrow_type(kind))
            wanted = self._wanted.get(name, kind)
            arrays[name] = values if wanted == kind else values.cast(arrow_type(wanted), safe=False)
        return pandas_rows(pa.table(arrays))


class SklearnFrames(Executor):
    """Hands a frame to a scikit-learn model itself, past MLflow's checks of the columns, which the request has passed already."""

    name = "scikit-learn on frames"

    def __init__(self, raw_model: Path, columns: Mapping[str, str] | None) -> None:
        super().__init__(raw_model, columns)
        self.estimator = self.model.get_raw_model()
        self.method = getattr(
            self.estimator, self.model.metadata.flavors["python_function"].get("predict_fn", "predict")
        )
        types = {one.name: one.type for one in self.inputs.inputs} if self.inputs is not None else {}
        self.order = list(types) or list(self.columns)
        self.kinds = [_numpy_kind(types.get(name), self.columns[name]) for name in self.order]

    def predict(self, rows: Rows, params: Mapping[str, Any] | None) -> list[Any]:
        """Return a prediction for each row; with `params` by ``mlflow.pyfunc``."""
        if params:
            return super().predict(rows, params)
        return plain_predictions(self.method(self.frame(rows)))

    def frame(self, rows: Rows) -> pd.DataFrame:
        """Return the rows with the types of the model's signature."""
        import numpy as np
        import pandas as pd

        data = {}
        for name, kind in zip(self.order, self.kinds, strict=True):
            values: Any = [row[name] for row in rows]
            data[name] = np.array(values, dtype=kind)  # None is NaN among floats
        return pd.DataFrame(data, copy=False)


class SklearnArrays(SklearnFrames):
    """Hands one matrix of numbers to a scikit-learn model whose inputs are all numbers."""

    name = "scikit-learn on arrays"

    def __init__(self, raw_model: Path, columns: Mapping[str, str] | None) -> None:
        super().__init__(raw_model, columns)
        if any(kind is object for kind in self.kinds):
            message = "an input is no number"
            raise TypeError(message)

    def predict(self, rows: Rows, params: Mapping[str, Any] | None) -> list[Any]:
        """Return a prediction for each row; with `params` by ``mlflow.pyfunc``."""
        if params:
            return super().predict(rows, params)
        import warnings

        import numpy as np

        matrix = np.array([[row[name] for name in self.order] for row in rows], dtype=np.float64)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the matrix has no names
            return plain_predictions(self.method(matrix))


class LinearModel(SklearnArrays):
    """A linear or logistic regression as one product of a matrix, perhaps after a scaler: some 10 µs a call."""

    name = "linear model on arrays"

    def __init__(self, raw_model: Path, columns: Mapping[str, str] | None) -> None:
        super().__init__(raw_model, columns)
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import StandardScaler

        steps = [step for _, step in self.estimator.steps] if isinstance(self.estimator, Pipeline) else [self.estimator]
        *before, model = steps
        if not isinstance(model, LogisticRegression) or model.coef_.shape[0] != 1:
            message = "it is no logistic regression of two classes"
            raise TypeError(message)
        if any(not isinstance(one, StandardScaler) for one in before) or len(before) > 1:
            message = "it has a step other than a scaler"
            raise TypeError(message)
        weights, start = model.coef_[0].astype(float), float(model.intercept_[0])
        if before and before[0].with_std:
            weights = weights / before[0].scale_
        if before and before[0].with_mean:
            start -= float(weights @ before[0].mean_)
        self._weights, self._start = weights, start
        self._classes = model.classes_.tolist()
        self._probability = self.method.__name__ == "predict_proba"

    def predict(self, rows: Rows, params: Mapping[str, Any] | None) -> list[Any]:
        """Return a prediction for each row; NULL is refused, as scikit-learn refuses it."""
        if params:
            return super().predict(rows, params)
        import numpy as np

        matrix = np.array([[row[name] for name in self.order] for row in rows], dtype=np.float64)
        margin = matrix @ self._weights + self._start
        if not np.isfinite(margin).all():
            return super().predict(rows, params)
        if self._probability:
            with np.errstate(over="ignore"):
                chance = 1.0 / (1.0 + np.exp(-margin))
            return np.column_stack([1.0 - chance, chance]).tolist()  # type: ignore[no-any-return]
        return [self._classes[1] if one > 0 else self._classes[0] for one in margin.tolist()]


class BoostingModel(SklearnArrays):
    """Histogram boosting of two classes, or of a number, on its trees: 1 to 16 rows in a tenth to half of scikit-learn's time."""

    name = "boosted trees on arrays"
    most_rows = 16  # beyond that scikit-learn is quicker

    def __init__(self, raw_model: Path, columns: Mapping[str, str] | None) -> None:
        super().__init__(raw_model, columns)
        from sklearn.base import is_classifier

        self._trees = BoostedTrees(self.estimator)
        self._classes = self.estimator.classes_.tolist() if is_classifier(self.estimator) else []
        self._probability = self.method.__name__ == "predict_proba"
        self._exponential = not self._classes and self.estimator.loss in ("poisson", "gamma")

    def predict(self, rows: Rows, params: Mapping[str, Any] | None) -> list[Any]:
        """Return a prediction for each row; NULL is a missing value."""
        if params or len(rows) > self.most_rows:
            return super().predict(rows, params)
        import numpy as np
        from scipy.special import expit

        raw = self._trees.raw(np.array([[row[name] for name in self.order] for row in rows], dtype=np.float64))
        if not self._classes:
            return (np.exp(raw) if self._exponential else raw).tolist()  # type: ignore[no-any-return]
        chance = expit(raw)
        if self._probability:
            return np.column_stack([1.0 - chance, chance]).tolist()  # type: ignore[no-any-return]
        return [self._classes[1] if one > 0 else self._classes[0] for one in raw.tolist()]


def fastest_executor(raw_model: Path, columns: Mapping[str, str] | None) -> Executor:
    """Return the quickest way to run a model that gives what ``mlflow.pyfunc`` gives."""
    exact = Executor(raw_model, columns)
    if "sklearn" not in exact.model.metadata.flavors or not exact.columns:
        return exact
    try:
        SklearnFrames(raw_model, columns)
    except (AttributeError, KeyError, TypeError):
        return exact
    trials = _trials(exact)
    for kind in (LinearModel, BoostingModel, SklearnArrays, SklearnFrames):
        try:
            quick = kind(raw_model, columns)
            if trials and all(_same(quick, exact, rows) for rows in trials):
                return quick
        except Exception:  # noqa: BLE001, S112 - whatever it is, the exact way remains
            continue
    return exact


def _same(quick: Executor, exact: Executor, rows: Rows) -> bool:
    """Say whether both give the same for these rows, or both refuse them."""
    outcomes: list[Any] = []
    for one in (quick, exact):
        try:
            outcomes.append(one.predict(rows, None))
        except Exception:  # noqa: BLE001
            outcomes.append(None)
    return _equal(*outcomes)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) or (one != one and other != other)  # noqa: PLR0124
    return type(one) is type(other) and bool(one == other)


def _trials(exact: Executor) -> list[list[dict[str, Any]]]:
    """Return rows to compare on: the model's own example, or made-up ones, each with NULLs, unseen texts and extremes."""
    base = {name: _made_up(kind) for name, kind in exact.columns.items()}
    plain = [base, {name: _extreme(kind, 1) for name, kind in exact.columns.items()}]
    plain.append({name: _extreme(kind, -1) for name, kind in exact.columns.items()})
    nulls = [{**base, name: None} for name in base] + [dict.fromkeys(base)]
    return [plain, *[[row] for row in plain], *[[row] for row in nulls]]


def _made_up(kind: str) -> Any:
    return _extreme(kind, 0)


def _extreme(kind: str, side: int) -> Any:
    import datetime as dt
    from decimal import Decimal

    if kind in ("tinyint", "smallint", "int", "bigint"):
        return side * (100 if kind == "tinyint" else 30_000 if kind == "smallint" else 10**9) + 3
    if kind in ("double", "float"):
        return side * 1e6 + 0.25
    made: dict[str, Any] = {
        "binary": b"x",
        "boolean": side > 0,
        "date": dt.date(2026, 1, 1),
        "string": f"never seen {side}",
        "timestamp": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        "timestamp_ntz": dt.datetime(2026, 1, 1),
    }
    return Decimal(side) if kind.startswith("decimal") else made.get(kind)


def plain_predictions(found: Any) -> list[Any]:
    """Return predictions as lists, numbers, texts and objects: what JSON has."""
    if hasattr(found, "to_dict") and hasattr(found, "columns"):
        return found.to_dict(orient="records")  # type: ignore[no-any-return]
    if hasattr(found, "tolist"):
        values = found.tolist()
        return values if isinstance(values, list) else [values]
    return [one.tolist() if hasattr(one, "tolist") else one for one in found]


def _columns(inputs: Any) -> dict[str, str]:
    """Return the SQL types of a signature's named columns; empty for tensors and without a signature."""
    if inputs is None or not inputs.has_input_names() or inputs.is_tensor_spec():
        return {}
    kinds = {one.name: getattr(one.type, "name", "") for one in inputs.inputs}
    return {name: SQL_TYPES[kind] for name, kind in kinds.items()} if set(kinds.values()) <= set(SQL_TYPES) else {}


def _numpy_kind(wanted: Any, kind: str) -> Any:
    """Return the type of a column's array, as MLflow's checks make it of the signature."""
    import numpy as np

    name = getattr(wanted, "name", "") or {"bigint": "long", "int": "integer"}.get(kind, kind)
    kinds = {"double": np.float64, "float": np.float32, "integer": np.int32, "long": np.int64, "boolean": np.bool_}
    return kinds.get(name, object)
