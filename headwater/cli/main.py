"""The command line: ``headwater``.

Exit codes: 0 done, 1 failed, 2 usage, 3 ran, but a gate refused.
"""

from __future__ import annotations

import datetime as dt
import inspect
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headwater import lakehouse
from headwater.jobs.registry import Job, all_jobs
from headwater.lakehouse.errors import HeadwaterError
from headwater.notebook.cli import app as notebook
from headwater.outcome import DONE, FAILED

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

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
    """Make sure that Java, Delta's jars and the compiled catalogs are there; fetch or make them if they are not."""
    java = lakehouse.ensure_java()
    jars = lakehouse.ensure_jars()
    lakehouse.ensure_classes(jars)
    print(f"Java: {java}\nDelta: {len(jars)} jars in {jars[0].parent}")


@app.command()
def doctor(
    tables: Annotated[
        list[str] | None, typer.Argument(help="Damaged tables, [catalog.]schema.table; none named: all.")
    ] = None,
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
        if (
            tables
            and damaged.name not in tables
            and damaged.name not in [f"{settings.catalog}.{name}" for name in tables]
        ):
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
def ui(port: Annotated[int, typer.Option(help="Port on this machine.")] = 5000) -> None:
    """Open the MLflow UI on the embedded store, until interrupted."""
    import subprocess

    from headwater.training import make_store

    settings = lakehouse.Settings()
    make_store(settings)
    print(f"MLflow on {settings.mlflow_tracking_uri}: http://127.0.0.1:{port}")
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", settings.mlflow_tracking_uri]
    raise typer.Exit(subprocess.run([*command, "--host", "127.0.0.1", "--port", str(port)], check=False).returncode)


@app.command()
def serve(
    model: Annotated[str, typer.Option(help="A registered model: models:/main.ml.m@champion.")] = "",
    feature_spec: Annotated[str, typer.Option(help="Or a feature spec of the catalog, by its full name.")] = "",
    shadow: Annotated[
        str, typer.Option(help="A second model that gets the same requests; its answers are logged.")
    ] = "",
    name: Annotated[str, typer.Option(help="The endpoint's name; default: the model's, dots as hyphens.")] = "",
    payload_table: Annotated[str, typer.Option(help="Inference table; default: the model's name and _payload.")] = "",
    trace_features: Annotated[bool, typer.Option(help="Keep looked-up values with each request.")] = False,
    sampling_fraction: Annotated[float, typer.Option(help="Share of the requests that are logged.")] = 1.0,
    host: Annotated[
        str, typer.Option(help="Address; more than this machine needs HEADWATER_SERVING_TOKENS.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.")] = 8080,
) -> None:
    """Answer the store's endpoints over HTTP until interrupted; starts no Spark.

    With a model or a feature spec, an endpoint of it is made or changed first.
    """
    from headwater.cli.serve import run_server

    run_server(
        model=model,
        feature_spec=feature_spec,
        shadow=shadow,
        name=name,
        payload_table=payload_table,
        trace_features=trace_features,
        sampling_fraction=sampling_fraction,
        host=host,
        port=port,
    )


@app.command()
def explain(
    request_id: Annotated[
        str, typer.Argument(help="Id of a logged request: the answer's x-request-id, or client_request_id.")
    ],
    payload_table: Annotated[str, typer.Option(help="Table of requests and answers; default: the project's.")] = "",
    project: Named = "",
) -> None:
    """Say of what rows an endpoint's prediction was made, and where they differ from the offline ones; starts no Spark."""
    from headwater.cli.explain import print_explanation

    print_explanation(request_id, payload_table, project)


def _add(job: Job) -> None:
    """Give the command line a job as a command."""

    def command(project: str = "", **options: Any) -> None:
        from headwater.project import load_project

        given = {
            name: value.replace(tzinfo=dt.UTC) if isinstance(value, dt.datetime) else value
            for name, value in options.items()
        }
        known = load_project(project)
        result = job.run(_session() if job.needs_spark else None, known, **given)
        print(f"{result.step}: {result.rows:,} rows in {result.seconds:.1f} s. {result.detail}")
        if result.code != DONE:
            raise typer.Exit(result.code)

    parameters = [
        inspect.Parameter(
            option.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if option.default is None else option.default,
            annotation=Annotated[
                option.kind, typer.Option(help=option.help, formats=_FORMATS if option.kind is dt.datetime else None)
            ],
        )
        for option in job.options
    ]
    parameters.append(inspect.Parameter("project", inspect.Parameter.KEYWORD_ONLY, default="", annotation=Named))
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    app.command(job.name, help=job.help)(command)


def _utc(value: Any) -> Any:
    return value.replace(tzinfo=dt.UTC) if isinstance(value, dt.datetime) else value


def _session() -> SparkSession:
    """Return the session that notebooks have: with Databricks' SQL and the catalog's functions."""
    from headwater.sql_session import session

    return session()


for _job in all_jobs().values():
    _add(_job)
