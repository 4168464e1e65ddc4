"""The report: one HTML file that opens offline, and the monthly figures for a README."""

from headwater.report.figures import monthly_figures, weekly_figures
from headwater.report.readme import figures_markdown, update_readme
from headwater.report.write import write_report

__all__ = ["figures_markdown", "monthly_figures", "update_readme", "weekly_figures", "write_report"]
