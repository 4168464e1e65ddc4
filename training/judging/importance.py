"""Which inputs a fitted model leans on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from headwater.training.problems.binary import Binary
from headwater.training.problems.problem import Problem

__all__ = ["permutation_importance"]

_BINARY = Binary()


def permutation_importance(
    model: Any,
    inputs: pd.DataFrame,
    label: ArrayLike,
    *,
    problem: Problem = _BINARY,
    rows: int = 2000,
    repeats: int = 3,
    seed: int = 0,
) -> pd.DataFrame:
    """Return per input by how much the loss grows, in the loss's unit, when its values are shuffled among the rows.

    Breiman (2001), on at most `rows` rows drawn by the seed. Inputs that carry the same knowledge share it, and may both
    look small. Columns: `feature`, `importance` (mean over `repeats`), `deviation` (standard deviation), largest first.
    Costs inputs times repeats predictions of `rows` rows. By default the label is 0 or 1 and the loss the log loss.
    """
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(len(inputs), size=min(rows, len(inputs)), replace=False))
    sample, actual = inputs.iloc[chosen].reset_index(drop=True), np.asarray(label)[chosen]
    whole = problem.losses(actual, problem.answers(model, sample)).mean()
    found = []
    for name in inputs.columns:
        shuffled = sample.copy()
        growth = []
        for _ in range(repeats):
            shuffled[name] = sample[name].to_numpy()[rng.permutation(len(sample))]
            growth.append(problem.losses(actual, problem.answers(model, shuffled)).mean() - whole)
        found.append((str(name), float(np.mean(growth)), float(np.std(growth))))
    table = pd.DataFrame(found, columns=["feature", "importance", "deviation"])
    return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)
