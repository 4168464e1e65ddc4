"""Writes what endpoints answered to the inference table."""

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

__all__ = ["JOB", "unpack"]


@lakehouse.faults_named()
def unpack(spark: SparkSession, project: Project, start: dt.datetime, end: dt.datetime) -> JobResult:
    """Write the scores that the project's endpoint gave in [start, end), UTC, to the table ``inference``, features too.

    They are read from the endpoint's table of requests and answers. The monitor and the labels then take them as they take a
    batch's. Run again, it changes nothing.
    """
    began = time.monotonic()
    if not lakehouse.table_exists(spark, project.payload_table):
        return JobResult("unpack", 0, time.monotonic() - began, f"no endpoint has written {project.payload_table} yet")
    rows, untraced = project.inference_table.add_served(spark, project.payload_table, start, end)
    note = f"; {untraced:,} requests have no feature values: serve with --trace-features" if untraced else ""
    return JobResult("unpack", rows, time.monotonic() - began, f"from {project.payload_table}{note}")


JOB = Job("unpack", "Write the endpoint's answers of the interval to the inference table.", (START, END), unpack)
