"""Faults as they happen in production, each planted in the last two weeks of a stream: found, named, and none without a fault."""

from __future__ import annotations

import uuid
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from headwater import lakehouse
from headwater.monitoring import AlertPolicy, Monitor, MonitorInferenceLog, refresh, watch
from tests.monitoring.alerts import planted
from tests.monitoring.alerts.planted import END, FAULTY, FEATURES, HISTORY, SOURCES, START, WEEK

POLICY = AlertPolicy()
TYPES = {
    "at": "timestamp", "temp": "double", "wind": "double", "origin_delay": "double", "carrier_delay": "double",
    "carrier": "string", "origin": "string", "distance": "int", "hour": "int", "late": "int", "model_version": "string",
    "proba": "double", "prediction": "double",
}  # fmt: skip
LOG = MonitorInferenceLog(
    problem_type="classification", timestamp_col="at", granularities=("1 week",), prediction_col="prediction",
    prediction_proba_col="proba", model_id_col="model_version", label_col="late",
)  # fmt: skip


def as_spark(spark, frame: pd.DataFrame):
    """Give the rows to Spark, what is NaN as NULL, with predictions made of the scores."""
    frame = frame.assign(prediction=np.where(frame["proba"].isna(), np.nan, (frame["proba"] > 0.5).astype(float)))
    names = list(TYPES)
    rows = pa.Table.from_pandas(frame[names], preserve_index=False)
    return spark.createDataFrame(rows).selectExpr(
        *[f"cast({name} AS {kind}) AS {name}" for name, kind in TYPES.items()]
    )


@pytest.fixture(scope="module")
def rows():
    return planted.stream()


@pytest.fixture(scope="module")
def monitor(spark, rows):
    """Give a monitor whose baseline is the history, of which the last two weeks are the model's holdout, refreshed once."""
    schema = f"main.t_planted_{uuid.uuid4().hex[:6]}"
    spark.sql(f"CREATE SCHEMA {schema}")
    frame, _ = rows
    live = frame["at"] >= START + HISTORY * WEEK
    holdout = frame["at"] >= START + (HISTORY - 2) * WEEK
    history = frame[~live].assign(
        proba=frame["proba"].where(holdout), model_version=frame["model_version"].where(holdout)
    )
    as_spark(spark, history).write.format("delta").saveAsTable(f"{schema}.baseline")
    as_spark(spark, frame[live]).write.format("delta").saveAsTable(f"{schema}.inference")
    monitor = Monitor(
        table_name=f"{schema}.inference", output_schema=schema, kind=LOG, baseline_table_name=f"{schema}.baseline"
    )
    refresh(spark, monitor)
    yield monitor
    spark.sql(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture(scope="module")
def incidents(spark, rows, monitor):
    """Give a function that plants a fault in the last two weeks, runs the monitor's steps, and returns what people are told."""
    frame, sources = rows
    last = frame[frame["at"] >= FAULTY]

    @cache
    def of(fault=None):
        faulty = last
        if fault is not None:
            faulty = fault(last, sources)
            shown = fault is not planted.a_column_swapped_behind_the_log
            faulty = faulty.assign(proba=planted.score(faulty).round(6)) if shown else faulty
        lakehouse.replace_interval(as_spark(spark, faulty), monitor.table_name, "at", FAULTY, END)
        refresh(spark, monitor, FAULTY, END)
        return watch(spark, monitor, POLICY, END, cause_of=lambda name: SOURCES.get(name, name))

    return of


def test_without_a_fault_there_is_no_alert(incidents):
    assert incidents() == []


FOUND = [
    (planted.a_source_a_day_late, "data", "nulls", ["wind", "temp"], "main.air.weather"),
    (planted.a_source_a_day_late, "data", "repeats", ["wind", "temp"], "main.air.weather"),
    (planted.a_source_a_day_late, "drift", "values", ["temp"], "main.air.weather"),
    (planted.a_source_that_says_nothing_new, "data", "repeats", ["origin_delay"], "main.air.departures"),
    (planted.a_unit_changed, "drift", "values", ["temp"], "main.air.weather"),
    (planted.a_carrier_renamed, "data", "new categories", ["carrier"], "the requests"),
    (planted.a_tenth_without_a_value, "data", "nulls", ["origin_delay"], "main.air.departures"),
    (planted.a_column_swapped, "drift", "values", ["origin_delay"], "main.air.departures"),
    (planted.a_column_swapped, "drift", "values", ["carrier_delay"], "main.air.carrier_history"),
]
TOUCHED = {
    planted.a_source_a_day_late: {"temp", "wind"},
    planted.a_source_that_says_nothing_new: {"origin_delay"},
    planted.a_unit_changed: {"temp"},
    planted.a_carrier_renamed: {"carrier"},
    planted.a_tenth_without_a_value: {"origin_delay"},
    planted.a_column_swapped: {"origin_delay", "carrier_delay"},
    planted.a_column_swapped_behind_the_log: set(),
}


@pytest.mark.parametrize("fault", TOUCHED, ids=lambda fault: fault.__name__)
def test_a_fault_is_found_named_by_its_kind_and_put_down_to_its_columns_and_source(incidents, fault):
    told = incidents(fault)
    for concerns, kind, columns, cause in [one[1:] for one in FOUND if one[0] is fault]:
        (incident,) = [one for one in told if (one.concerns, one.cause) == (concerns, cause)]
        assert kind in incident.kinds
        assert set(incident.columns) == set(columns)
        for word in (*columns, cause):
            assert word in incident.message
        assert incident.since == FAULTY
        assert incident.state == "open"
        assert any(not one.over_budget for one in told if one.cause == cause)  # of several of one cause, the gravest
    blamed = {name for one in told for name in one.columns} & set(FEATURES)
    assert blamed == TOUCHED[fault]


def test_a_wrong_feature_costs_performance_and_the_alert_says_which_inputs_changed(incidents):
    lost = [one for one in incidents(planted.a_column_swapped) if one.concerns == "performance"]
    assert [one.model_id for one in lost] == ["1"]
    assert "these inputs changed too: " in lost[0].message
    assert "origin_delay" in lost[0].message
    assert "carrier_delay" in lost[0].message


def test_a_wrong_feature_behind_a_right_log_is_found_by_the_performance_and_no_input_is_blamed(incidents):
    told = incidents(planted.a_column_swapped_behind_the_log)
    lost = [one for one in told if one.concerns == "performance"]
    assert "no input changed: look at what the model is given" in lost[0].message
