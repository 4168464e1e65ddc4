"""Profile rows with custom metrics: aggregates of the cell of each row, and what is derived from the row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from headwater.lakehouse import column, in_utc
from headwater.monitoring.metrics.custom.parts import Part, with_metrics

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from headwater.monitoring.definitions.metric import MonitorMetric

__all__ = ["with_profile_metrics"]

_PREFIX: Final = "__headwater_"
_SAME: Final = ("granularity", "window_index", "slice_key", "slice_value")


def with_profile_metrics(
    profiles: DataFrame,
    aggregated: DataFrame | None,
    metrics: Sequence[MonitorMetric],
    parts: Sequence[Part],
    model_id_col: str | None,
) -> DataFrame:
    """Return rows of ``…_profile_metrics`` with a column per aggregate and derived metric.

    Parameters
    ----------
    profiles
        With the ``window_index`` of each row, which is left out.
    metrics, parts
        The metrics that get a column, and those of their columns that get a value; a derived metric sees those before it.
    aggregated
        The aggregates by cell, of the aggregate parts in their order, see
        :func:`~headwater.monitoring.metrics.custom.aggregates.aggregates`; None if there is none.
    """
    from pyspark.sql import functions as F

    first = [part for part in parts if part.metric.type == "aggregate"]
    names = [name for name in profiles.columns if name != "window_index"]
    rows = profiles
    if aggregated is not None:
        renamed = aggregated.select(*[F.col(name).alias(f"{_PREFIX}{name}") for name in aggregated.columns])
        keys = {name: name for name in _SAME} | ({model_id_col: "model_id"} if model_id_col else {})
        same = [profiles[own].eqNullSafe(renamed[f"{_PREFIX}{key}"]) for own, key in keys.items()]
        rows = profiles.join(renamed, same, "left")
    at = {part: f"{_PREFIX}m{number}" for number, part in enumerate(first)}

    def aggregate(part: Part) -> Column:
        return F.col(at[part])

    of_cell = [metric for metric in metrics if metric.type == "aggregate"]
    rows = with_metrics(rows, of_cell, first, aggregate).select(*map(column, names), *[m.name for m in of_cell])
    with in_utc(profiles.sparkSession):
        return with_metrics(rows, [metric for metric in metrics if metric.type == "derived"], parts)
