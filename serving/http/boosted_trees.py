"""Histogram boosting of few rows without a call per tree: all trees of all rows go down one level at a time, in NumPy.

scikit-learn calls each of the 100 trees by itself, some 9 µs a tree. Leaves are added in its order, so that sums are the same
to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BoostedTrees"]


class BoostedTrees:
    """The trees of a fitted ``HistGradientBoosting…`` model whose inputs are numbers.

    Parameters
    ----------
    model
        A classifier of two classes, or a regressor, without categorical inputs.

    Raises
    ------
    TypeError
        The model is of another kind, or has more than one tree per iteration, or splits by category.
    """

    def __init__(self, model: Any) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        if not isinstance(model, HistGradientBoostingClassifier | HistGradientBoostingRegressor):
            message = "it is no histogram boosting"
            raise TypeError(message)
        rounds = model._predictors  # noqa: SLF001 - scikit-learn shows its trees by no other name; held to its predictions
        nodes = [trees[0].nodes for trees in rounds]
        if any(len(trees) != 1 for trees in rounds) or any(one["is_categorical"].any() for one in nodes):
            message = "it has several trees a round, or splits by category"
            raise TypeError(message)
        sizes = np.array([len(one) for one in nodes])
        self._roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        offsets = np.repeat(self._roots, sizes)
        every = np.concatenate(nodes)
        leaf = every["is_leaf"].astype(bool)
        itself = np.arange(len(every))  # a leaf is its own child: a row that has arrived stays
        left = np.where(leaf, itself, every["left"] + offsets)
        right = np.where(leaf, itself, every["right"] + offsets)
        self._children = np.column_stack([right, left]).ravel()
        self._feature = np.where(leaf, 0, every["feature_idx"]).astype(np.int64)
        self._threshold = every["num_threshold"].copy()
        self._missing_left = every["missing_go_to_left"].astype(bool)
        self._value = every["value"].copy()
        self._depth = int(every["depth"].max())
        self._start = float(np.ravel(model._baseline_prediction)[0])  # noqa: SLF001
        self.inputs = int(model.n_features_in_)

    def raw(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of the leaves of each row; NaN is a missing value, infinities are numbers.

        Parameters
        ----------
        matrix
            Rows by inputs. Costs rows times trees times their depth.
        """
        rows = len(matrix)
        flat, missing = matrix.ravel(), np.isnan(matrix)
        any_missing = bool(missing.any())
        gone = missing.ravel()
        starts = np.repeat(np.arange(rows) * matrix.shape[1], len(self._roots))
        at = np.tile(self._roots, rows)
        for _ in range(self._depth):
            place = starts + self._feature[at]
            goes_left = flat[place] <= self._threshold[at]
            if any_missing:
                goes_left |= gone[place] & self._missing_left[at]
            at = self._children[2 * at + goes_left]
        leaves = self._value[at].reshape(rows, len(self._roots))
        sums = np.cumsum(np.column_stack([np.full(rows, self._start), leaves]), axis=1)  # one after the other
        return sums[:, -1]
