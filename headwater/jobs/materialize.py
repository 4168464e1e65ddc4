"""Computes the project's feature tables for an interval."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

from headwater import features, lakehouse
from headwater.jobs.registry import END, START, Job
from headwater.outcome import JobResult

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater.project import Project

__all__ = ["JOB", "materialize"]


@lakehouse.faults_named()
def materialize(spark: SparkSession, project: Project, start: dt.datetime, end: dt.datetime) -> JobResult:
    """Compute all feature groups for [start, end), UTC, side by side."""
    began = time.monotonic()
    done = features.materialize_all(spark, project.groups, start, end)
    detail = ", ".join(f"{one.table.rpartition('.')[2]} {one.rows:,}" for one in done)
    return JobResult("materialize", sum(one.rows for one in done), time.monotonic() - began, detail)


JOB = Job("materialize", "Compute the feature tables for the interval.", (START, END), materialize)
