"""The gate: whether a model may become champion, with a sentence per check.

All checks are on unless switched off with None. What cannot be computed counts as not passed: a metric that is NaN, a
champion that does not load, a slice without a comparison. That there is no champion yet is a fact of its own, and passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from headwater.training.judging.checks.baselines import BaselinesCheck
from headwater.training.judging.checks.calibration import CalibrationCheck
from headwater.training.judging.checks.champion import ChampionCheck
from headwater.training.judging.checks.floor import FloorCheck
from headwater.training.judging.checks.latency import LatencyCheck
from headwater.training.judging.checks.metric import MetricCheck
from headwater.training.judging.checks.protocol import GateCheck
from headwater.training.judging.checks.slices import SlicesCheck
from headwater.training.judging.evidence import Evidence, Verdict

__all__ = ["Gate"]


@dataclass(frozen=True)
class Gate:
    """The checks and their bounds; None switches one off.

    Parameters
    ----------
    least_roc_auc
        ROC AUC on the holdout, at least.
    baseline_confidence
        Share of paired resamples in which the model's loss is below each baseline's, at least.
    champion_confidence
        The same against the champion on the same rows. Above 0.5 the newcomer must be better, not equal.
    slice_loss
        Most by which a slice's loss may exceed the reference's, in the loss's unit (nats, for classes).
    slice_rows
        Slices with fewer rows are not judged.
    calibration_error
        Expected calibration error on the holdout, at most.
    latency_ms
        Milliseconds per row when scored one by one, at most.
    slice_share
        Most by which a slice's loss may exceed the reference's, as a share of the reference's.
    least, most
        Bounds of further metrics by their names, such as ``{"r2_score": 0.2}``; a metric that is NaN or missing refuses.
    more
        Further checks, each an object with ``judge(evidence)``; see :mod:`headwater.training.judging.checks.protocol`.

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
    slice_share: float | None = None
    least: Mapping[str, float] = field(default_factory=dict)
    most: Mapping[str, float] = field(default_factory=dict)
    more: tuple[GateCheck, ...] = ()

    @property
    def checks(self) -> tuple[GateCheck, ...]:
        """The checks that are on, in the order in which they are judged."""
        slices: Callable[[float], GateCheck] = lambda most: SlicesCheck(most, self.slice_rows)  # noqa: E731
        shares: Callable[[float], GateCheck] = lambda most: SlicesCheck(most, self.slice_rows, relative=True)  # noqa: E731
        bounds: list[tuple[Callable[[float], GateCheck], float | None]] = [
            (FloorCheck, self.least_roc_auc),
            (BaselinesCheck, self.baseline_confidence),
            (ChampionCheck, self.champion_confidence),
            (slices, self.slice_loss),
            (shares, self.slice_share),
            (CalibrationCheck, self.calibration_error),
            (LatencyCheck, self.latency_ms),
        ]
        metrics = (
            *(MetricCheck(name, least=bound) for name, bound in self.least.items()),
            *(MetricCheck(name, most=bound) for name, bound in self.most.items()),
        )
        return (*(make(bound) for make, bound in bounds if bound is not None), *metrics, *self.more)

    def judge(self, evidence: Evidence) -> Verdict:
        """Return the verdict; raises nothing for what the evidence lacks, but refuses."""
        return Verdict(tuple(one for check in self.checks for one in check.judge(evidence)))
