"""Probabilities are calibrated."""

from __future__ import annotations

import math
from dataclasses import dataclass

from headwater.training.judging.evidence import Check, Evidence

__all__ = ["CalibrationCheck"]


@dataclass(frozen=True)
class CalibrationCheck:
    """Expected calibration error on the holdout, at most `most`."""

    most: float

    def judge(self, evidence: Evidence) -> list[Check]:
        """Return the check; see `GateCheck`."""
        found, most = evidence.metrics.get("expected_calibration_error", math.nan), self.most
        sentence = (
            f"Predicted probability and observed rate differ by {found:.4f} on average; at most {most:g} is allowed."
        )
        return [Check("calibration", found <= most, found, f"expected_calibration_error <= {most:g}", sentence)]
