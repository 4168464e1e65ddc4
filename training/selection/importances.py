"""How much a model leans on groups of inputs, in a fold as it is and with shuffled labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headwater.training.data.splits import Fold
from headwater.training.models.families import ModelFamily
from headwater.training.search.trial import TrialData, fit

__all__ = ["Task", "group_importances"]

_ROWS, _REPEATS = 2000, 3


@dataclass(frozen=True)
class Task:
    """A fold to fit in and to judge on; with a seed, after its labels were shuffled by it."""

    fold: int
    shuffled: int | None = None


def group_importances(
    data: TrialData, family: ModelFamily, groups: Sequence[Sequence[str]], task: Task
) -> NDArray[np.float64]:
    """Return per group by how much the loss on the fold's validation rows grows when the group's inputs are shuffled together.

    On at most 2,000 validation rows, three times each; the mean. With shuffled labels, what chance alone gives (Altmann et al.,
    2010).
    """
    fold, problem = data.folds[task.fold], data.problem
    rng = np.random.default_rng([task.fold, 0 if task.shuffled is None else task.shuffled + 1])
    train, judged = data.label[fold.train], data.label[fold.validate]
    if task.shuffled is not None:
        train, judged = rng.permutation(train), rng.permutation(judged)
    model = fit(family, family.start, data.columns, data.inputs.iloc[fold.train], problem.to_fit(train))
    chosen = _chosen(fold, rng)
    rows, labels = data.inputs.iloc[fold.validate[chosen]].reset_index(drop=True), judged[chosen]
    whole = problem.losses(labels, problem.answers(model, rows)).mean()
    found = []
    for group in groups:
        growth = []
        for _ in range(_REPEATS):
            order = rng.permutation(len(rows))
            shuffled = rows.assign(**{name: rows[name].to_numpy()[order] for name in group})
            growth.append(problem.losses(labels, problem.answers(model, shuffled)).mean() - whole)
        found.append(float(np.mean(growth)))
    return np.array(found)


def _chosen(fold: Fold, rng: np.random.Generator) -> NDArray[np.int64]:
    size = min(_ROWS, len(fold.validate))
    return np.sort(rng.choice(len(fold.validate), size, replace=False))
