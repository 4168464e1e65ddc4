"""The command line's ``headwater notebook``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(name="notebook", help="Run Databricks notebooks on this machine.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="Notebook: Databricks source (.py, .sql) or .ipynb.")]
Param = Annotated[list[str] | None, typer.Option("--param", "-p", help="name=value of a widget; may be repeated.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Executed notebook to write: .ipynb or .html.")]
JobRunName = Annotated[str, typer.Option("--job-run", help="Name of the job run whose task values are shared.")]
Task = Annotated[str, typer.Option("--task", help="Name of this task in the job run; default: the notebook's.")]
Install = Annotated[bool, typer.Option("--install", help="Let %pip install change this environment.")]


@app.callback()
def _group() -> None:
    """Keep `run` a word of its own."""


@app.command()
def run(
    file: File,
    param: Param = None,
    out: Out = None,
    job_run: JobRunName = "",
    task: Task = "",
    install: Install = False,
) -> None:
    """Run a notebook; exit with 0 if it ran or exited by itself, 1 if it failed, 2 for wrong usage."""
    from headwater.lakehouse import InvalidInputError
    from headwater.notebook.export.write import check_suffix, write_run
    from headwater.notebook.run import run_notebook

    params = _pairs(param or [])
    if out is not None:
        try:
            check_suffix(out)
        except InvalidInputError as error:
            raise typer.BadParameter(str(error), param_hint="--out") from error
    if not file.is_file():
        raise typer.BadParameter(f"There is no file {file}.", param_hint="FILE")
    result = run_notebook(file, params, job_run=job_run, task=task, install=install, echo=sys.stdout)
    if out is not None:
        write_run(result, out)
    if result.error is not None:
        # The trace has the whole message; after it stands where that was.
        print(f"{result.error.trace}\n\nheadwater: {str(result.error).splitlines()[0]}", file=sys.stderr)
        raise typer.Exit(1)
    if result.exit_value is not None:
        print(result.exit_value)


def _pairs(given: list[str]) -> dict[str, str]:
    wrong = [one for one in given if "=" not in one]
    if wrong:
        raise typer.BadParameter(f"Write name=value, found {wrong[0]!r}.", param_hint="--param")
    return dict(one.split("=", 1) for one in given)
