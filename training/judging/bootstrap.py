"""Whether one model is better than another on the same rows, or whether the rows were lucky."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.lakehouse import InvalidInputError
from headwater.training.problems.metrics import log_losses, roc_auc

__all__ = ["Difference", "WeightedAuc", "paired_bootstrap", "paired_losses"]


@dataclass(frozen=True)
class Difference:
    """A metric's difference, new less old, with its interval between the quantiles 0.025 and 0.975.

    `better` is the share of resamples in which the new model was better; ties count half.
    """

    metric: str
    difference: float
    low: float
    high: float
    better: float
    resamples: int

    def as_dict(self) -> dict[str, float | str]:
        """Return it as plain values for JSON."""
        return asdict(self)


def paired_bootstrap(
    label: ArrayLike,
    new: ArrayLike,
    old: ArrayLike,
    *,
    metric: str = "log_loss",
    resamples: int = 500,
    seed: int = 0,
) -> Difference:
    """Return the difference of two models' metric on the same rows, and how it varies when the rows are drawn again.

    Each resample draws as many rows as there are, with replacement, and takes both models' metric on it: the rows' own
    difficulty cancels out. Percentile interval (Efron and Tibshirani, 1993, chapter 13).

    Parameters
    ----------
    new, old
        Probabilities of label 1.
    metric
        ``"log_loss"`` (lower is better) or ``"roc_auc"`` (higher is better).
    seed
        Equal seeds give equal results.

    Notes
    -----
    Rows are weighted by their number of draws (multinomial), so that log loss costs one matrix product, and ROC AUC one
    pass over ranks sorted once. 500 resamples of 27,000 rows take 0.3 s and 1.9 s of one core.

    Examples
    --------
    >>> paired_bootstrap([0, 1] * 50, [0.1, 0.9] * 50, [0.4, 0.6] * 50).better
    1.0
    """
    actual = np.asarray(label, dtype=np.int64)
    both = [np.asarray(p, dtype=np.float64) for p in (new, old)]
    if not len(actual) or any(len(p) != len(actual) for p in both):
        raise InvalidInputError(
            f"{len(actual)} labels with {len(both[0])} and {len(both[1])} probabilities: give equally many."
        )
    if metric == "log_loss":
        losses = [log_losses(actual, p) for p in both]
        return paired_losses(losses[0], losses[1], metric=metric, resamples=resamples, seed=seed)
    if metric != "roc_auc":
        raise InvalidInputError(f"There is no bootstrap of {metric!r}. Known: log_loss, roc_auc.")
    rng = np.random.default_rng(seed)
    curves = [WeightedAuc(actual, p) for p in both]
    drawn = np.concatenate([curves[0](w) - curves[1](w) for w in _weights(rng, len(actual), resamples)])
    drawn = drawn[np.isfinite(drawn)]
    return _difference(metric, roc_auc(actual, both[0]) - roc_auc(actual, both[1]), drawn, drawn)


def paired_losses(
    new: NDArray[np.float64], old: NDArray[np.float64], *, metric: str, resamples: int = 500, seed: int = 0
) -> Difference:
    """Return the same of two models' mean losses, from their losses of each row; lower is better.

    Examples
    --------
    >>> paired_losses(np.array([1.0, 2.0, 3.0] * 30), np.array([2.0, 2.0, 4.0] * 30), metric="mean_squared_error").better
    1.0
    """
    rng = np.random.default_rng(seed)
    per_row = new - old
    drawn = np.concatenate([w @ per_row for w in _weights(rng, len(per_row), resamples)]) / len(per_row)
    return _difference(metric, float(per_row.mean()), drawn, -drawn)


def _difference(metric: str, found: float, drawn: NDArray[np.float64], signed: NDArray[np.float64]) -> Difference:
    """Return the difference with its interval; `signed` is positive where the new model is better."""
    if not len(drawn):
        return Difference(metric, found, float("nan"), float("nan"), float("nan"), 0)
    low, high = np.quantile(drawn, [0.025, 0.975])
    better = float(np.mean(signed > 0) + np.mean(signed == 0) / 2)
    return Difference(metric, found, float(low), float(high), better, len(drawn))


def _weights(rng: np.random.Generator, rows: int, resamples: int) -> Iterator[NDArray[np.float64]]:
    """Give the rows' draws, some resamples at a time, at most about 4 million numbers each."""
    batch = max(1, 4_000_000 // rows)
    for start in range(0, resamples, batch):
        size = min(batch, resamples - start)
        draws = [np.bincount(rng.integers(rows, size=rows), minlength=rows) for _ in range(size)]
        yield np.stack(draws).astype(np.float64)


class WeightedAuc:
    """ROC AUC for weights of rows, the order and its ties prepared once.

    Called with r rows of weights for n rows of labels, it gives r values.
    """

    def __init__(self, actual: NDArray[np.int64], probability: NDArray[np.float64]) -> None:
        self._order = np.argsort(probability, kind="stable")
        ordered = probability[self._order]
        self._ones = actual[self._order] == 1
        self._starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])

    def __call__(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the area for each row of weights; NaN where one of the labels has no weight."""
        ordered = weights[:, self._order]
        ones = np.add.reduceat(np.where(self._ones, ordered, 0.0), self._starts, axis=1)
        zeros = np.add.reduceat(np.where(self._ones, 0.0, ordered), self._starts, axis=1)
        below = np.cumsum(zeros, axis=1) - zeros / 2
        pairs = ones.sum(axis=1) * zeros.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((ones * below).sum(axis=1) / pairs, dtype=np.float64)
