"""Estimates as tables: hidden labels, labels that come, are corrected twice, and models whose reference was replaced."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError
from headwater.monitoring import AlertPolicy, estimate_performance, refresh, watch
from headwater.monitoring.definitions.windows import Span
from headwater.monitoring.estimation import references as references_file
from headwater.monitoring.estimation.answers import answers_of, scored
from headwater.monitoring.estimation.binary import BinaryEstimator
from headwater.monitoring.estimation.estimator import Rows
from headwater.monitoring.estimation.references import estimators_of, references
from headwater.monitoring.estimation.windows import windows_of
from headwater.monitoring.states.columns import within
from tests.monitoring.conftest import MONDAY, as_spark, monitor_of, week

WEEK = dt.timedelta(days=7)
THIRD = MONDAY + 2 * WEEK


def _table(spark, monitor, **only):
    rows = lakehouse.read_table(spark, monitor.estimates_table).selectExpr("window.start AS start", "*").drop("window")
    found = rows.toPandas().sort_values(["granularity", "start", "model_version", "metric"], ignore_index=True)
    for name, value in only.items():
        found = found[found[name] == value]
    return found.reset_index(drop=True)


def _as_rows(frame):
    proba, label = (frame[name].astype(float).to_numpy() for name in ("proba", "late"))
    return Rows((proba > 0.5).astype(float), proba, label)


def _flipped(labels):
    return pd.Series([None if one is None else 1 - one for one in labels], dtype=object, index=labels.index)


@pytest.fixture(scope="module")
def hidden(spark):
    """Give the schema, and the pandas rows, of three weeks of which the third has no labels, after one estimate of all."""
    schema = "main.t_estimates"
    spark.sql(f"CREATE SCHEMA {schema}")
    weeks = [week(number) for number in range(3)]
    rows, baseline = pd.concat(weeks, ignore_index=True), week(0, 2000, seed=99)
    third = rows["flight_id"].str.startswith("2-")
    as_spark(spark, rows.assign(late=rows["late"].where(~third, None))).write.format("delta").saveAsTable(
        f"{schema}.inference"
    )
    as_spark(spark, baseline).write.format("delta").saveAsTable(f"{schema}.baseline")
    monitor = monitor_of(schema)
    refresh(spark, monitor)
    found = estimate_performance(spark, monitor)
    assert (found.windows, str(found)) == (8, "")  # three weeks and a month, of two models
    yield monitor, rows, baseline
    spark.sql(f"DROP SCHEMA {schema} CASCADE")


def test_estimates_stand_beside_realised_metrics_with_coverage_and_thresholds(spark, hidden):
    monitor, rows, baseline = hidden
    found = _table(spark, monitor, granularity="1 week")
    assert len(found) == 3 * 2 * 6
    for (start, model), part in found.groupby(["start", "model_version"]):
        number = round((start - MONDAY) / WEEK)
        own = rows[rows["flight_id"].str.startswith(f"{number}-") & (rows["model_version"] == model)]
        estimator = BinaryEstimator().fit(_as_rows(baseline[baseline["model_version"] == model]))
        window = _as_rows(own)
        expected, realised = estimator.estimates(estimator.state(window)), estimator.realised(window)
        for one in part.to_dict("records"):
            name = one["metric"]
            assert (one["estimated"], one["standard_error"]) == pytest.approx(
                (expected[name].value, expected[name].error), rel=1e-9
            )
            assert one["rows"] == len(own)
            assert one["lower_threshold"] < one["reference"] < one["upper_threshold"]
            if number < 2:
                assert one["realised"] == pytest.approx(realised[name], rel=1e-9)
                assert abs(one["realised"] - one["estimated"]) < 4 * one["standard_error"]
                assert one["labelled_rows"] == own["late"].notna().sum()
                assert one["coverage"] == one["labelled_rows"] / one["rows"]
            else:
                assert np.isnan(one["realised"])
                assert one["coverage"] == 0
    assert not found["alert"].any()


def test_many_rows_are_added_up_on_spark_to_the_same_windows(spark, hidden):
    monitor, _, _ = hidden
    df = lakehouse.read_table(spark, monitor.table_name)
    answers = answers_of(df, lakehouse.read_table(spark, monitor.baseline_table_name), monitor)
    estimators = estimators_of(spark, monitor, references(spark, monitor), ["1", "2"], answers)
    del estimators["2"]  # a model without a reference is counted
    spans = [Span.touched(name, MONDAY, MONDAY + 2 * WEEK) for name in monitor.granularities]
    rows = scored(within(df, monitor, spans), monitor, answers, timeless=False).repartition(3)
    few, many = (windows_of(rows, spans, estimators, answers, few=few) for few in (True, False))
    assert few.keys() == many.keys()
    assert {name for name, _, _ in few} == {"1 week", "1 month"}
    for key, window in few.items():
        assert (window.rows, window.labelled) == (many[key].rows, many[key].labelled)
        np.testing.assert_allclose(window.state, many[key].state, rtol=1e-9, atol=1e-9)


def test_labels_come_are_corrected_twice_and_the_model_is_replaced(spark, hidden):
    monitor, rows, baseline = hidden
    before = _table(spark, monitor)
    estimate_performance(spark, monitor, THIRD, THIRD + WEEK)
    pd.testing.assert_frame_equal(_table(spark, monitor), before)

    def shown(labels):
        frame = as_spark(spark, rows.assign(late=labels)).select("flight_id", "late")
        lakehouse.merge(frame, monitor.table_name, ["flight_id"])
        refresh(spark, monitor, THIRD, THIRD + WEEK)
        estimate_performance(spark, monitor, THIRD, THIRD + WEEK)
        return _table(spark, monitor)

    third = rows["flight_id"].str.startswith("2-")
    flipped = rows["late"].where(~third, _flipped(rows["late"]))
    first, corrected, again = shown(rows["late"]), shown(flipped), shown(rows["late"])
    keys = ["granularity", "start", "model_version", "metric"]
    for found in (first, corrected, again):
        assert not found.duplicated(keys).any()
        pd.testing.assert_frame_equal(found[[*keys, "estimated", "rows"]], before[[*keys, "estimated", "rows"]])
    pd.testing.assert_frame_equal(again, first)
    of_week = first[(first["start"] == THIRD) & (first["granularity"] == "1 week")]
    assert len(of_week) == 12
    assert (of_week["coverage"] > 0.8).all()
    assert ((of_week["realised"] - of_week["estimated"]).abs() < 4 * of_week["standard_error"]).all()
    worse = corrected.loc[of_week.index]
    area = of_week["metric"] == "roc_auc_score"
    np.testing.assert_allclose(worse.loc[area, "realised"], 1 - of_week.loc[area, "realised"])

    # Another model is judged: the references of the former ones stay.
    newer = baseline.assign(model_version="3", late=lambda frame: _flipped(frame["late"]))
    as_spark(spark, newer).write.format("delta").mode("overwrite").saveAsTable(monitor.baseline_table_name)
    estimate_performance(spark, monitor, THIRD, THIRD + WEEK)
    pd.testing.assert_frame_equal(_table(spark, monitor), first)
    stored = lakehouse.read_table(spark, monitor.references_table).toPandas()
    assert sorted(stored["model_id"]) == ["1", "2", "3"]


def test_what_cannot_be_estimated_says_why(spark, hidden, schema):
    monitor, _, baseline = hidden
    cases = {
        "is of no inference log with a label_col": replace(monitor, kind=replace(monitor.kind, label_col=None)),
        "has no baseline_table_name": replace(monitor, baseline_table_name=None),
        "has no prediction_proba_col": replace(monitor, kind=replace(monitor.kind, prediction_proba_col=None)),
    }
    for reason, of in cases.items():
        found = estimate_performance(spark, of)
        assert found.windows == 0
        assert reason in str(found)
    few = as_spark(spark, baseline.head(20))
    few.write.format("delta").saveAsTable(f"{schema}.few")
    found = estimate_performance(spark, replace(monitor, baseline_table_name=f"{schema}.few", output_schema=schema))
    assert f"{schema}.few has no model with 30 rows that have a prediction and a label" in str(found)
    with pytest.raises(InvalidInputError, match="is after end"):
        estimate_performance(spark, monitor, THIRD, MONDAY)
    assert json.loads(lakehouse.read_table(spark, monitor.references_table).first()["document"])["calibration"]
    assert references_file.FEWEST_ROWS == 30


def test_a_fall_is_told_before_labels_come_and_replaced_by_what_they_say(spark, schema):
    """Scores crowd around a half: the model tells flights apart less well, and probabilities that are right say so themselves."""
    monitor = monitor_of(schema, slicing_exprs=(), baseline_table_name=f"{schema}.baseline")
    monitor = replace(monitor, kind=replace(monitor.kind, granularities=("1 week",)))
    baseline = pd.concat([week(number - 8, 400, seed=200 + number) for number in range(8)], ignore_index=True)
    as_spark(spark, baseline.assign(model_version="1")).write.format("delta").saveAsTable(f"{schema}.baseline")
    rng, live = np.random.default_rng(5), pd.concat([week(number, 600) for number in range(3)], ignore_index=True)
    proba = rng.normal(0.5, 0.08, len(live)).clip(0, 1).round(2)
    truth = (rng.uniform(size=len(live)) < proba).astype(int)
    live = live.assign(proba=proba, prediction=(proba > 0.5).astype(float), model_version="1", late=None)
    as_spark(spark, live).write.format("delta").saveAsTable(monitor.table_name)
    policy = AlertPolicy(granularity="1 week", n=2, m=3)

    def told(as_of):
        refresh(spark, monitor, MONDAY, MONDAY + 3 * WEEK)
        estimate_performance(spark, monitor, MONDAY, MONDAY + 3 * WEEK)
        found = watch(spark, monitor, policy, as_of)
        return {one.concerns: one for one in found if "performance" in one.concerns}

    def label(labels):
        frame = as_spark(spark, live.assign(late=labels)).select("flight_id", "late")
        lakehouse.merge(frame, monitor.table_name, ["flight_id"])

    before = told(MONDAY + 3 * WEEK)
    assert list(before) == ["estimated performance"]
    one = before["estimated performance"]
    assert (one.severity, one.state, one.model_id) == ("warning", "open", "1")
    assert one.message.startswith(
        "Performance is estimated to have fallen in the window from 2013-10-07 on. Model 1: the ROC AUC is"
    )
    assert "0% of the rows have a label so far" in one.message
    label(truth)
    after = told(MONDAY + 3 * WEEK)
    assert list(after) == ["performance"], "the labels say that it fell"
    perfect = (proba > 0.5).astype(int)
    label(perfect)
    assert told(MONDAY + 3 * WEEK) == {}, "the labels say that it did not"
