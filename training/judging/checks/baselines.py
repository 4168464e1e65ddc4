"""The model beats every baseline."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.training.judging.checks.comparison import better_often
from headwater.training.judging.evidence import Check, Evidence

__all__ = ["BaselinesCheck"]


@dataclass(frozen=True)
class BaselinesCheck:
    """The model's loss is below each baseline's in this share of paired resamples, at least."""

    confidence: float

    def judge(self, evidence: Evidence) -> list[Check]:
        """Return the checks; see `GateCheck`."""
        if not evidence.baselines:
            return [Check("baseline", False, None, "a baseline", "There is no baseline to compare with.")]
        return [
            better_often(f"baseline.{name}", f"the baseline {name}", difference, self.confidence)
            for name, difference in evidence.baselines.items()
        ]
