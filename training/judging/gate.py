"""The gate: whether a model may become champion, with a sentence per check.

All checks are on unless switched off with None. What cannot be computed counts as not passed: a metric that is NaN, a
champion that does not load, a slice without a comparison. That there is no champion yet is a fact of its own, and passes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

import pandas as pd

from headwater.training.judging.bootstrap import Difference

__all__ = ["Champion", "Check", "Evidence", "Gate", "Verdict"]


@dataclass(frozen=True)
class Check:
    """One check: what was found, what was required, and both as a sentence."""

    name: str
    passed: bool
    found: float | str | None
    required: str
    sentence: str


@dataclass(frozen=True)
class Verdict:
    """Whether the model passed, and every check with its reason.

    Examples
    --------
    >>> refused = Verdict((Check("latency", False, 9.0, "<= 2 ms", "It takes 9 ms a row."),))
    >>> refused.passed, refused.reason
    (False, 'Refused: It takes 9 ms a row.')
    """

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether there are checks and all passed."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def reason(self) -> str:
        """The refusing checks' sentences, or all sentences if none refused."""
        shown = [check.sentence for check in self.checks if not check.passed] or [
            check.sentence for check in self.checks
        ]
        return f"{'Passed' if self.passed else 'Refused'}: {' '.join(shown) or 'no check was made.'}"

    def to_json(self) -> str:
        """Return the verdict as JSON: `passed`, `reason`, `checks`; numbers that are not finite are null."""
        checks = [asdict(check) for check in self.checks]
        for check in checks:
            if isinstance(check["found"], float) and not math.isfinite(check["found"]):
                check["found"] = None
        return json.dumps({"passed": self.passed, "reason": self.reason, "checks": checks}, indent=1)


@dataclass(frozen=True)
class Champion:
    """What became of the comparison with the champion.

    `state` is ``"none"`` (no version has the alias), ``"compared"`` or ``"failed"`` (there is one, and loading or
    scoring it raised: `reason` says what).
    """

    state: Literal["none", "compared", "failed"]
    version: str = ""
    reason: str = ""
    difference: Difference | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Evidence:
    """What the gate looks at, all of the same holdout rows.

    `slices` has the columns ``slice``, ``group``, ``rows``, ``log_loss_model`` and ``log_loss_reference``, the reference being
    the champion or, without one, the strongest baseline. `latency_ms` is milliseconds per row when scored one by one.
    """

    metrics: Mapping[str, float]
    baselines: Mapping[str, Difference]
    champion: Champion
    slices: pd.DataFrame
    latency_ms: float


@dataclass(frozen=True)
class Gate:
    """The checks and their bounds; None switches one off.

    Parameters
    ----------
    least_roc_auc
        ROC AUC on the holdout, at least.
    baseline_confidence
        Share of paired resamples in which the model's log loss is below each baseline's, at least.
    champion_confidence
        The same against the champion on the same rows. Above 0.5 the newcomer must be better, not equal.
    slice_loss
        Most by which a slice's log loss may exceed the reference's, in nats.
    slice_rows
        Slices with fewer rows are not judged.
    calibration_error
        Expected calibration error on the holdout, at most.
    latency_ms
        Milliseconds per row when scored one by one, at most.

    Examples
    --------
    >>> Gate(least_roc_auc=0.7, latency_ms=None).champion_confidence
    0.95
    """

    least_roc_auc: float | None = 0.6
    baseline_confidence: float | None = 0.95
    champion_confidence: float | None = 0.95
    slice_loss: float | None = 0.05
    slice_rows: int = 200
    calibration_error: float | None = 0.1
    latency_ms: float | None = 100.0

    def judge(self, evidence: Evidence) -> Verdict:
        """Return the verdict; raises nothing for what the evidence lacks, but refuses."""
        checks = [
            *self._floor(evidence),
            *self._baselines(evidence),
            *self._champion(evidence),
            *self._slices(evidence),
            *self._calibration(evidence),
            *self._latency(evidence),
        ]
        return Verdict(tuple(checks))

    def _floor(self, evidence: Evidence) -> list[Check]:
        if self.least_roc_auc is None:
            return []
        found, least = evidence.metrics.get("roc_auc", math.nan), self.least_roc_auc
        sentence = f"The ROC AUC on the holdout is {found:.4f}; at least {least:g} is required."
        return [Check("floor", found >= least, found, f"roc_auc >= {least:g}", sentence)]

    def _baselines(self, evidence: Evidence) -> list[Check]:
        if self.baseline_confidence is None:
            return []
        if not evidence.baselines:
            return [Check("baseline", False, None, "a baseline", "There is no baseline to compare with.")]
        return [
            _better(f"baseline.{name}", f"the baseline {name}", difference, self.baseline_confidence)
            for name, difference in evidence.baselines.items()
        ]

    def _champion(self, evidence: Evidence) -> list[Check]:
        if self.champion_confidence is None:
            return []
        champion, required = evidence.champion, f"better in >= {self.champion_confidence:.0%} of resamples"
        if champion.state == "none":
            return [Check("champion", True, "none", required, "There is no champion yet.")]
        if champion.state == "failed" or champion.difference is None:
            sentence = f"The champion, version {champion.version}, could not be compared with: {champion.reason}"
            return [Check("champion", False, "failed", required, sentence)]
        name = f"the champion, version {champion.version},"
        return [_better("champion", name, champion.difference, self.champion_confidence)]

    def _slices(self, evidence: Evidence) -> list[Check]:
        if self.slice_loss is None:
            return []
        required = f"log loss at most {self.slice_loss:g} above the reference's"
        table = evidence.slices[evidence.slices["rows"] >= self.slice_rows] if len(evidence.slices) else evidence.slices
        if table.empty:
            return [Check("slices", True, None, required, f"No slice has {self.slice_rows} rows to be judged on.")]
        excess = table["log_loss_model"] - table["log_loss_reference"]
        if excess.isna().any():
            return [Check("slices", False, None, required, f"{int(excess.isna().sum())} slices have no log loss.")]
        worst = table.loc[excess.idxmax()]
        found = float(excess.max())
        sentence = (
            f"Of {len(table)} slices, {worst['slice']}={worst['group']} ({worst['rows']} rows) is worst: "
            f"log loss {worst['log_loss_model']:.4f} against {worst['log_loss_reference']:.4f}; "
            f"{self.slice_loss:g} above is the most allowed."
        )
        return [Check("slices", found <= self.slice_loss, found, required, sentence)]

    def _calibration(self, evidence: Evidence) -> list[Check]:
        if self.calibration_error is None:
            return []
        found, most = evidence.metrics.get("expected_calibration_error", math.nan), self.calibration_error
        sentence = f"Probability and rate differ by {found:.4f} on average; at most {most:g} is allowed."
        return [Check("calibration", found <= most, found, f"expected_calibration_error <= {most:g}", sentence)]

    def _latency(self, evidence: Evidence) -> list[Check]:
        if self.latency_ms is None:
            return []
        found, most = evidence.latency_ms, self.latency_ms
        sentence = f"One row takes {found:.1f} ms; at most {most:g} ms is allowed."
        return [Check("latency", found <= most, found, f"<= {most:g} ms per row", sentence)]


def _better(name: str, other: str, difference: Difference, confidence: float) -> Check:
    """Check that the model is better than another often enough; NaN is not."""
    sentence = (
        f"Against {other} the log loss changes by {difference.difference:+.4f} "
        f"(95 % interval {difference.low:+.4f} to {difference.high:+.4f}), better in {difference.better:.1%} of "
        f"{difference.resamples} resamples; {confidence:.0%} is required."
    )
    return Check(name, difference.better >= confidence, difference.better, f"better in >= {confidence:.0%}", sentence)
