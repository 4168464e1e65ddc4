"""Writes the report."""

from __future__ import annotations

from headwater.jobs.outcome import JobResult


def write_report(settings, project, out=""):
    return JobResult("report", 0, 0.0, "")
