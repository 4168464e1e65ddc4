"""Which inputs, and which groups of rows, moved the mean score from the baseline to a window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from headwater.monitoring.estimation.encoding import Encoder

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Attribution", "by_input", "by_slice", "surrogate_of"]

PAIRS: Final = 3_000
_SLICES: Final = 20
_FEWEST: Final = 30


@dataclass(frozen=True)
class Attribution:
    """How much of the change of the mean score an input or a slice (`value`) accounts for, and its share of the window's rows."""

    column: str
    value: str | None
    contribution: float
    share: float


def by_input(
    score: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    baseline: NDArray[np.float64],
    window: NDArray[np.float64],
    *,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Return how much each column moved the mean score from the baseline's rows to the window's; the sum is the whole change.

    Shapley values of the change (Shapley 1953), by chance: rows are paired, the columns of a baseline's row are replaced by
    those of the window's row one after the other in an order by chance, and the change of the score at each step is the
    column's.

    Parameters
    ----------
    score
        Gives a score for each row.
    baseline, window
        Rows of as many columns; up to 3,000 pairs of them are taken, each in an order of its own: 3,000 scores for each column.

    Examples
    --------
    A linear model's change is its coefficient times the change of the mean:

    >>> rng = np.random.default_rng(1)
    >>> before, after = rng.normal(0, 1, (400, 2)), rng.normal([0, 2], 1, (400, 2))
    >>> found = by_input(lambda rows: rows @ [1.0, 3.0], before, after)
    >>> np.allclose(found, (after.mean(axis=0) - before.mean(axis=0)) * [1.0, 3.0])
    True
    """
    rng, columns = np.random.default_rng(seed), baseline.shape[1]
    pairs = min(PAIRS, max(len(baseline), len(window)))
    old, new = (_paired(rows, pairs, rng) for rows in (baseline, window))
    orders, every = np.argsort(rng.random((len(old), columns)), axis=1), np.arange(len(old))
    found, rows, before = np.zeros(columns), old.copy(), score(old)
    for step in range(columns):
        at = orders[:, step]
        rows[every, at] = new[every, at]
        after = score(rows)
        found += np.bincount(at, weights=after - before, minlength=columns)
        before = after
    return found / len(old)


def by_slice(
    baseline: pd.Series, window: pd.Series, old: NDArray[np.float64], new: NDArray[np.float64]
) -> list[Attribution]:
    """Return how much of the change of the mean score came from the scores within each value of a text column.

    A slice's contribution is its share of the window's rows times the change of its mean score. Values with fewer than 30 rows
    on a side, and columns of more than 20 values in the baseline, are left out.
    """
    values = baseline.value_counts()
    if not 2 <= len(values) <= _SLICES:
        return []
    found = []
    for value in values.index:
        before, after = (baseline == value).to_numpy(), (window == value).to_numpy()
        if min(before.sum(), after.sum()) >= _FEWEST:
            share = float(after.mean())
            found.append(
                Attribution(
                    str(baseline.name), str(value), share * float(new[after].mean() - old[before].mean()), share
                )
            )
    return found


def surrogate_of(
    inputs: pd.DataFrame, scores: NDArray[np.float64], *, seed: int = 0
) -> tuple[Encoder, Callable[[NDArray[np.float64]], NDArray[np.float64]], float]:
    """Return an encoder, a model of the scores given the inputs, and its R² on the half that it was not fitted on.

    It stands for the model that gave the scores, which need not be there. R² is 1 where the inputs say all of a score.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    encoder = Encoder().fit(inputs)
    rows = encoder.transform(inputs)

    def fitted(chosen: NDArray[np.bool_]) -> Any:
        model = HistGradientBoostingRegressor(
            max_iter=100, early_stopping=False, categorical_features=encoder.is_text, random_state=seed
        )
        return model.fit(rows[chosen], scores[chosen])

    half = np.random.default_rng(seed).permutation(len(rows)) % 2 == 0
    rest = scores[~half]
    spread = float(((rest - rest.mean()) ** 2).sum())
    fidelity = 1 - float(((rest - fitted(half).predict(rows[~half])) ** 2).sum()) / spread if spread else 0.0
    return encoder, fitted(np.ones(len(rows), dtype=bool)).predict, fidelity


def _paired(rows: NDArray[np.float64], pairs: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return so many rows in an order by chance; where there are fewer, each of them as often as any other, or once more."""
    chosen = rows[rng.permutation(len(rows))[:pairs]]
    return np.asarray(chosen[rng.permutation(np.arange(pairs) % len(chosen))])
