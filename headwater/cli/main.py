"""The command line: ``headwater``.

Exit codes: 0 done, 1 failed, 2 usage, 3 ran, but a gate refused.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from headwater import lakehouse
from headwater.jobs.outcome import DONE, FAILED, JobResult
from headwater.lakehouse import HeadwaterError
from headwater.notebook.cli import app as notebook

if TYPE_CHECKING:
    from headwater.project import Project

__all__ = ["app", "main"]

app = typer.Typer(
    name="headwater",
    help="Feature store, training, scoring and drift monitoring on Spark, Delta Lake and MLflow.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(notebook)

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"]
Start = Annotated[dt.datetime, typer.Option("--start", formats=_FORMATS, help="Start of the interval, UTC, inclusive.")]
End = Annotated[dt.datetime, typer.Option("--end", formats=_FORMATS, help="End of the interval, UTC, exclusive.")]
AsOf = Annotated[dt.datetime, typer.Option("--as-of", formats=_FORMATS, help="What was known before this time, UTC.")]
Named = Annotated[str, typer.Option("--project", envvar="HEADWATER_PROJECT", help="Module that has the project.")]


def main() -> None:
    """Run the command line; errors of ours are one sentence, others a trace."""
    try:
        app()
    except HeadwaterError as error:
        print(f"headwater: {error}", file=sys.stderr)
        sys.exit(FAILED)


@app.command()
def setup() -> None:
    """Make sure that Java and Delta's jars are there; fetch them if they are not."""
    java = lakehouse.ensure_java()
    jars = lakehouse.ensure_jars()
    print(f"Java: {java}\nDelta: {len(jars)} jars in {jars[0].parent}")


@app.command()
def doctor(
    tables: Annotated[list[str] | None, typer.Argument(help="Damaged tables, schema.table; none named: all.")] = None,
    set_aside: Annotated[
        bool, typer.Option("--set-aside", help="Move damaged tables into the store's folder set-aside.")
    ] = False,
) -> None:
    """List damaged tables, and move them aside if asked to; 1 if some are left. Starts no Spark.

    A table that may be in the middle of its creation by another process is moved only if it is named.
    """
    settings = lakehouse.Settings()
    left = 0
    found = lakehouse.damaged_folders(settings.warehouse)
    for damaged in found:
        if tables and damaged.name not in tables and f"{settings.catalog}.{damaged.name}" not in tables:
            continue
        print(f"{damaged.name} is damaged: {damaged.reason} ({damaged.folder})")
        if not set_aside:
            left += 1
            print("  To move it out of the way: headwater doctor --set-aside. Then create it again.")
        elif damaged.may_be_in_flight and not tables:
            left += 1
            print(
                f"  It stays, since it changed {damaged.changed:.0f} s ago: headwater doctor --set-aside {damaged.name}"
            )
        else:
            to = lakehouse.set_damaged_aside(settings.home, damaged)
            print(f"  It is now in {to}: create the table again." if to else "  It stays: it is no longer damaged.")
    if not found:
        print(f"No table in {settings.warehouse} is damaged.")
    if left:
        raise typer.Exit(FAILED)


@app.command()
def land(start: Start, end: End, project: Named = "") -> None:
    """Bring in the raw rows that became known in the interval."""
    from headwater import jobs

    _run(project, lambda known: jobs.land(lakehouse.session(), known, _utc(start), _utc(end)))


@app.command()
def materialize(start: Start, end: End, project: Named = "") -> None:
    """Compute the feature tables for the interval."""
    from headwater import jobs

    _run(project, lambda known: jobs.materialize(lakehouse.session(), known, _utc(start), _utc(end)))


@app.command()
def train(
    start: Start,
    holdout: Annotated[dt.datetime, typer.Option(formats=_FORMATS, help="Start of the rows to judge on, UTC.")],
    end: End,
    reason: Annotated[str, typer.Option(help="Why; written into the run and the promotion log.")] = "",
    project: Named = "",
) -> None:
    """Train on the rows from start to holdout, judge on those from holdout to end, register, promote or refuse (3)."""
    from headwater import jobs
    from headwater.progress import say

    def job(known: Project) -> JobResult:
        spark = lakehouse.session()
        return jobs.train(spark, known, _utc(start), _utc(holdout), _utc(end), reason=reason, progress=say).job

    _run(project, job)


@app.command()
def score(start: Start, end: End, project: Named = "") -> None:
    """Score the rows of the interval with the champion, into the inference table."""
    from headwater import jobs

    _run(project, lambda known: jobs.score(lakehouse.session(), known, _utc(start), _utc(end)))


@app.command()
def label(start: Start, as_of: AsOf, project: Named = "") -> None:
    """Write the outcomes known by a time to the rows that were scored since start."""
    from headwater import jobs

    _run(project, lambda known: jobs.label(lakehouse.session(), known, _utc(start), _utc(as_of)))


@app.command()
def monitor(start: Start, end: End, project: Named = "") -> None:
    """Compute profile and drift for the windows of the interval, and raise alerts; 3 if one asks for a retraining."""
    from headwater import jobs

    _run(project, lambda known: jobs.monitor(lakehouse.session(), known, _utc(start), _utc(end)).job)


@app.command()
def report(project: Named = "", out: Annotated[str, typer.Option(help="File to write.")] = "") -> None:
    """Write the HTML report from the tables; starts no Spark."""
    from headwater.web.report import write_report

    _run(project, lambda known: write_report(lakehouse.Settings(), known, out))


@app.command()
def ui(port: Annotated[int, typer.Option(help="Port on this machine.")] = 5000) -> None:
    """Open the MLflow UI on the embedded store, until interrupted."""
    import subprocess

    from headwater.training import make_store

    settings = lakehouse.Settings()
    make_store(settings)
    print(f"MLflow on {settings.mlflow_tracking_uri}: http://127.0.0.1:{port}")
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", settings.mlflow_tracking_uri]
    raise typer.Exit(subprocess.run([*command, "--host", "127.0.0.1", "--port", str(port)], check=False).returncode)


def _run(project: str, job: Callable[[Project], JobResult]) -> None:
    from headwater.project import load_project

    result = job(load_project(project))
    print(f"{result.step}: {result.rows:,} rows in {result.seconds:.1f} s. {result.detail}")
    if result.code != DONE:
        raise typer.Exit(result.code)


def _utc(time: dt.datetime) -> dt.datetime:
    return time.replace(tzinfo=dt.UTC)
