"""The report: one HTML file that opens offline."""

from headwater.report.write import write_report

__all__ = ["write_report"]
