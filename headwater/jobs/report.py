"""Writes the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.jobs.registry import Job, Option

if TYPE_CHECKING:
    from headwater.outcome import JobResult
    from headwater.project import Project

__all__ = ["JOB", "report"]


def report(_: None, project: Project, out: str = "") -> JobResult:
    """Write the project's HTML report from its tables and MLflow's store, see :func:`headwater.web.report.write_report`."""
    from headwater.lakehouse import Settings
    from headwater.web.report import write_report

    return write_report(Settings(), project, out)


JOB = Job(
    "report",
    "Write the HTML report from the tables; starts no Spark.",
    (Option("out", "File to write; by default in the store's folder reports.", default=""),),
    report,
    needs_spark=False,
)
