"""The model beats the champion on the same rows."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.training.judging.checks.comparison import better_often
from headwater.training.judging.evidence import Check, Evidence

__all__ = ["ChampionCheck"]


@dataclass(frozen=True)
class ChampionCheck:
    """The model's loss is below the champion's in this share of paired resamples, at least; no champion yet passes."""

    confidence: float

    def judge(self, evidence: Evidence) -> list[Check]:
        """Return the check; see `GateCheck`."""
        champion, required = evidence.champion, f"better in >= {self.confidence:.0%} of resamples"
        if champion.state == "none":
            return [Check("champion", True, "none", required, "There is no champion yet.")]
        if champion.state == "failed" or champion.difference is None:
            sentence = f"The champion, version {champion.version}, could not be compared with: {champion.reason}"
            return [Check("champion", False, "failed", required, sentence)]
        name = f"the champion, version {champion.version},"
        return [better_often("champion", name, champion.difference, self.confidence)]
