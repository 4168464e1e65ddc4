"""The command line's ``headwater notebook``."""

from __future__ import annotations

import argparse
import sys

__all__ = ["add_notebook"]


def add_notebook(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Give the command line ``notebook run``."""
    text = "Run Databricks notebooks on this machine."
    words = commands.add_parser("notebook", help=text, description=text, allow_abbrev=False)
    below = words.add_subparsers(title="commands", metavar="COMMAND", required=True)
    run = below.add_parser(
        "run",
        help="Run a notebook.",
        description="Run a notebook; exit with 0 if it ran or exited by itself, 1 if it failed, 2 for wrong usage.",
        allow_abbrev=False,
    )
    run.add_argument("file", help="notebook: Databricks source (.py, .sql) or .ipynb")
    run.add_argument(
        "--param", "-p", action="append", default=[], metavar="NAME=VALUE", help="a widget; may be repeated"
    )
    run.add_argument("--out", "-o", help="executed notebook to write: .ipynb or .html")
    run.add_argument("--job-run", default="", metavar="NAME", help="job run whose task values are shared")
    run.add_argument(
        "--task", default="", metavar="NAME", help="this task in the job run; default: the notebook's name"
    )
    run.add_argument("--install", action="store_true", help="let %%pip install change this environment")
    run.set_defaults(command=lambda given: _run(run, given))


def _run(parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
    from pathlib import Path

    from headwater.lakehouse import InvalidInputError
    from headwater.notebook.export.write import check_suffix, write_run
    from headwater.notebook.run import run_notebook

    for pair in given.param:
        if "=" not in pair:
            parser.error(f"argument --param: write name=value, found {pair!r}")
    file, out = Path(given.file), Path(given.out) if given.out else None
    if out is not None:
        try:
            check_suffix(out)
        except InvalidInputError as error:
            parser.error(f"argument --out: {error}")
    if not file.is_file():
        parser.error(f"there is no file {file}")
    params = dict(pair.split("=", 1) for pair in given.param)
    result = run_notebook(file, params, job_run=given.job_run, task=given.task, install=given.install, echo=sys.stdout)
    if out is not None:
        write_run(result, out)
    if result.error is not None:
        # The trace has the whole message; after it stands where that was.
        print(f"{result.error.trace}\n\nheadwater: {str(result.error).splitlines()[0]}", file=sys.stderr)
        return 1
    if result.exit_value is not None:
        print(result.exit_value)
    return 0
