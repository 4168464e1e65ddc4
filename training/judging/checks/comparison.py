"""A check that a model is better than another often enough."""

from __future__ import annotations

from headwater.training.judging.bootstrap import Difference
from headwater.training.judging.evidence import Check

__all__ = ["better_often"]


def better_often(name: str, other: str, difference: Difference, confidence: float) -> Check:
    """Check that the model is better than another often enough; NaN is not."""
    sentence = (
        f"Against {other} the {difference.metric.replace('_', ' ')} changes by {difference.difference:+.4g} "
        f"(95 % interval {difference.low:+.4g} to {difference.high:+.4g}), better in {difference.better:.1%} of "
        f"{difference.resamples} resamples; {confidence:.0%} is required."
    )
    return Check(name, difference.better >= confidence, difference.better, f"better in >= {confidence:.0%}", sentence)
