"""How well a classifier tells the rows of a window from those of the baseline: 0.5 is not at all, 1 is always."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from headwater.monitoring.estimation.encoding import Encoder, one_thread

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MOST_ROWS", "Separation", "separation", "threshold_of"]

MOST_ROWS: Final = 2_000
"""Rows that are taken of each side: the area's standard error is then 0.009 at most."""
_FOLDS: Final = 3
_LEAST: Final = 0.55
"""No separation under this is worth an alert."""
_DEVIATIONS: Final = 3.0
_FEWEST: Final = 4


@dataclass(frozen=True)
class Separation:
    """The ROC AUC with its standard error, and how many rows were taken of both sides."""

    area: float
    error: float
    rows: int


def separation(baseline: pd.DataFrame, window: pd.DataFrame, *, seed: int = 0) -> Separation | None:
    """Return how well the window is told from the baseline by all columns together; None of fewer than 30 rows on a side.

    Rows of the baseline that are in the window too are to be left out before. Histogram gradient boosting, judged on rows that
    it was not fitted on (three folds, by chance), so that equal distributions give 0.5 but for chance. The standard error is
    Hanley and McNeil's (1982). 0.5 to 2 s for 2,000 rows of 60 columns on each side.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x, y = rng.normal(size=(2, 800))
    >>> same, turned = (pd.DataFrame({"x": x, "y": sign * x + 0.5 * y}) for sign in (1, -1))
    >>> round(separation(same[:400], same[400:]).area, 1), separation(same[:400], turned[400:]).area > 0.8
    (0.5, True)
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    if min(len(baseline), len(window)) < 30:
        return None
    encoder = Encoder().fit(baseline)
    sides = [encoder.transform(_sampled(frame, seed)) for frame in (baseline, window)]
    rows, side = np.vstack(sides), np.r_[np.zeros(len(sides[0])), np.ones(len(sides[1]))]
    if not rows.shape[1]:
        return None
    chances = np.zeros(len(rows))
    for fitted, judged in StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(rows, side):
        model = HistGradientBoostingClassifier(
            max_iter=50,
            max_leaf_nodes=15,
            early_stopping=False,
            categorical_features=encoder.is_text,
            random_state=seed,
        )
        with one_thread():
            chances[judged] = model.fit(rows[fitted], side[fitted]).predict_proba(rows[judged])[:, 1]
    area = float(roc_auc_score(side, chances))
    return Separation(area, _area_error(area, *map(len, sides)), len(rows))


def threshold_of(parts: Sequence[pd.DataFrame], *, seed: int = 0) -> tuple[float, list[float]]:
    """Return from which area on a window is further from the baseline than its own parts are, and the parts' areas.

    Each part is told from the others. The threshold is the mean of their areas and three deviations more, between 0.55 and 1;
    of fewer than four parts 0.55. Where the parts are told apart always, as weeks with slow features are, the threshold is 1
    and nothing is an alert.
    """
    import pandas as pd

    areas = []
    for at, part in enumerate(parts):
        others = [one for other, one in enumerate(parts) if other != at]
        found = separation(pd.concat(others, ignore_index=True), part, seed=seed) if others else None
        areas += [] if found is None else [found.area]
    if len(areas) < _FEWEST:
        return _LEAST, areas
    return float(np.clip(np.mean(areas) + _DEVIATIONS * np.std(areas, ddof=1), _LEAST, 1.0)), areas


def _sampled(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    return frame if len(frame) <= MOST_ROWS else frame.sample(MOST_ROWS, random_state=seed)


def _area_error(area: float, ones: int, others: int) -> float:
    one, two = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (ones - 1) * (one - area**2) + (others - 1) * (two - area**2)
    return math.sqrt(max(variance, 0.0) / (ones * others))
