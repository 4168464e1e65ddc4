"""Alerts: n of m windows, effect and significance together, written once; and the decision to retrain."""

from __future__ import annotations

import dataclasses
import datetime as dt
import time

import pytest

from headwater.monitoring import Threshold, default_rules, evaluate_alerts, should_retrain
from headwater.monitoring.alerts.alerts import _violations
from tests.monitoring.conftest import MONDAY, monitor_of

WEEK = dt.timedelta(days=7)
STARTS = [MONDAY + i * WEEK for i in (3, 2, 1, 0)]
PSI = Threshold(name="psi", metric="population_stability_index", op=">=", value=0.2, drift_type="BASELINE", n=2, m=3)


def rows(*values, p=1e-9, column="x"):
    """Give drift rows, the newest first; None is a window without rows."""
    facts = {
        "column_name": column,
        "slice_key": None,
        "slice_value": None,
        "model_id": "*",
        "drift_type": "BASELINE",
        "p": p,
    }
    return [
        {**facts, "window": {"start": start, "end": start + WEEK}, "population_stability_index": value}
        for start, value in zip(STARTS, values, strict=False)
        if value is not None
    ]


@pytest.mark.parametrize(
    ("values", "raised"),
    [
        ((0.3, 0.3, 0.0), True),
        ((0.3, 0.0, 0.3), True),
        ((0.3, 0.0, 0.0), False),
        ((0.0, 0.3, 0.3), False),
        ((None, 0.3, 0.3), False),
        ((0.3, None, 0.3), True),
        ((0.3, float("nan"), 0.1, 0.3), False),
    ],
)
def test_n_of_the_last_m_windows_violate_and_the_newest_one_does(values, raised):
    found = _violations(PSI, "1 week", STARTS[:3], rows(*values))
    assert bool(found) == raised
    if raised:
        assert (found[0].value, found[0].raised_at) == (0.3, STARTS[0] + WEEK)


def test_an_effect_must_also_be_significant_after_correction_for_all_columns():
    rule = dataclasses.replace(PSI, n=1, m=1, max_pvalue=0.05)
    assert _violations(rule, "1 week", STARTS[:1], rows(0.3, p=0.04))
    many = rows(0.3, p=0.04) + [row for i in range(20) for row in rows(0.0, p=0.5 + i / 50, column=f"c{i}")]
    assert not _violations(rule, "1 week", STARTS[:1], many)


def test_the_planted_drift_raises_alerts_once_each(spark, world):
    monitor = monitor_of(world)
    rules = default_rules(granularity="1 week", n=1, m=2)
    as_of = MONDAY + 3 * WEEK
    alerts = evaluate_alerts(spark, monitor, rules, as_of)
    assert {a.column_name for a in alerts if a.concerns == "drift"} == {"delay", "carrier"}
    assert {a.raised_at for a in alerts} == {as_of}
    first = sorted(map(repr, spark.table(monitor.alerts_table).collect()))
    assert len(first) == len(alerts)
    assert evaluate_alerts(spark, monitor, rules, as_of + dt.timedelta(days=3)) == alerts
    assert sorted(map(repr, spark.table(monitor.alerts_table).collect())) == first
    assert "delay" in next(a.message for a in alerts if a.column_name == "delay")
    assert not [a for a in evaluate_alerts(spark, monitor, rules, MONDAY + 2 * WEEK) if a.concerns == "drift"]
    assert not [
        a for a in evaluate_alerts(spark, monitor, default_rules(granularity="1 week"), as_of) if a.concerns == "drift"
    ]


def test_alerts_are_the_same_on_a_machine_and_in_a_session_of_new_york(spark, world, monkeypatch):
    monitor, rules, as_of = monitor_of(world), default_rules(granularity="1 week", n=1, m=2), MONDAY + 3 * WEEK
    written = f"SELECT unix_micros(window.start), unix_micros(raised_at), rule, value FROM {monitor.alerts_table} ORDER BY ALL"
    alerts = evaluate_alerts(spark, monitor, rules, as_of)
    rows = spark.sql(written).collect()
    assert alerts
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    try:
        assert evaluate_alerts(spark, monitor, rules, as_of) == alerts
        assert spark.sql(written).collect() == rows
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        monkeypatch.undo()
        time.tzset()


def test_a_quality_drop_against_the_baseline_is_a_reason_to_retrain(spark, world):
    better = Threshold(
        name="log loss", metric="log_loss", op=">=", value=-10.0, columns=(":table",), granularity="1 week",
        relative_to_baseline=True, concerns="performance", severity="critical",
    )  # fmt: skip
    alerts = evaluate_alerts(spark, monitor_of(world), [better], MONDAY + 3 * WEEK)
    assert {a.model_id for a in alerts} == {"1", "2"}  # and not once more for both together
    decision = should_retrain(alerts, model_id="2")
    assert decision.retrain
    assert "Log loss of model 2" in decision.reason


def test_drift_alone_is_no_reason_unless_asked_for():
    drifted = _violations(PSI, "1 week", STARTS[:3], rows(0.3, 0.3))
    assert not should_retrain(drifted).retrain
    assert "no loss of performance" in should_retrain(drifted).reason
    assert should_retrain(drifted, drifted_columns=1).retrain
    other = [dataclasses.replace(drifted[0], model_id="7", concerns="performance")]
    assert not should_retrain(other, model_id="8").retrain
    before = [dataclasses.replace(drifted[0], model_id="*", concerns="performance")]
    assert not should_retrain(before, model_id="8").retrain  # what its predecessors did
    broken = [dataclasses.replace(drifted[0], concerns="data")]
    assert "source" in should_retrain(broken).reason


def test_rules_that_do_not_fit_the_monitor_are_refused(spark, world):
    monitor = monitor_of(world)
    with pytest.raises(ValueError, match="name of its own"):
        evaluate_alerts(spark, monitor, [PSI, PSI], MONDAY)
    with pytest.raises(ValueError, match="the monitor has"):
        evaluate_alerts(spark, monitor, [dataclasses.replace(PSI, granularity="1 hour")], MONDAY)
