"""Drift rows with custom metrics: the user's SQL over two rows of the profile, a window's and the one it is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from headwater.lakehouse import column, in_utc
from headwater.monitoring.metrics.custom.parts import Part, with_metrics

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from headwater.monitoring.definitions.metric import MonitorMetric

__all__ = ["COMPARED_MODEL", "with_drift_metrics"]

COMPARED_MODEL: Final = "cmp_model_id"
"""Column of the model that a drift row is compared with: its own, or all models together (``'*'``)."""
_SIDES: Final = ("current_df", "base_df")


def with_drift_metrics(
    drifts: DataFrame,
    profiles: DataFrame,
    metrics: Sequence[MonitorMetric],
    parts: Sequence[Part],
    model_id_col: str | None,
) -> DataFrame:
    """Return rows of ``…_drift_metrics`` with a column per drift metric. No action; two joins.

    Parameters
    ----------
    drifts
        With the column `COMPARED_MODEL`, which is left out.
    profiles
        Rows of ``…_profile_metrics``: those of the windows compared, and those of the baseline.
    """
    from pyspark.sql import functions as F

    names = [name for name in drifts.columns if name != COMPARED_MODEL]
    consecutive = F.col("drift_type") == F.lit("CONSECUTIVE")
    windows: dict[str, Mapping[str, Column]] = {
        "current_df": {"log_type": F.lit("INPUT"), "window": F.col("window"), "granularity": F.col("granularity")},
        "base_df": {
            "log_type": F.when(consecutive, F.lit("INPUT")).otherwise(F.lit("BASELINE")),
            "window": F.col("window_cmp"),
            "granularity": F.when(consecutive, F.col("granularity")),
        },
    }
    models = {"current_df": model_id_col, "base_df": COMPARED_MODEL}
    wanted = profiles.where(F.col("column_name").isin(sorted({part.column for part in parts})))
    rows = drifts
    for side in _SIDES:
        beside = wanted.select(F.struct(*map(column, wanted.columns)).alias(side))
        keys = {**windows[side], **{name: F.col(name) for name in ("slice_key", "slice_value", "column_name")}}
        if model_id_col is not None:
            keys[model_id_col] = F.col(str(models[side]))
        same = [value.eqNullSafe(F.col(side)[name]) for name, value in keys.items()]
        rows = rows.join(beside, same, "left")
    with in_utc(drifts.sparkSession):
        found = with_metrics(rows, metrics, parts)
    return found.select(*map(column, names), *[metric.name for metric in metrics])
