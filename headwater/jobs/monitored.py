"""Logs what the monitor found of each version into the run that trained it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.conventions import MODEL_VERSION

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater.project import Project

__all__ = ["log_figures"]


def log_figures(spark: SparkSession, project: Project, start: dt.datetime, end: dt.datetime) -> int:
    """Log estimated and realised performance, coverage and input drift of the longest windows touched by [start, end).

    They are metrics ``monitor.<metric>.estimated``, ``monitor.<metric>.realised``, ``monitor.coverage`` and
    ``monitor.input_drift``, see :func:`headwater.training.log_monitored`. Returns how many were new or have changed.
    """
    from headwater.monitoring.definitions.windows import longest
    from headwater.training import MonitoredWindow, champion, log_monitored

    monitor, settings = project.monitor, lakehouse.settings_of(spark)
    if champion(project.model_name, settings=settings) is None or not lakehouse.table_exists(
        spark, monitor.estimates_table
    ):
        return 0
    granularity = lakehouse.literal(longest(project.granularities))
    within = (
        f"granularity = {granularity} AND window.end > TIMESTAMP '{lakehouse.sql_time(start)}' "
        f"AND window.start < TIMESTAMP '{lakehouse.sql_time(end)}'"
    )
    apart: dict[int, float] = {}
    if lakehouse.table_exists(spark, monitor.input_drift_table):
        rows = lakehouse.read_table(spark, monitor.input_drift_table).where(within)
        apart = {
            row["start"]: row["roc_auc"]
            for row in rows.selectExpr("unix_seconds(window.start) AS start", "roc_auc").collect()
        }
    names = ("unix_seconds(window.start) AS start", MODEL_VERSION, "metric", "estimated", "realised", "coverage")
    found: dict[tuple[int, str], dict[str, float]] = {}
    for row in lakehouse.read_table(spark, monitor.estimates_table).where(within).selectExpr(*names).collect():
        figures = found.setdefault((row["start"], row[MODEL_VERSION]), {"coverage": row["coverage"]})
        figures |= {f"{row['metric']}.{name}": row[name] for name in ("estimated", "realised") if row[name] is not None}
        if row["start"] in apart:
            figures["input_drift"] = apart[row["start"]]
    windows = [
        MonitoredWindow(version, dt.datetime.fromtimestamp(start, dt.UTC), figures)
        for (start, version), figures in sorted(found.items())
    ]
    return log_monitored(project.model_name, windows, settings=settings)
