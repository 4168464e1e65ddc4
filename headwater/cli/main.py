"""The command line: ``headwater``.

Exit codes: 0 done, 1 failed, 2 usage, 3 ran, but a gate refused. Only what a command needs is imported, when it runs.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.cli.alerts import add_alerts
from headwater.cli.arguments import add_project, utc_time
from headwater.cli.explain import add_explain
from headwater.cli.models import add_models
from headwater.cli.serve import add_serve
from headwater.jobs.registry import Job, all_jobs
from headwater.lakehouse.errors import HeadwaterError
from headwater.notebook.cli import add_notebook
from headwater.outcome import DONE, FAILED, USAGE

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

    from headwater.lakehouse import Settings

__all__ = ["main", "make_parser"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; errors of ours are one sentence, others a trace.

    Parameters
    ----------
    arguments
        The words after ``headwater``; None: the process's.
    """
    parser = make_parser()
    given = sys.argv[1:] if arguments is None else list(arguments)
    if not given:
        parser.print_help()
        sys.exit(USAGE)
    parsed = parser.parse_args(given)
    try:
        code = parsed.command(parsed)
    except Exception as error:
        known = _known(error)
        if known is None:
            raise
        print(f"headwater: {known}", file=sys.stderr)
        code = FAILED
    sys.exit(code)


def _known(error: Exception) -> Exception | None:
    """Return the error if it is ours, or what is known of it; None of any other."""
    if isinstance(error, HeadwaterError):
        return error
    from headwater import lakehouse

    return lakehouse.fault_of(error)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; what it parsed has the function to call as `command`, which returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="headwater",
        description="Feature store, training, scoring and drift monitoring on Spark, Delta Lake and MLflow.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    setup = _command(
        commands, "setup", "Make sure that Java, Delta's jars and the compiled catalogs are there; fetch or make them."
    )
    setup.set_defaults(command=_setup)
    doctor = _command(
        commands,
        "doctor",
        "List damaged tables and files of tables, and move damaged tables aside if asked to; 1 if some are left. "
        "Starts no Spark. "
        "A table of which a file is missing or has another size than its log says is not moved: it says how to mend it. "
        "A table that may be in the middle of its creation by another process is moved only if it is named.",
    )
    doctor.add_argument("tables", nargs="*", help="damaged tables, [catalog.]schema.table; none named: all")
    doctor.add_argument(
        "--set-aside", action="store_true", help="move damaged tables into the store's folder set-aside"
    )
    doctor.set_defaults(command=_doctor)
    ui = _command(commands, "ui", "Open the MLflow UI on the embedded store, until interrupted.")
    ui.add_argument("--port", type=int, default=5000, help="port on this machine (default: 5000)")
    ui.set_defaults(command=_ui)
    add_serve(commands)
    add_explain(commands)
    add_alerts(commands)
    add_models(commands)
    add_notebook(commands)
    for job in all_jobs().values():
        _add_job(commands, job)
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str
) -> argparse.ArgumentParser:
    return commands.add_parser(name, help=text.partition(". ")[0], description=text, allow_abbrev=False)


def _setup(_: argparse.Namespace) -> int:
    from headwater import lakehouse

    java = lakehouse.ensure_java()
    jars = lakehouse.ensure_jars()
    lakehouse.ensure_classes(jars)
    print(f"Java: {java}\nDelta: {len(jars)} jars in {jars[0].parent}")
    return DONE


def _doctor(given: argparse.Namespace) -> int:
    from headwater import lakehouse

    settings = lakehouse.Settings()
    named = {name.removeprefix(f"{settings.catalog}.") for name in given.tables or ()}
    left = _say_damaged_files(settings.warehouse, named) + _say_damaged_store(settings)
    found = lakehouse.damaged_folders(settings.warehouse)
    for damaged in found:
        if named and damaged.name.removeprefix(f"{settings.catalog}.") not in named:
            continue
        print(f"{damaged.name} is damaged: {damaged.reason} ({damaged.folder})")
        if not given.set_aside:
            left += 1
            print("  To move it out of the way: headwater doctor --set-aside. Then create it again.")
        elif damaged.may_be_in_flight and not given.tables:
            left += 1
            print(
                f"  It was not moved, since it changed {damaged.changed:.0f} s ago. "
                f"To move it: headwater doctor --set-aside {damaged.name}"
            )
        else:
            to = lakehouse.set_damaged_aside(settings.home, damaged)
            print(
                f"  It is now in {to}: create the table again."
                if to
                else "  It was not moved: it is no longer damaged."
            )
    if not found and not left:
        print(f"No table in {settings.warehouse} is damaged.")
    return FAILED if left else DONE


def _say_damaged_files(warehouse: Path, named: set[str]) -> int:
    """Print the files of the named tables, or of all, that are missing or cut short; return how many."""
    from headwater import lakehouse

    said = 0
    for schema in lakehouse.schema_folders(warehouse):
        for folder in sorted(log.parent for log in schema.path.glob("*/_delta_log")):
            if not named or lakehouse.name_of_folder(folder) in named:
                faults = lakehouse.damaged_files(folder)
                said += len(faults)
                print(*faults, sep="\n", end="\n" if faults else "")
    return said


def _say_damaged_store(settings: Settings) -> int:
    """Print what is wrong with MLflow's database, if something is that cannot be mended by opening it; return how much."""
    if settings.tracking_uri or not (settings.home / "mlflow.db").exists():
        return 0
    from headwater.training import TrackingStoreError, use_store

    try:
        use_store(settings)
    except TrackingStoreError as error:
        print(error)
        return 1
    return 0


def _ui(given: argparse.Namespace) -> int:
    import subprocess

    from headwater import lakehouse
    from headwater.training import make_store

    settings = lakehouse.Settings()
    make_store(settings)
    print(f"MLflow on {settings.mlflow_tracking_uri}: http://127.0.0.1:{given.port}")
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", settings.mlflow_tracking_uri]
    return subprocess.run([*command, "--host", "127.0.0.1", "--port", str(given.port)], check=False).returncode


def _add_job(commands: argparse._SubParsersAction[argparse.ArgumentParser], job: Job) -> None:
    """Give the command line a job as a command."""
    parser = _command(commands, job.name, job.help)
    for option in job.options:
        parser.add_argument(
            f"--{option.name.replace('_', '-')}",
            type=utc_time if option.kind is dt.datetime else option.kind,
            required=option.default is None,
            default=option.default,
            metavar="TIME" if option.kind is dt.datetime else None,
            help=option.help,
        )
    add_project(parser)
    parser.set_defaults(command=lambda given: _run_job(job, given))


def _run_job(job: Job, given: argparse.Namespace) -> int:
    from headwater.project import load_project

    project = load_project(given.project)
    options = {option.name: getattr(given, option.name) for option in job.options}
    result = job.run(_session() if job.needs_spark else None, project, **options)
    print(f"{result.step}: {result.rows:,} rows in {result.seconds:.1f} s. {result.detail}")
    return result.code


def _session() -> SparkSession:
    """Return the session that notebooks have: with Databricks' SQL and the catalog's functions."""
    from headwater.sql_session import session

    return session()
