"""One row is scored fast enough."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.training.judging.evidence import Check, Evidence

__all__ = ["LatencyCheck"]


@dataclass(frozen=True)
class LatencyCheck:
    """Milliseconds per row when scored one by one, at most `most`."""

    most: float

    def judge(self, evidence: Evidence) -> list[Check]:
        """Return the check; see `GateCheck`."""
        found, most = evidence.latency_ms, self.most
        sentence = f"One row takes {found:.1f} ms; at most {most:g} ms is allowed."
        return [Check("latency", found <= most, found, f"<= {most:g} ms per row", sentence)]
