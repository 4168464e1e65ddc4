"""Whether performance is estimated to have fallen, in windows whose labels are not there yet."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from headwater.monitoring.alerts.incidents import Finding

if TYPE_CHECKING:
    from headwater.monitoring.definitions.policy import AlertPolicy
    from headwater.monitoring.estimation.stored import StoredEstimate

__all__ = ["KIND", "estimated_falls", "still_estimated"]

KIND: Final = "estimated performance"
_ENOUGH: Final = 0.8
"""From this share of labelled rows on, the labels say how a window was, and its estimate raises nothing."""

Estimates = Mapping[tuple[dt.datetime, str], Mapping[str, "StoredEstimate"]]


def estimated_falls(start: dt.datetime, end: dt.datetime, policy: AlertPolicy, estimates: Estimates) -> list[Finding]:
    """Return a finding for each model whose performance in the window is estimated to have fallen.

    It is found where less than 80 % of the rows have a label, the estimate is beyond its threshold, the fall is over the policy's
    limit, and it is significant. The fall is one of Gini's coefficient (``2 * ROC AUC - 1``), of numbers the relative rise of
    the mean absolute error.
    """
    found = []
    for (at, model), by_metric in estimates.items():
        told = _fall(by_metric)
        if at != start or told is None:
            continue
        of, fall, error, words = told
        limit = policy.limit(KIND)
        pvalue = 0.5 * math.erfc(fall / error / math.sqrt(2)) if error else float(fall <= 0)
        if not of.alert or of.coverage >= _ENOUGH or fall <= limit or pvalue > policy.max_pvalue:
            continue
        words = f"Model {model}: {words}; {of.coverage:.0%} of the rows have a label so far"
        found.append(
            Finding(
                start, end, ":table", KIND, KIND, f"model {model}", model, fall, limit, pvalue, fall / limit, 1.0, policy.n, words
            )
        )  # fmt: skip
    return found


def still_estimated(findings: Sequence[Finding], estimates: Estimates) -> list[Finding]:
    """Return the findings without estimated ones of windows whose labels have come: from then on the labels say how they were."""

    def labelled(finding: Finding) -> bool:
        by_metric = estimates.get((finding.start, finding.model_id or ""), {})
        return any(of.coverage >= _ENOUGH for of in by_metric.values())

    return [finding for finding in findings if finding.kind != KIND or not labelled(finding)]


def _fall(by_metric: Mapping[str, StoredEstimate]) -> tuple[StoredEstimate, float, float, str] | None:
    """Return the foremost metric, its fall with the standard error, and both in words; None if it is not defined."""
    area, error = by_metric.get("roc_auc_score"), by_metric.get("mean_average_error")
    if area is not None:
        words = f"the ROC AUC is estimated at {area.estimated:.3f}, on its holdout it was {area.reference:.3f}"
        return area, 2 * (area.reference - area.estimated), 2 * area.error, words
    if error is not None and error.reference > 0:
        words = f"the mean absolute error is estimated at {error.estimated:.4g}, on its holdout it was {error.reference:.4g}"
        return error, error.estimated / error.reference - 1, error.error / error.reference, words
    return None
