"""Writes the report."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

from headwater.lakehouse import Settings, replace_file
from headwater.outcome import JobResult
from headwater.project import Project
from headwater.web.report.facts import gather
from headwater.web.report.page import page

__all__ = ["write_report"]


def write_report(settings: Settings, project: Project, out: str = "") -> JobResult:
    """Write the project's report as one HTML file of about 5 MB that opens offline.

    It is read from the Delta tables and MLflow's store, without Spark, at any time: what is not there yet is said in the
    report. The file is replaced as a whole or not at all.

    Parameters
    ----------
    out
        Where to write; empty: ``reports/<project>.html`` in the settings' home.

    Returns
    -------
    JobResult
        `rows` is the number of charts.
    """
    began = time.monotonic()
    path = Path(out) if out else settings.home / "reports" / f"{project.name}.html"
    text = page(gather(settings, project), written=f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC")
    replace_file(path, text)
    return JobResult("report", text.count('<figure class="chart">'), time.monotonic() - began, f"Report: {path}")
