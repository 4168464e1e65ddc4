"""Metrics of several predictors by groups of rows: by slice, by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from headwater.training.problems.binary import Binary
from headwater.training.problems.problem import Problem

__all__ = ["metrics_by"]

_BINARY = Binary()


def metrics_by(
    groups: pd.Series,
    label: ArrayLike,
    answers: Mapping[str, ArrayLike],
    *,
    problem: Problem = _BINARY,
    least: int = 1,
) -> pd.DataFrame:
    """Return per value of `groups` its `rows`, a summary of its labels, and each predictor's loss and ranking metric.

    Parameters
    ----------
    groups
        One value per row; missing ones form the group ``<missing>``.
    answers
        For each predictor's name its answers, for :class:`Binary` the probabilities of label 1.
    problem
        Names the metrics: the columns are ``log_loss_<name>`` and ``roc_auc_<name>`` for :class:`Binary`, the default, with the
        labels' ``rate``.
    least
        Groups with fewer rows are left out.
    """
    actual = np.asarray(label)
    keys = groups.astype(object).where(groups.notna(), "<missing>").to_numpy()
    rows: list[dict[str, Any]] = []
    for value, positions in sorted(
        pd.Series(np.arange(len(actual))).groupby(keys).indices.items(), key=lambda kv: str(kv[0])
    ):
        if len(positions) < least:
            continue
        found: dict[str, Any] = {"group": str(value), "rows": len(positions), **problem.summary(actual[positions])}
        for name, answer in answers.items():
            given = np.asarray(answer, dtype=np.float64)[positions]
            found[f"{problem.loss}_{name}"] = float(problem.losses(actual[positions], given).mean())
            found[f"{problem.ranking}_{name}"] = problem.ranked(actual[positions], given)
        rows.append(found)
    names: Sequence[str] = [f"{metric}_{name}" for name in answers for metric in (problem.loss, problem.ranking)]
    return pd.DataFrame(rows, columns=["group", "rows", *problem.summary(actual[:0]), *names])
