"""What is normal for a metric: how far the reference's own windows lie from the whole of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from headwater.monitoring.estimation.estimator import Estimate, Estimator, Rows

__all__ = ["Limits", "learn_limits"]

_FEWEST = 6
"""Fewer windows of the reference than this say nothing of their spread."""
_DEVIATIONS = 3.0
_WHOLE = 0.5
"""A window of the reference with less than this share of the usual rows was cut, and is left out."""
_UNBOUNDED = ("log_loss", "mean_average_error", "root_mean_squared_error")
"""Metrics from 0 up; the others lie between 0 and 1."""


@dataclass(frozen=True)
class Limits:
    """A metric on the whole reference, its standard error there, and between which values a window is normal."""

    reference: float
    error: float
    lower: float
    upper: float

    def beyond(self, estimate: Estimate, *, higher_is_better: bool) -> bool:
        """Say whether an estimate is worse than normal, and by more than three standard errors; NaN is not.

        Examples
        --------
        >>> limits = Limits(0.8, 0.01, 0.75, 0.85)
        >>> limits.beyond(Estimate(0.7, 0.01), higher_is_better=True), limits.beyond(Estimate(0.7, 0.05), higher_is_better=True)
        (True, False)
        """
        worse = estimate.value < self.lower if higher_is_better else estimate.value > self.upper
        return worse and abs(estimate.value - self.reference) > _DEVIATIONS * math.hypot(estimate.error, self.error)


def learn_limits(estimator: Estimator, reference: Rows, windows: Sequence[Rows]) -> Mapping[str, Limits]:
    """Return the limits of each metric: that of the reference, three deviations to both sides.

    Parameters
    ----------
    estimator
        Fitted on the reference.
    reference, windows
        Labelled rows: all, and those of each window.

    Notes
    -----
    The deviation is that of the windows' realised metrics, no less than the standard error of a window's estimate; of fewer than
    six windows the latter alone. Realised metrics do not depend on what was fitted, so that the reference's own windows are not
    judged by themselves.
    """
    usual = float(np.median([len(window) for window in windows])) if windows else 0.0
    whole = [window for window in windows if len(window) >= _WHOLE * usual]
    realised = [estimator.realised(window) for window in whole]
    estimated = [estimator.estimates(estimator.state(window)) for window in whole]
    of_all, by_all = estimator.realised(reference), estimator.estimates(estimator.state(reference))
    found = {}
    for name in estimator.metrics:
        values = [one[name] for one in realised if not math.isnan(one[name])]
        errors = [one[name].error for one in estimated if not math.isnan(one[name].error)]
        deviation = max(
            float(np.std(values, ddof=1)) if len(values) >= _FEWEST else 0.0,
            float(np.median(errors)) if errors else math.nan,
        )
        found[name] = _limits(name, of_all[name], by_all[name], deviation)
    return found


def _limits(name: str, reference: float, estimate: Estimate, deviation: float) -> Limits:
    highest = math.inf if name in _UNBOUNDED else 1.0
    lower, upper = reference - _DEVIATIONS * deviation, reference + _DEVIATIONS * deviation
    return Limits(reference, estimate.error, max(lower, 0.0), min(upper, highest))
