"""The watch: findings of the newest windows become incidents, the same when run again; what stays is not told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from headwater.monitoring import AlertPolicy, watch
from tests.monitoring.conftest import MONDAY, monitor_of

WEEK = timedelta(days=7)
POLICY = AlertPolicy(granularity="1 week", n=1, m=2)


@pytest.fixture(scope="module")
def incidents(spark, world):
    return watch(spark, monitor_of(world), POLICY, MONDAY + 3 * WEEK, cause_of=lambda _: "main.air.sensors")


def test_the_planted_drift_is_one_incident_of_its_source(incidents):
    drift = [one for one in incidents if one.concerns == "drift"]
    assert [one.cause for one in drift] == ["main.air.sensors"]
    assert set(drift[0].columns) == {"delay", "carrier"}
    assert drift[0].since == MONDAY + 2 * WEEK
    assert "delay: mean" in drift[0].message
    assert drift[0].state == "open"


def test_the_new_carrier_is_named(incidents):
    broken = next(one for one in incidents if one.concerns == "data")
    assert broken.kinds == ("new categories",)
    assert "ZZ" in broken.message


def test_a_watch_run_again_gives_the_same_tables(spark, world, incidents):
    monitor = monitor_of(world)
    tables = (monitor.findings_table, monitor.incidents_table, monitor.limits_table)
    before = [sorted(map(repr, spark.table(name).collect())) for name in tables]
    again = watch(spark, monitor, POLICY, MONDAY + 3 * WEEK, cause_of=lambda _: "main.air.sensors")
    assert again == incidents
    assert [sorted(map(repr, spark.table(name).collect())) for name in tables] == before


def test_a_week_without_rows_says_that_scoring_did_not_run(spark, world, incidents):
    later = watch(spark, monitor_of(world), POLICY, MONDAY + 4 * WEEK, cause_of=lambda _: "main.air.sensors")
    missing = next(one for one in later if one.concerns == "missing")
    assert missing.severity == "critical"
    assert missing.cause == "scoring"
    assert {one.incident_id for one in incidents} <= {one.incident_id for one in later}
