"""whylogs: a profile of each table, and the drift between the two."""

from __future__ import annotations

import pandas as pd
import whylogs
from measure import compete
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores


def drift(baseline: pd.DataFrame, window: pd.DataFrame) -> dict[str, bool]:
    of_baseline, of_window = whylogs.log(baseline).view(), whylogs.log(window).view()
    scores = calculate_drift_scores(target_view=of_window, reference_view=of_baseline, with_thresholds=True)
    return {name: score is not None and score["drift_category"] != "NO_DRIFT" for name, score in scores.items()}


if __name__ == "__main__":
    compete(drift)
