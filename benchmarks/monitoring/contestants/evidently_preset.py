"""Evidently's DataDriftPreset, with its defaults."""

from __future__ import annotations

import pandas as pd
from evidently import Dataset, Report
from evidently.presets import DataDriftPreset
from measure import compete


def drift(baseline: pd.DataFrame, window: pd.DataFrame) -> dict[str, bool]:
    result = Report([DataDriftPreset()]).run(Dataset.from_pandas(window), Dataset.from_pandas(baseline)).dict()
    found = {}
    for metric in result["metrics"]:
        config = metric.get("config", {})
        if "column" in config:
            found[config["column"]] = float(metric["value"]) >= float(config.get("threshold") or 0.1)
    return found


if __name__ == "__main__":
    compete(drift)
