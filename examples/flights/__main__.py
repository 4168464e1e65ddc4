"""Runs the flights project: ``python -m examples.flights``."""

from __future__ import annotations

import argparse
import datetime as dt
import time

import lakehouse
from examples.flights.demo import Demo, totals
from examples.flights.project import MODEL, project
from headwater.report import write_report


def main() -> None:
    """Run the demo, then print what it did, how good the model is, and where to look."""
    parser = argparse.ArgumentParser(prog="python -m examples.flights", description=main.__doc__)
    parser.add_argument(
        "--step-days", type=int, default=7, help="days per step from October on (default: 7; 1 is live)"
    )
    arguments = parser.parse_args()
    began = time.monotonic()
    results = Demo(dt.timedelta(days=arguments.step_days)).run()
    settings = lakehouse.Settings()
    report = write_report(settings, project)
    _print(results, time.monotonic() - began, report.detail)


def _print(results: list, seconds: float, report: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"What was done, in {seconds / 60:.1f} minutes", title_justify="left")
    for name in ("step", "runs", "rows", "seconds"):
        table.add_column(name, justify="left" if name == "step" else "right")
    for name, often, rows, took in totals(results):
        table.add_row(name, str(often), f"{rows:,}", f"{took:.1f}")
    console = Console()
    console.print(table)
    console.print(f"{report}\nMLflow: headwater ui   ({MODEL})")


if __name__ == "__main__":
    main()
