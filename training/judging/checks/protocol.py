"""What a check of the gate is: a new check is one file in this folder, or a class of one's own given as ``Gate(more=...)``."""

from __future__ import annotations

from typing import Protocol

from headwater.training.judging.evidence import Check, Evidence

__all__ = ["GateCheck"]


class GateCheck(Protocol):
    """A check with its bound, as frozen data.

    Whatever cannot be computed is not passed: NaN, a champion that does not load, a slice without a comparison.
    """

    def judge(self, evidence: Evidence) -> list[Check]:
        """Return what was found and what is required, once for each thing that is compared; raises nothing."""
