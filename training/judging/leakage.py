"""Inputs that know too much: one of them alone predicts the label nearly perfectly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.training.models.families import Columns
from headwater.training.problems.problem import Labels, Problem

__all__ = ["lone_scores", "suspects"]

_ROWS, _LEAVES = 20_000, 64


def lone_scores(
    train: pd.DataFrame, holdout: pd.DataFrame, columns: Columns, labels: tuple[Labels, Labels], problem: Problem
) -> pd.Series:
    """Return, by input, the problem's ranking metric on the holdout of a small tree that is fitted on that input alone.

    Parameters
    ----------
    labels
        Those of `train`, and of `holdout`, as the problem has them.

    Notes
    -----
    A tree of at most 64 leaves per input, on at most 20,000 rows drawn by a fixed seed: some 0.02 s each. Strings are taken as
    numbers in the order of their mean target, an unseen one as missing.
    """
    chosen = _drawn(len(train))
    targets = problem.targets(labels[0][chosen])
    order = targets if targets.ndim == 1 else targets.argmax(axis=1).astype(np.float64)
    found = {}
    for name in columns.all:
        values, later = train[name].iloc[chosen], holdout[name]
        if name in columns.strings:
            means = pd.Series(order).groupby(values.to_numpy()).mean()
            values, later = values.map(means), later.map(means)
        known, asked = (one.to_numpy(dtype=np.float64).reshape(-1, 1) for one in (values, later))
        found[name] = _score(known, asked, (labels[0][chosen], labels[1]), problem)
    return pd.Series(found, dtype=np.float64)


def suspects(scores: pd.Series, bound: float = 0.98) -> dict[str, float]:
    """Return the inputs whose score alone is at least `bound`, the largest first: they may know the label.

    Examples
    --------
    >>> suspects(pd.Series({"distance": 0.61, "landed_at_hour": 0.999}))
    {'landed_at_hour': 0.999}
    """
    found = scores[scores >= bound].sort_values(ascending=False, kind="stable")
    return {str(name): float(score) for name, score in found.items()}


def _score(
    known: NDArray[np.float64], asked: NDArray[np.float64], labels: tuple[Labels, Labels], problem: Problem
) -> float:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if not np.isfinite(known).any():
        return float("nan")
    kind: Any = DecisionTreeClassifier if problem.has_probabilities else DecisionTreeRegressor
    tree = kind(max_leaf_nodes=_LEAVES, min_samples_leaf=5, random_state=0)
    clean = [np.where(np.isinf(one), np.nan, one) for one in (known, asked)]
    tree.fit(clean[0], problem.to_fit(labels[0]))
    return problem.ranked(labels[1], problem.answers(tree, clean[1]))


def _drawn(rows: int) -> NDArray[np.int64]:
    if rows <= _ROWS:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, _ROWS, replace=False))
