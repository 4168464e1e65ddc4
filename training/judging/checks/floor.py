"""The ROC AUC on the holdout has a floor."""

from __future__ import annotations

import math
from dataclasses import dataclass

from headwater.training.judging.evidence import Check, Evidence

__all__ = ["FloorCheck"]


@dataclass(frozen=True)
class FloorCheck:
    """ROC AUC on the holdout, at least `least`."""

    least: float

    def judge(self, evidence: Evidence) -> list[Check]:
        """Return the check; see `GateCheck`."""
        found, least = evidence.metrics.get("roc_auc", math.nan), self.least
        sentence = f"The ROC AUC on the holdout is {found:.4f}; at least {least:g} is required."
        return [Check("floor", found >= least, found, f"roc_auc >= {least:g}", sentence)]
