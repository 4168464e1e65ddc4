"""``headwater models``: registered models, their versions side by side, and the way back. Starts Spark for a log's row alone."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from headwater.cli.arguments import add_project
from headwater.outcome import DONE

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["add_models"]


def add_models(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Give the command line ``headwater models``."""
    text = "List registered models, compare versions, or make the previous champion champion again."
    parser = commands.add_parser("models", help=text, description=text, allow_abbrev=False)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listed = actions.add_parser("list", help="The models, or the versions of one, the newest first.")
    listed.add_argument("name", nargs="?", default="", help="a registered model (default: all)")
    listed.set_defaults(command=_list)

    compared = actions.add_parser("compare", help="Metrics and parameters of versions, a column each.")
    compared.add_argument("name", help="the registered model")
    compared.add_argument("versions", nargs="*", help="versions or aliases (default: champion challenger)")
    compared.set_defaults(command=_compare)

    back = actions.add_parser("rollback", help="Make the previous champion champion again.")
    back.add_argument("name", help="the registered model")
    back.add_argument("--reason", required=True, help="written into the version's description and the promotion log")
    add_project(back, "Module of the project whose promotion log gets a row, if the model is its own")
    back.set_defaults(command=_rollback)


def _client() -> MlflowClient:
    from headwater.lakehouse import Settings
    from headwater.training import use_store

    return use_store(Settings())


def _list(given: argparse.Namespace) -> int:
    client = _client()
    if given.name:
        from headwater.training import versions_of

        versions = versions_of(client, given.name)
        aliases = client.get_registered_model(given.name).aliases
        rows = [
            (
                str(one.version),
                ", ".join(alias for alias, version in aliases.items() if str(version) == str(one.version)),
                _time(one.creation_timestamp),
                (one.description or "").partition("\n")[0][:100],
            )
            for one in versions
        ]
        print(_table(("version", "aliases", "registered (UTC)", "status"), rows))
        return DONE
    import mlflow

    models = [
        (model.name, *(str(model.aliases.get(alias, "")) for alias in ("champion", "challenger", "previous_champion")))
        for model in mlflow.search_registered_models()  # all of them; the client gives a page of 100
    ]
    print(_table(("model", "champion", "challenger", "previous"), models) if models else "No model is registered.")
    return DONE


def _compare(given: argparse.Namespace) -> int:
    from headwater.training import version_named

    client = _client()
    asked = given.versions or ["champion", "challenger"]
    versions = [version_named(client, given.name, one) for one in asked]
    runs = [client.get_run(one.run_id).data if one.run_id else None for one in versions]
    names = [
        f"version {text}" if text == str(one.version) else f"{text} ({one.version})"
        for one, text in zip(versions, asked, strict=True)
    ]
    rows: list[tuple[str, ...]] = []
    for kind in ("metrics", "params"):
        found = [getattr(run, kind) if run is not None else {} for run in runs]
        keys = dict.fromkeys(key for one in found for key in sorted(one))
        rows += [(key, *(_shown(one.get(key)) for one in found)) for key in keys]
    print(_table(("", *names), rows))
    return DONE


def _rollback(given: argparse.Namespace) -> int:
    from headwater.lakehouse import Settings
    from headwater.project import load_project
    from headwater.training import rollback

    settings = Settings()
    table = None
    if given.project or settings.project:
        project = load_project(given.project)
        table = project.table("promotions") if project.model_name == given.name else None
    done = rollback(given.name, reason=given.reason, table=table, settings=settings)
    print(f"Version {done.version} of {done.model_name} is champion again, in place of version {done.previous}.")
    return DONE


def _shown(value: object) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _time(milliseconds: int) -> str:
    import datetime as dt

    return f"{dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC):%Y-%m-%d %H:%M}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
