"""Writes outcomes that have become known to the rows that were scored."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.jobs.registry import AS_OF, START, Job
from headwater.outcome import JobResult

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater.project import Project

__all__ = ["JOB", "label"]


@lakehouse.faults_named()
def label(spark: SparkSession, project: Project, start: dt.datetime, as_of: dt.datetime) -> JobResult:
    """Give the rows scored from `start` less the project's label delay until `as_of` their labels, where known by then.

    Rows without a label are written, and those whose outcome was corrected since; run again, it changes nothing.
    """
    began = time.monotonic()
    if not lakehouse.table_exists(spark, project.inference_table.name):
        return JobResult("label", 0, time.monotonic() - began, "Nothing has been scored yet.")
    known = project.outcomes(spark, as_of)
    rows = project.inference_table.add_labels(known, start - project.label_delay, as_of)
    return JobResult("label", rows, time.monotonic() - began, f"known by {as_of:%Y-%m-%d}")


JOB = Job(
    "label", "Write the outcomes known by a time to the rows that were scored since start.", (START, AS_OF), label
)
