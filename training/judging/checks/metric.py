"""A metric on the holdout has a bound."""

from __future__ import annotations

import math
from dataclasses import dataclass

from headwater.lakehouse import InvalidInputError, known
from headwater.training.judging.evidence import Check, Evidence

__all__ = ["MetricCheck"]


@dataclass(frozen=True)
class MetricCheck:
    """A metric on the holdout, at least `least` or at most `most`.

    Examples
    --------
    >>> MetricCheck("r2_score")
    Traceback (most recent call last):
    headwater.lakehouse.errors.InvalidInputError: The check of 'r2_score' needs one bound, least or most.
    """

    metric: str
    least: float | None = None
    most: float | None = None

    def __post_init__(self) -> None:
        if (self.least is None) == (self.most is None):
            raise InvalidInputError(f"The check of {self.metric!r} needs one bound, least or most.")

    def judge(self, evidence: Evidence) -> list[Check]:
        """Return the check; see `GateCheck`."""
        found = evidence.metrics.get(self.metric, math.nan)
        passed = found >= self.least if self.least is not None else self.most is not None and found <= self.most
        required = f"{self.metric} {'>=' if self.least is not None else '<='} {self.least if self.most is None else self.most:g}"
        sentence = f"The {self.metric.replace('_', ' ')} on the holdout is {found:.4g}; {required} is required."
        if self.metric not in evidence.metrics:
            sentence = f"There is no metric {self.metric!r}. {known(self.metric, evidence.metrics)}"
        return [Check(f"metric.{self.metric}", passed, found, required, sentence)]
