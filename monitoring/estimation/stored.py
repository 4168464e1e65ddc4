"""Estimates as alerts read them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.monitoring.definitions.windows import time_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater.monitoring.definitions.monitor import Monitor

__all__ = ["StoredEstimate", "read_estimates"]


@dataclass(frozen=True)
class StoredEstimate:
    """A metric of a window and model: its estimate with its standard error, the reference, and the share of rows with a label."""

    metric: str
    estimated: float
    error: float
    reference: float
    coverage: float
    alert: bool


def read_estimates(
    spark: SparkSession, monitor: Monitor, granularity: str
) -> Mapping[tuple[dt.datetime, str], Mapping[str, StoredEstimate]]:
    """Return the estimates by start of the window (naive UTC) and model, by metric; none without the table.

    All windows of the granularity: a row for each metric.
    """
    if monitor.model_id_col is None or not lakehouse.table_exists(spark, monitor.estimates_table):
        return {}
    rows = lakehouse.read_table(spark, monitor.estimates_table).where(
        f"granularity = {lakehouse.literal(granularity)} AND estimated IS NOT NULL AND reference IS NOT NULL"
    )
    model = f"{lakehouse.quoted(monitor.model_id_col)} AS model"
    names = ("metric", "estimated", "standard_error", "reference", "coverage", "alert")
    found: dict[tuple[dt.datetime, str], dict[str, StoredEstimate]] = {}
    for row in rows.selectExpr("unix_micros(window.start) AS start", model, *names).collect():
        of = found.setdefault((time_of(row["start"]), row["model"]), {})
        of[row["metric"]] = StoredEstimate(*(row[name] for name in names))
    return found
