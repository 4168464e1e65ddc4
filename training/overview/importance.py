"""How much of the losses' variation over a family's space each hyperparameter explains by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.training.models.families import ModelFamily
from headwater.training.models.nested import every_dimension
from headwater.training.models.space import Choice, Dimension, Integers, LogUniform
from headwater.training.search.trial import Trial

__all__ = ["LEAST_TRIALS", "hyperparameter_importance", "loss_limit", "place"]

LEAST_TRIALS = 8
"""With fewer finished trials of a family, nothing is said."""

_POINTS, _BACKGROUND = 24, 256
_BELOW = -1.0  # stands for unused among places from 0 to 1
_UNUSED = object()  # for a hyperparameter of a branch that a trial has not taken


def hyperparameter_importance(family: ModelFamily, trials: Sequence[Trial], *, seed: int = 0) -> dict[str, float]:
    """Return each hyperparameter's share of the losses' variance over the space, from 0 to 1, the greatest first.

    A random forest learns the loss from the hyperparameters; the share is the variance of its mean over all other
    hyperparameters, by its whole variance: the main effect of a functional analysis of variance (Hutter, Hoos and Leyton-Brown,
    2014), Sobol's first index. What is left to 1 are effects of several together. Losses above :func:`loss_limit` count as that.

    Parameters
    ----------
    trials
        Of any family; finished ones of `family` are used. A hyperparameter of a branch that a trial has not taken counts as a
        value of its own there.

    Returns
    -------
    dict
        Empty with fewer than 8 finished trials, and where all losses are equal.

    Notes
    -----
    It says where in the space losses differ, not which setting is best, and of few trials little. About 0.3 s.
    """
    from sklearn.ensemble import RandomForestRegressor

    done = [one for one in trials if one.family == family.name and one.status == "ok" and one.loss is not None]
    losses = np.array([one.loss for one in done], dtype=np.float64)
    if len(done) < LEAST_TRIALS or not family.space or np.ptp(losses) == 0:
        return {}
    losses = np.minimum(losses, loss_limit(losses))
    space = every_dimension(family.space)
    names = [name for name in space if any(name in one.params for one in done)]
    coded = {name: _coded(space[name], [one.params.get(name, _UNUSED) for one in done]) for name in names}
    forest = RandomForestRegressor(n_estimators=64, min_samples_leaf=1, random_state=seed, n_jobs=1)
    forest.fit(np.hstack([coded[name] for name in names]), losses)
    rng = np.random.default_rng(seed)
    background = {name: _drawn(rng, coded[name], _BACKGROUND) for name in names}
    wide = [_drawn(rng, coded[name], 16 * _BACKGROUND) for name in names]
    whole = float(np.var(forest.predict(np.hstack(wide))))
    if whole == 0:
        return {}
    shares = {}
    for name in names:
        points = _points(coded[name])
        rows = [
            np.hstack([np.repeat(point[None], _BACKGROUND, 0) if one == name else background[one] for one in names])
            for point in points
        ]
        means = forest.predict(np.vstack(rows)).reshape(len(points), _BACKGROUND).mean(axis=1)
        shares[name] = min(1.0, float(np.var(means)) / whole)
    return dict(sorted(shares.items(), key=lambda one: -one[1]))


def loss_limit(losses: Sequence[float] | NDArray[np.float64]) -> float:
    """Return the loss above which charts cut off: five times as far above the best one as the median is.

    One trial that went wrong would otherwise take all the room.
    """
    best, middle = float(np.min(losses)), float(np.median(losses))
    return float(np.max(losses)) if middle == best else best + 5 * (middle - best)


def place(dimension: Dimension, value: Any) -> float | None:
    """Return where a value lies between the ends of its dimension, from 0 to 1; None if it has no order or no ends."""
    low, high = getattr(dimension, "low", None), getattr(dimension, "high", None)
    if low is None or high is None or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(dimension, LogUniform) or (isinstance(dimension, Integers) and dimension.log):
        return float((np.log(value) - np.log(low)) / (np.log(high) - np.log(low)))
    return float((value - low) / (high - low))


def _coded(dimension: Dimension, values: Sequence[Any]) -> NDArray[np.float64]:
    """Return one column of places, or one of zeros and ones per value that is met."""
    places = [_BELOW if value is _UNUSED else place(dimension, value) for value in values]
    if all(one is not None for one in places):
        return np.array(places, dtype=np.float64)[:, None]
    texts = ["" if value is _UNUSED else repr(value) for value in values]
    known = [repr(one) for one in dimension.choices] if isinstance(dimension, Choice) else []
    kinds = list(dict.fromkeys([*known, *texts]))
    return np.array([[float(text == kind) for kind in kinds] for text in texts])


def _drawn(rng: np.random.Generator, coded: NDArray[np.float64], rows: int) -> NDArray[np.float64]:
    if coded.shape[1] == 1:
        unused = rng.random((rows, 1)) < np.mean(coded == _BELOW)
        return np.where(unused, _BELOW, rng.random((rows, 1)))
    return np.eye(coded.shape[1])[rng.integers(coded.shape[1], size=rows)]


def _points(coded: NDArray[np.float64]) -> NDArray[np.float64]:
    if coded.shape[1] == 1:
        return ((np.arange(_POINTS) + 0.5) / _POINTS)[:, None]
    return np.eye(coded.shape[1])
