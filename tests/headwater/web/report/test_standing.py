"""The first sentences of a report: is anything wrong, since when, how sure, and what to do."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from headwater.monitoring import AlertPolicy
from headwater.web.report.standing import standing, told_alerts


def _facts(*alerts, policy=True):
    columns = ["message", "state", "severity", "concerns", "since", "closed_at", "over_budget", "pvalue", "advice"]
    rows = [
        (f"{name} changed.", state, severity, concerns, pd.Timestamp("2013-12-02"), None, over, pvalue, "Look.")
        for name, state, severity, concerns, over, pvalue in alerts
    ]
    return SimpleNamespace(
        project=SimpleNamespace(alerts=AlertPolicy() if policy else None),
        incidents=pd.DataFrame(rows, columns=columns),
        decisions=pd.DataFrame({"retrain": [False]}),
    )


@pytest.mark.parametrize(
    ("alerts", "said"),
    [
        ([], ["Nothing is wrong: no alert is open."]),
        ([("x", "closed", "info", "drift", False, 0.01)], ["Nothing is wrong: no alert is open (1 alert so far"]),
        ([("x", "open", "info", "drift", True, 0.01)], ["Nothing is wrong: no alert is open (1 alert so far"]),
        (
            [("x", "open", "critical", "performance", False, 0.0), ("y", "open", "info", "drift", False, 0.01)],
            ["Something is wrong, since 2 December 2013: x changed. 1 other alert is open.",
             "is below 0.000001. What to do: Look."],
        ),
        (
            [("y", "open", "info", "drift", False, 0.0004)],
            ["Something changed, since 2 December 2013: y changed.", "is 0.0004. What to do: Look."],
        ),
        (
            [("rows", "open", "critical", "missing", False, 0.0)],
            ["Something is wrong, since 2 December 2013: rows changed.", "How sure: a fact, not an estimate. What to do: Look."],
        ),
    ],
)  # fmt: skip
def test_the_most_important_open_alert_is_told_first(alerts, said):
    found = standing(_facts(*alerts))
    assert len(found) == len(said)
    assert all(part in sentence for part, sentence in zip(said, found, strict=True))


def test_without_a_policy_nothing_is_told_of_incidents():
    alert = ("x", "open", "critical", "performance", False, 0.0)
    assert standing(_facts(alert, policy=False)) == []
    assert told_alerts(_facts(alert, policy=False)) == ""
    assert "x changed." in told_alerts(_facts(alert))
