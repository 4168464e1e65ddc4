"""Inputs compared with the baseline as tables: planted drift is over the learnt threshold, and its column moved the scores."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError
from headwater.monitoring import compare_inputs, refresh
from tests.monitoring.conftest import MONDAY, as_spark, monitor_of, week

WEEK = dt.timedelta(days=7)


def _scored(frame):
    """The score follows delay alone."""
    delay = frame["delay"].astype(float)
    return frame.assign(proba=(1 / (1 + np.exp(-delay))).round(6), model_version="1")


@pytest.fixture(scope="module")
def compared(spark):
    schema = "main.t_compared"
    spark.sql(f"CREATE SCHEMA {schema}")
    baseline = pd.concat([week(number - 6, 400, seed=300 + number) for number in range(6)], ignore_index=True)
    as_spark(spark, _scored(baseline)).write.format("delta").saveAsTable(f"{schema}.baseline")
    live = pd.concat([week(number, 400) for number in range(3)], ignore_index=True)
    as_spark(spark, _scored(live)).write.format("delta").saveAsTable(f"{schema}.inference")
    monitor = monitor_of(schema, exclude=("flight_id",))
    monitor = monitor_of(schema, kind=type(monitor.kind)(**{**vars(monitor.kind), "granularities": ("1 week",)}))
    refresh(spark, monitor)
    assert compare_inputs(spark, monitor).windows == 3
    yield monitor
    spark.sql(f"DROP SCHEMA {schema} CASCADE")


def _tables(spark, monitor):
    found = []
    for name in (monitor.input_drift_table, monitor.score_changes_table):
        rows = lakehouse.read_table(spark, name).selectExpr("window.start AS start", "*").drop("window").toPandas()
        found.append(rows.sort_values([*rows.columns[:1], *rows.columns[4:7]], ignore_index=True))
    return found


def test_the_planted_drift_is_over_the_threshold_that_the_baseline_taught(spark, compared):
    drift, changes = _tables(spark, compared)
    assert drift["alert"].tolist() == [False, False, True]
    assert (drift["threshold"] == drift["threshold"].iloc[0]).all()
    assert 0.55 <= drift["threshold"].iloc[0] < drift["roc_auc"].iloc[2]
    third = changes[changes["start"] == MONDAY + 2 * WEEK]
    inputs = third[third["kind"] == "input"].set_index("column_name")["contribution"]
    moved = third["mean_score"].iloc[0] - third["baseline_mean_score"].iloc[0]
    assert moved > 0.2
    assert inputs.abs().idxmax() == "delay"
    assert inputs["delay"] == pytest.approx(moved, abs=0.03)
    assert inputs.sum() == pytest.approx(moved, abs=0.03)
    assert third["fidelity"].iloc[0] > 0.95
    assert {"carrier", "origin", "busy"} == set(third.loc[third["kind"] == "slice", "column_name"])


def test_run_again_the_tables_are_the_same_and_a_window_that_is_not_over_waits(spark, compared):
    before = _tables(spark, compared)
    assert compare_inputs(spark, compared, MONDAY, MONDAY + 3 * WEEK, as_of=MONDAY + 2 * WEEK).windows == 2
    for one, two in zip(before, _tables(spark, compared), strict=True):
        pd.testing.assert_frame_equal(one, two)
    with pytest.raises(InvalidInputError, match="is after end"):
        compare_inputs(spark, compared, MONDAY + WEEK, MONDAY)
    assert "no input to compare, or no row" in compare_inputs(spark, compared, MONDAY + 50 * WEEK).reason
