"""The report: one HTML file that opens offline, and the monthly figures for a README."""

from headwater.web.report.figures import monthly_figures, weekly_figures
from headwater.web.report.readme import figures_markdown, update_readme
from headwater.web.report.write import write_report

__all__ = ["figures_markdown", "monthly_figures", "update_readme", "weekly_figures", "write_report"]
