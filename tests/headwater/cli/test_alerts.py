"""``headwater alerts``: open alerts are listed, and what people did about them is written down."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from headwater.cli.alerts import act, list_alerts
from headwater.cli.main import main
from headwater.lakehouse import InvalidInputError, Settings
from headwater.web.report.tables import Store

MOMENT = pa.timestamp("us", tz="UTC")
AT = dt.datetime(2013, 12, 2, tzinfo=dt.UTC)
PROJECT = SimpleNamespace(monitor=SimpleNamespace(incidents_table="air.incidents", actions_table="air.actions"))


@pytest.fixture
def store(tmp_path) -> Store:
    rows = [
        {"incident_id": name, "state": state, "severity": "info", "since": AT, "over_budget": over, "message": f"{name}!",
         "advice": "Look."}
        for name, state, over in (("a1", "open", False), ("b2", "closed", False), ("c3", "open", True))
    ]  # fmt: skip
    texts = [(name, pa.string()) for name in ("incident_id", "state", "severity", "message", "advice")]
    schema = pa.schema([*texts, ("since", MOMENT), ("over_budget", pa.bool_())])
    folder = tmp_path / "warehouse" / "air.db"
    write_deltalake(folder / "incidents", pa.Table.from_pylist(rows, schema=schema))
    names = [(name, pa.string()) for name in ("incident_id", "action", "who", "note")]
    write_deltalake(folder / "actions", pa.schema([*names, ("until", MOMENT), ("at", MOMENT)]).empty_table())
    return Store(Settings(home=tmp_path))


def test_open_alerts_are_listed_and_the_rest_on_demand(store):
    assert list_alerts(store, PROJECT) == ["a1 info, open: a1!", "    Look."]
    told = " ".join(list_alerts(store, PROJECT, every=True))
    assert "b2 info, closed" in told
    assert "c3 info, open, over the budget" in told


def test_an_alert_is_silenced_until_a_date_and_acknowledged(store):
    assert "silenced until 2014-01-01" in act(store, PROJECT, "a1", "silence", until=AT + dt.timedelta(days=30))
    assert "a1 info, silenced until 2014-01-01: a1!" in list_alerts(store, PROJECT)
    assert "acknowledged by" in act(store, PROJECT, "a1", "ack", note="known")
    assert "a1 info, acknowledged: a1!" in list_alerts(store, PROJECT)


def test_an_alert_that_is_not_there_is_an_error(store):
    with pytest.raises(InvalidInputError, match="There is no alert 'zz'"):
        act(store, PROJECT, "zz", "ack")


def test_a_project_without_a_policy_is_told_how_to_have_one(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["alerts", "list", "--project", "tests.end_to_end.drill.project"])
    assert ended.value.code == 1
    assert "Project(…, alerts=monitoring.AlertPolicy())" in capsys.readouterr().err
