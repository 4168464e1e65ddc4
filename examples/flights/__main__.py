"""Runs the flights project: ``python -m examples.flights``."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time

import pandas as pd

from examples.flights.demo import SERVED, Demo, totals
from examples.flights.project import MODEL, project
from headwater import lakehouse
from headwater.jobs import JobResult
from headwater.outcome import FAILED
from headwater.web.report import figures_markdown, monthly_figures, update_readme, write_report


def main() -> None:
    """Run the demo, then print what it did, how good the model is, and where to look."""
    parser = argparse.ArgumentParser(prog="python -m examples.flights", description=main.__doc__)
    parser.add_argument(
        "--step-days", type=int, default=7, help="days per step from October on (default: 7; 1 is live)"
    )
    parser.add_argument(
        "--readme", default="", help="also write the model's figures into this file, between its markers"
    )
    parser.add_argument(
        "--anew", action="store_true", help="start over, also if a demo was interrupted (default: go on from its step)"
    )
    arguments = parser.parse_args()
    began = time.monotonic()
    results = Demo(dt.timedelta(days=arguments.step_days), served=SERVED).run(anew=arguments.anew)
    settings = lakehouse.Settings()
    report = write_report(settings, project)
    results.append(("end", report))
    figures = monthly_figures(settings, project)
    if arguments.readme:
        update_readme(arguments.readme, figures_markdown(settings, project))
    _print(results, figures, time.monotonic() - began, report.detail)
    if any(result.code == FAILED for _, result in results):
        sys.exit(FAILED)


def _print(results: list[tuple[str, JobResult]], figures: pd.DataFrame, seconds: float, report: str) -> None:
    """Print the steps with their times and rows, the model's figures by month, and where to look."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"What was done, in {seconds / 60:.1f} minutes", title_justify="left")
    for name in ("step", "runs", "rows", "seconds"):
        table.add_column(name, justify="left" if name == "step" else "right")
    for name, often, rows, took in totals(results):
        table.add_row(name, str(often), f"{rows:,}", f"{took:.1f}")
    quality = Table(title="How good the model is", title_justify="left")
    for name in ("month", "predictor", "flights", "ROC AUC", "log loss", "calibration error"):
        quality.add_column(name, justify="left" if name in ("month", "predictor") else "right")
    for row in figures.to_dict("records"):
        measures = (f"{row[name]:.3f}" for name in ("roc_auc", "log_loss", "expected_calibration_error"))
        quality.add_row(str(row["month"]), str(row["predictor"]), f"{row['rows']:,}", *measures)
    console = Console()
    console.print(table)
    for _, result in results:
        if result.step == "serve":
            console.print(f"Served: {result.rows:,} flights, {result.detail}.")
    console.print(quality)
    console.print(
        f"{report}\nMLflow: .venv/bin/headwater ui, then open the experiment 'flights' and the model {MODEL}."
    )


if __name__ == "__main__":
    main()
