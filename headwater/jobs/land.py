"""Brings raw rows in, for a project whose data does not come by itself."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.jobs.registry import END, START, Job
from headwater.outcome import JobResult

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater.project import Project

__all__ = ["JOB", "land"]


@lakehouse.faults_named()
def land(spark: SparkSession, project: Project, start: dt.datetime, end: dt.datetime) -> JobResult:
    """Land the raw rows that became known in [start, end), UTC.

    Raises
    ------
    InvalidInputError
        The project has no ``land``: its rows come by other ways.
    """
    if project.land is None:
        raise lakehouse.InvalidInputError(
            f"The project {project.name} lands no rows itself: its source tables are written elsewhere."
        )
    began = time.monotonic()
    rows = project.land(spark, start, end)
    return JobResult("land", rows, time.monotonic() - began, f"{start:%Y-%m-%d} to {end:%Y-%m-%d}")


JOB = Job("land", "Bring in the raw rows that became known in the interval.", (START, END), land)
