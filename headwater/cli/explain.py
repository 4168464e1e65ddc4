"""``headwater explain``: an explanation as lines of text."""

from __future__ import annotations

import argparse

from headwater.cli.arguments import add_project
from headwater.outcome import DONE

__all__ = ["add_explain", "print_explanation"]


def add_explain(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Give the command line ``headwater explain``."""
    text = "Say of what rows an endpoint's prediction was made, and where they differ from the offline ones. Starts no Spark."
    parser = commands.add_parser("explain", help=text.partition(". ")[0], description=text, allow_abbrev=False)
    parser.add_argument(
        "request_id", help="id of a logged request: the answer's x-request-id, or its client_request_id"
    )
    parser.add_argument("--payload-table", default="", help="table of requests and answers (default: the project's)")
    add_project(parser)
    parser.set_defaults(command=_explain)


def _explain(given: argparse.Namespace) -> int:
    print_explanation(given.request_id, given.payload_table, given.project)
    return DONE


def print_explanation(request_id: str, payload_table: str = "", project: str = "") -> None:
    """Print a logged request, and each value that its predictions were made of."""
    from headwater.lakehouse import Settings
    from headwater.project import load_project
    from headwater.serving.explain import explain_request
    from headwater.training import use_store

    settings = Settings()
    use_store(settings)
    table = payload_table or load_project(project).payload_table
    explanation = explain_request(settings, table, request_id)
    line = explanation.line
    print(
        f"Request {line['databricks_request_id']} of {line['request_time']:%Y-%m-%d %H:%M:%S} UTC, by {line['served_entity_id']}"
    )
    print(f"Answer ({line['status_code']}, {line['execution_duration_ms']} ms): {line['response']}")
    row = None
    for one in explanation.values:
        if one.row != row:
            row = one.row
            print(f"Row {row}:")
        source = f" from {one.table} at version {one.version}" if one.table else ""
        time = f", row of {one.time:%Y-%m-%d %H:%M:%S}" if one.time is not None else ""
        print(f"  {one.feature} = {one.value!r} ({one.status}{source}{time})")
        if one.cause:
            print(f"    offline it is {one.offline!r}: {one.cause}")
    if not any(one.cause for one in explanation.values):
        print("Every value is the one that a training set would have for that time.")
