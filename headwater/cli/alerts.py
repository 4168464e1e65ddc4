"""``headwater alerts list | ack | silence``: what the monitor tells, and what people did about it. Starts no Spark."""

from __future__ import annotations

import argparse
import datetime as dt
import getpass
from typing import TYPE_CHECKING, Any

from headwater.cli.arguments import add_project, utc_time
from headwater.outcome import DONE

if TYPE_CHECKING:
    from headwater.project import Project
    from headwater.web.report.tables import Store

__all__ = ["act", "add_alerts", "list_alerts"]


def add_alerts(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Give the command line ``headwater alerts``."""
    text = "List the monitor's alerts, acknowledge one, or silence its cause until a date. Starts no Spark."
    parser = commands.add_parser("alerts", help=text.partition(". ")[0], description=text, allow_abbrev=False)
    verbs = parser.add_subparsers(title="what to do", metavar="VERB", required=True)
    listed = verbs.add_parser("list", help="list open alerts, the most important first", allow_abbrev=False)
    listed.add_argument("--all", action="store_true", help="closed ones and those over the budget too")
    listed.set_defaults(command=_list)
    for verb, help_ in (
        ("ack", "acknowledge an alert: it stays open"),
        ("silence", "silence an alert until a date: it asks for no retraining until then"),
    ):
        acted = verbs.add_parser(verb, help=help_, allow_abbrev=False)
        acted.add_argument("alert", help="id of the alert, as `headwater alerts list` shows it")
        acted.add_argument("--note", default="", help="why, for others")
        if verb == "silence":
            acted.add_argument(
                "--until", required=True, type=utc_time, metavar="TIME", help="exclusive, UTC: 2024-01-31"
            )
        acted.set_defaults(command=lambda given, verb=verb: _act(given, verb))
        add_project(acted)
    add_project(listed)


def _open(name: str) -> tuple[Store, Project]:
    from headwater.lakehouse import InvalidInputError, Settings
    from headwater.project import load_project
    from headwater.web.report.tables import Store

    project = load_project(name)
    if project.alerts is None:
        raise InvalidInputError(
            f"The project {project.name} has no policy for alerts, so that each violation of a rule is a row of "
            f"{project.monitor.alerts_table}. Give it one: Project(…, alerts=monitoring.AlertPolicy())."
        )
    return Store(Settings()), project


def _list(given: argparse.Namespace) -> int:
    print("\n".join(list_alerts(*_open(given.project), every=given.all)))
    return DONE


def _act(given: argparse.Namespace, verb: str) -> int:
    store, project = _open(given.project)
    print(act(store, project, given.alert, verb, until=getattr(given, "until", None), note=given.note))
    return DONE


def list_alerts(store: Store, project: Project, *, every: bool = False) -> list[str]:
    """Return the alerts as lines of text; with `every`, closed ones and those over the budget too."""
    columns = ("incident_id", "state", "severity", "since", "over_budget", "message", "advice")
    rows = store.read(project.monitor.incidents_table, columns)
    done = _done(store, project)
    lines = []
    for row in rows.to_dict("records"):
        state = done.get(row["incident_id"], row["state"]) if row["state"] != "closed" else "closed"
        if every or (state != "closed" and not row["over_budget"]):
            budget = ", over the budget" if row["over_budget"] else ""
            lines += [
                f"{row['incident_id']} {row['severity']}, {state}{budget}: {row['message']}",
                f"    {row['advice']}",
            ]
    return lines or ["No alert is open."]


def _done(store: Store, project: Project) -> dict[str, str]:
    """Return the state by alert that people gave since the monitor ran last."""
    rows = store.read(project.monitor.actions_table, ("incident_id", "action", "until", "at"))
    found: dict[str, str] = {}
    for row in rows.sort_values("at").to_dict("records"):
        found[row["incident_id"]] = (
            "acknowledged" if row["action"] == "ack" else f"silenced until {row['until']:%Y-%m-%d}"
        )
    return found


def act(
    store: Store, project: Project, alert: str, action: str, *, until: dt.datetime | None = None, note: str = ""
) -> str:
    """Write down that an alert is acknowledged (``ack``) or silenced (``silence``) and return a sentence on it.

    Raises
    ------
    InvalidInputError
        If there is no such alert, or the monitor has not run yet.
    """
    import pyarrow as pa
    from deltalake import write_deltalake

    from headwater.lakehouse import InvalidInputError, known

    there = list(store.read(project.monitor.incidents_table, ("incident_id",))["incident_id"])
    if alert not in there:
        raise InvalidInputError(
            f"There is no alert {alert!r}. {known(alert, there)} See them: headwater alerts list --all"
        )
    table = store.open(project.monitor.actions_table)
    if table is None:
        raise InvalidInputError(f"{project.monitor.actions_table} is not there: run headwater monitor first.")
    moment = pa.timestamp("us", tz="UTC")
    kinds: dict[str, Any] = {"incident_id": pa.string(), "action": pa.string(), "until": moment, "who": pa.string()}
    schema = pa.schema([*kinds.items(), ("at", moment), ("note", pa.string())])
    who, at = getpass.getuser(), dt.datetime.now(dt.UTC)
    row = {"incident_id": alert, "action": action, "until": until, "who": who, "at": at, "note": note}
    write_deltalake(table, pa.Table.from_pylist([row], schema=schema), mode="append")
    return (
        f"{alert} is acknowledged by {who}."
        if until is None
        else f"{alert} is silenced until {until:%Y-%m-%d %H:%M} UTC."
    )
