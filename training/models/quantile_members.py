"""An estimator of several quantiles, made of one estimator for each, and the family of such estimators by boosting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

from headwater.training.models.families import (
    Columns,
    ModelFamily,
    build_boosting,
    hist_gradient_boosting_regression,
)

__all__ = ["quantile_boosting", "quantile_members"]


def quantile_boosting(levels: Sequence[float]) -> ModelFamily:
    """Return histogram boosting of several quantiles: a model of the pinball loss for each, with the same hyperparameters."""
    space = {name: one for name, one in hist_gradient_boosting_regression().space.items() if name != "max_features"}
    start = {name: value for name, value in hist_gradient_boosting_regression().start.items() if name in space}
    return ModelFamily("quantile_boosting", space, partial(_build_quantiles, tuple(levels)), start)


def _build_quantiles(levels: Sequence[float], params: Mapping[str, Any], columns: Columns) -> Any:
    members = [
        build_boosting("HistGradientBoostingRegressor", {"loss": "quantile", "quantile": level}, params, columns)
        for level in levels
    ]
    return quantile_members(members)


def quantile_members(members: Sequence[Any]) -> Any:
    """Return an unfitted estimator whose ``predict`` gives a column per member, each row in rising order.

    Its class is defined within a function, so that cloudpickle writes it into a model's file: a stored model needs nothing of
    Headwater's to load.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyRegressor
    >>> several = quantile_members([DummyRegressor(strategy="quantile", quantile=level) for level in (0.25, 0.75)])
    >>> several.fit(np.zeros((5, 1)), np.arange(5)).predict(np.zeros((1, 1))).tolist()
    [[1.0, 3.0]]
    """
    return _kind()(list(members))


@cache
def _kind() -> Any:
    from sklearn.base import BaseEstimator, RegressorMixin

    class QuantileMembers(RegressorMixin, BaseEstimator):  # type: ignore[misc]
        def __init__(self, members: Any) -> None:
            self.members = members

        def fit(self, inputs: Any, label: Any, sample_weight: Any = None) -> Any:
            from sklearn.base import clone

            self.fitted_ = []
            for member in self.members:
                given = {}
                if sample_weight is not None:
                    steps = getattr(member, "steps", None)
                    given = {"sample_weight" if steps is None else f"{steps[-1][0]}__sample_weight": sample_weight}
                self.fitted_.append(clone(member).fit(inputs, label, **given))
            if hasattr(inputs, "columns"):
                import numpy as np

                self.feature_names_in_ = np.array([str(name) for name in inputs.columns], dtype=object)
            return self

        def predict(self, inputs: Any) -> Any:
            import numpy as np

            return np.sort(np.column_stack([member.predict(inputs) for member in self.fitted_]), axis=1)

    return QuantileMembers
