"""NannyML's univariate drift by Jensen-Shannon distance, with its own thresholds."""

from __future__ import annotations

import nannyml
import pandas as pd
from measure import compete


def drift(baseline: pd.DataFrame, window: pd.DataFrame) -> dict[str, bool]:
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=list(baseline), continuous_methods=["jensen_shannon"], categorical_methods=["jensen_shannon"],
        chunk_number=10,
    )  # fmt: skip
    result = calculator.fit(baseline).calculate(window).filter(period="analysis").to_df()
    return {name: bool(result[name, "jensen_shannon", "alert"].mean() > 0.5) for name in baseline}


if __name__ == "__main__":
    compete(drift)
