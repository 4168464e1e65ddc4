"""How much better than the trivial predictor a model is on the same rows, and how sure that is.

The trivial predictor of classes knows the rows' base rate, that of numbers their mean; its skill is 0, a perfect model's 1. The
ROC AUC does not move when the base rate alone does, as accuracy and log loss do. Cohen's kappa, which is taken where there are no
probabilities, and R² can move with it, though less.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["SKILLS", "Skill", "skill_fell"]


@dataclass(frozen=True)
class Skill:
    """A skill with its standard error, and the figure that it was made of, in words."""

    value: float
    error: float
    words: str


def _classification(row: Mapping[str, Any]) -> Skill | None:
    """Return Gini's coefficient, ``2 * ROC AUC - 1``, or without probabilities Cohen's kappa.

    The error of the area is Hanley and McNeil's (1982), with the most frequent class against the others, which
    of more than two classes is an approximation; that of kappa the
    simple one of Cohen (1960).

    Examples
    --------
    >>> matrix = [{"prediction": p, "label": l, "count": n} for p, l, n in
    ...           [("1", "1", 20), ("1", "0", 10), ("0", "1", 5), ("0", "0", 15)]]
    >>> _classification({"confusion_matrix": matrix, "roc_auc": None})
    Skill(value=0.39999..., error=0.12961..., words="Cohen's kappa is 0.400")
    """
    matrix = row["confusion_matrix"]
    rows = sum(cell["count"] for cell in matrix) if matrix is not None else 0
    if not rows:
        return None
    labels: dict[str, int] = {}
    predictions: dict[str, int] = {}
    for cell in matrix:
        labels[cell["label"]] = labels.get(cell["label"], 0) + cell["count"]
        predictions[cell["prediction"]] = predictions.get(cell["prediction"], 0) + cell["count"]
    if len(labels) < 2:
        return None
    area = row["roc_auc"]
    if area is not None and not math.isnan(area):
        return Skill(2 * area - 1, 2 * _area_error(area, max(labels.values()), rows), f"ROC AUC is {area:.3f}")
    agreed = sum(cell["count"] for cell in matrix if cell["label"] == cell["prediction"]) / rows
    chance = sum(labels[name] * predictions.get(name, 0) for name in labels) / rows**2
    kappa = (agreed - chance) / (1 - chance)
    return Skill(kappa, math.sqrt(agreed * (1 - agreed) / rows) / (1 - chance), f"Cohen's kappa is {kappa:.3f}")


def _area_error(area: float, most: int, rows: int) -> float:
    positive, negative = rows - most, most
    one, two = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (positive - 1) * (one - area**2) + (negative - 1) * (two - area**2)
    return math.sqrt(max(variance, 0.0) / (positive * negative))


def _regression(row: Mapping[str, Any]) -> Skill | None:
    """Return R², whose trivial predictor is the rows' mean; its error is the one of Olkin and Finn (1995) for one predictor.

    Examples
    --------
    >>> _regression({"r2_score": 0.5, "rows": 800})
    Skill(value=0.5, error=0.025, words='R² is 0.500')
    """
    score, rows = row["r2_score"], row["rows"]
    if score is None or math.isnan(score) or not rows:
        return None
    return Skill(score, math.sqrt(4 * abs(score) * (1 - score) ** 2 / rows), f"R² is {score:.3f}")


SKILLS: Final[Mapping[str, Callable[[Mapping[str, Any]], Skill | None]]] = {
    "classification": _classification,
    "regression": _regression,
}
"""By problem type, the skill of a row of ``…_profile_metrics``, with `roc_auc` (macro, one against one) and `rows`."""


def skill_fell(now: Skill, then: Skill) -> tuple[float, float]:
    """Return by how much the skill fell since the holdout (0: it did not), and the one-sided p-value of a fall.

    Examples
    --------
    >>> fall, pvalue = skill_fell(Skill(0.36, 0.015, ""), Skill(0.50, 0.01, ""))
    >>> round(fall, 2), pvalue < 1e-9
    (0.14, True)
    """
    error = math.hypot(now.error, then.error)
    fall = then.value - now.value
    pvalue = 0.5 * math.erfc(fall / error / math.sqrt(2)) if error else float(fall <= 0)
    return max(fall, 0.0), pvalue
