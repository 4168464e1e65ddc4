"""Profiles and drift are the same whether their states came to the driver or stayed on Spark."""

from __future__ import annotations

import importlib

import pandas as pd
import pytest

from headwater.lakehouse.threads import side_by_side
from headwater.monitoring import MonitorSnapshot, MonitorTimeSeries, refresh
from tests.monitoring.conftest import MONDAY, as_spark, monitor_of, week
from tests.monitoring.test_refresh import WEEK, contents, written

derive = importlib.import_module("headwater.monitoring.states.stored_states")
TIME_SERIES = MonitorTimeSeries(timestamp_col="prediction_time", granularities=("1 day", "1 week"))
MONITORS = {
    "slices, models and a baseline": {},
    "a baseline without labels or models": {"columns": ("delay", "carrier"), "slicing_exprs": ()},
    "no baseline": {"baseline_table_name": None, "slicing_exprs": ("busy",)},
    "a time series": {"kind": TIME_SERIES, "columns": ("delay", "wind", "carrier"), "slicing_exprs": ()},
    "snapshots": {"kind": MonitorSnapshot(), "columns": ("delay", "carrier"), "slicing_exprs": ("busy",)},
}


@pytest.mark.parametrize("name", MONITORS)
def test_few_states_and_many_give_the_same_tables(spark, schema, monkeypatch, name):
    monitor = monitor_of(schema, **MONITORS[name])
    baseline = as_spark(spark, week(0, 200, seed=99))
    if "without" in name:
        baseline = baseline.drop("late", "model_version")
    baseline.write.format("delta").saveAsTable(f"{schema}.baseline")
    rows = pd.concat([week(n, 120) for n in range(3)])
    as_spark(spark, rows).write.format("delta").saveAsTable(monitor.table_name)
    interval = (MONDAY + WEEK, MONDAY + 2 * WEEK)
    if isinstance(monitor.kind, MonitorSnapshot):
        refresh(spark, monitor)
        as_spark(spark, week(3, 50)).write.format("delta").mode("append").saveAsTable(monitor.table_name)
        interval = (None, None)
    tables = (monitor.profile_table, monitor.drift_table)
    refresh(spark, monitor)
    refresh(spark, monitor, *interval)
    few, commits = [contents(spark, table) for table in tables], [written(spark, table) for table in tables]
    assert all(few)
    monkeypatch.setattr(derive, "MOST", -1)
    refresh(spark, monitor, *interval)
    assert [contents(spark, table) for table in tables] == few
    refresh(spark, monitor)
    assert [contents(spark, table) for table in tables] == few
    assert [written(spark, table) for table in tables] == [n + 2 for n in commits]


def test_a_failure_of_each_of_two_jobs_side_by_side_is_told(spark):
    def fails(word: str) -> None:
        raise ValueError(word)

    with pytest.raises(ValueError, match="one") as caught:
        side_by_side(spark, lambda: fails("one"), lambda: fails("two"))
    assert "two" in caught.value.__notes__[0]
    with pytest.raises(ValueError, match="two"):
        side_by_side(spark, lambda: None, lambda: fails("two"))
