"""The result tables of a whole refresh, against pandas, SciPy and scikit-learn."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics

from headwater.monitoring.tables.schemas import drift_schema, profile_schema
from tests.monitoring.conftest import MONDAY, monitor_of, week

LAST = MONDAY + dt.timedelta(days=14)


@pytest.fixture(scope="module")
def profile(spark, world):
    return pd.DataFrame([r.asDict(recursive=True) for r in spark.table(monitor_of(world).profile_table).collect()])


@pytest.fixture(scope="module")
def drift(spark, world):
    return pd.DataFrame([r.asDict(recursive=True) for r in spark.table(monitor_of(world).drift_table).collect()])


def only(frame, **facts):
    for name, value in facts.items():
        found = frame.window.map(lambda w: w and w["start"]) if name == "start" else frame[name]
        frame = frame[found.isna()] if value is None else frame[found == value]
    assert len(frame) == 1, (facts, len(frame))
    return frame.iloc[0]


WHOLE = {"granularity": "1 week", "slice_key": None, "model_version": "*"}


def test_the_tables_have_the_published_columns_and_types(spark, world):
    monitor = monitor_of(world)
    for name, schema in ((monitor.profile_table, profile_schema), (monitor.drift_table, drift_schema)):
        expected = [(f.name, f.dataType.simpleString()) for f in schema("model_version")]
        assert [(f.name, f.dataType.simpleString()) for f in spark.table(name).schema] == expected


def test_there_is_one_row_per_window_slice_model_and_column(spark, world):
    keys = "window, granularity, log_type, slice_key, slice_value, model_version, column_name"
    table = monitor_of(world).profile_table
    assert spark.sql(f"SELECT 1 FROM {table} GROUP BY {keys} HAVING count(*) > 1").count() == 0
    drift_keys = keys.replace("log_type", "drift_type")
    assert (
        spark.sql(f"SELECT 1 FROM {monitor_of(world).drift_table} GROUP BY {drift_keys} HAVING count(*) > 1").count()
        == 0
    )


@pytest.mark.parametrize("name", ["delay", "wind", "seats"])
def test_a_profile_of_numbers_is_that_of_pandas(profile, weeks, name):
    rows = weeks[weeks.prediction_time >= LAST][name]
    values = rows.dropna().astype(float)
    row = only(profile, **WHOLE, start=LAST, column_name=name)
    nan = rows.map(lambda v: isinstance(v, float) and np.isnan(v)).sum()
    nulls = rows.map(lambda v: v is None).sum()
    assert (row["count"], row["num_nulls"], row["num_nan"]) == (len(rows) - nulls, nulls, nan)
    assert row["avg"] == pytest.approx(values.mean(), rel=1e-12)
    assert row["stddev"] == pytest.approx(values.std(), rel=1e-12)
    assert (row["min"], row["max"], row["median"]) == (values.min(), values.max(), values.median())
    assert len(row["quantiles"]) == 1000
    np.testing.assert_allclose(row["quantiles"], np.quantile(values, np.linspace(0, 1, 1000)), atol=1e-12)
    assert (row["num_zeros"], row["distinct_count"]) == ((values == 0).sum(), values.nunique())
    assert row["percent_null"] == pytest.approx(100 * nulls / len(rows))
    assert row["percent_nan"] == pytest.approx(100 * nan / len(rows))


def test_a_profile_of_strings_is_that_of_pandas(profile, weeks):
    rows = weeks[weeks.prediction_time >= LAST].carrier
    row = only(profile, **WHOLE, start=LAST, column_name="carrier")
    assert {i["item"]: i["count"] for i in row["frequent_items"]} == rows.value_counts().to_dict()
    assert [i["count"] for i in row["frequent_items"]] == sorted(rows.value_counts(), reverse=True)
    assert (row["min_length"], row["max_length"], row["avg_length"]) == (2.0, 2.0, 2.0)
    assert row["data_type"] == "string"
    assert np.isnan(row["avg"])


def test_the_table_row_has_all_rows_and_the_columns_with_values(profile):
    row = only(profile, **WHOLE, start=LAST, column_name=":table")
    assert row["count"] == 300
    assert row["data_type"] is None
    assert row["non_null_columns"] == sorted(
        ["delay", "wind", "steady", "carrier", "origin", "busy", "seats", "prediction", "proba", "late"]
    )


def test_slices_and_models_partition_the_rows_and_are_never_crossed(profile, weeks):
    rows = profile[(profile.column_name == ":table") & (profile.granularity == "1 week")]
    rows = rows[rows.window.map(lambda w: w["start"]) == LAST]
    last = weeks[weeks.prediction_time >= LAST]
    counts = rows[rows.model_version == "*"].set_index(["slice_key", "slice_value"], drop=False)["count"]
    assert counts["busy", "true"] == last.busy.sum()
    assert counts["seats > 150", "false"] == (last.seats <= 150).sum()
    assert {k[1]: v for k, v in counts.items() if k[0] == "origin"} == last.origin.value_counts().to_dict()
    models = rows[rows.slice_key.isna()].set_index("model_version")["count"]
    assert models["1"] + models["2"] == models["*"] == 300


def test_baseline_rows_have_no_window_and_no_granularity(profile, drift):
    rows = profile[profile.log_type == "BASELINE"]
    assert rows.window.isna().all()
    assert rows.granularity.isna().all()
    assert only(rows, slice_key=None, model_version="*", column_name=":table")["count"] == 2000
    assert drift[drift.drift_type == "BASELINE"].window_cmp.isna().all()


def test_drift_is_that_of_scipy(drift, weeks):
    last, base = weeks[weeks.prediction_time >= LAST], week(0, 2000, seed=99)
    row = only(drift, **WHOLE, start=LAST, column_name="delay", drift_type="CONSECUTIVE")
    before = weeks[(weeks.prediction_time >= LAST - dt.timedelta(days=7)) & (weeks.prediction_time < LAST)]
    exact = stats.ks_2samp(last.delay.astype(float), before.delay.astype(float), method="asymp")
    assert (row.ks_test["statistic"], row.ks_test["pvalue"]) == pytest.approx(tuple(exact), rel=1e-9)
    distance = stats.wasserstein_distance(last.delay.astype(float), before.delay.astype(float))
    assert row.wasserstein_distance == pytest.approx(distance, rel=1e-9)
    assert row.window_cmp["start"] == LAST - dt.timedelta(days=7)
    assert row.avg_delta == pytest.approx(last.delay.mean() - before.delay.mean())
    near = only(drift, **WHOLE, start=LAST, column_name="delay", drift_type="BASELINE")
    exact = stats.ks_2samp(last.delay.astype(float), base.delay.astype(float), method="asymp")
    assert near.ks_test["statistic"] == pytest.approx(exact.statistic, abs=2e-3)
    assert near.population_stability_index > 0.2
    steady = only(drift, **WHOLE, start=LAST, column_name="steady", drift_type="BASELINE")
    assert steady.population_stability_index < 0.2
    assert near.count_delta == 300 - 2000


def test_a_new_carrier_is_categorical_drift(drift):
    row = only(drift, **WHOLE, start=LAST, column_name="carrier", drift_type="BASELINE")
    assert row.chi_squared_test["pvalue"] < 1e-6
    assert row.tv_distance > 0.1
    assert row.ks_test is None
    first = only(drift, **WHOLE, start=MONDAY, column_name="carrier", drift_type="BASELINE")
    assert first.chi_squared_test["pvalue"] > 1e-3


def test_a_classifiers_prediction_and_label_are_categories(drift):
    for name in ("prediction", "late"):
        row = only(drift, **WHOLE, start=LAST, column_name=name, drift_type="CONSECUTIVE")
        assert row.js_distance < 0.2
        assert row.chi_squared_test["pvalue"] > 1e-3
        assert row.ks_test is None


def test_consecutive_drift_is_only_against_the_adjacent_window(drift):
    rows = drift[(drift.drift_type == "CONSECUTIVE") & (drift.granularity == "1 week")]
    gaps = rows.window.map(lambda w: w["start"]) - rows.window_cmp.map(lambda w: w["start"])
    assert set(gaps) == {pd.Timedelta(days=7)}
    first = drift[(drift.drift_type == "CONSECUTIVE") & (drift.granularity == "1 week")]
    assert MONDAY not in set(first.window.map(lambda w: w["start"]))


@pytest.mark.parametrize(("model", "busy"), [("*", None), ("1", None), ("2", True)])
def test_quality_is_that_of_scikit_learn(profile, weeks, model, busy):
    rows = weeks[(weeks.prediction_time >= LAST) & weeks.late.map(lambda v: v is not None)]
    rows = rows[(rows.model_version == model) | (model == "*")]
    key = WHOLE | {"model_version": model}
    if busy is not None:
        rows, key = rows[rows.busy == busy], key | {"slice_key": "busy", "slice_value": str(busy).lower()}
    row = only(profile, **key, start=LAST, column_name=":table")
    label, prediction, proba = rows.late.astype(int), rows.prediction.astype(int), rows.proba.astype(float)
    assert row.accuracy_score == pytest.approx(metrics.accuracy_score(label, prediction), rel=1e-9)
    assert row.log_loss == pytest.approx(metrics.log_loss(label, proba), rel=1e-9)
    auc = metrics.roc_auc_score(label, proba)
    assert row.roc_auc_score["one_vs_one"] == pytest.approx({"macro": auc, "weighted": auc}, rel=1e-9)
    assert row.roc_auc_score["one_vs_all"]["1"] == pytest.approx(auc, rel=1e-9)
    for name in ("precision", "recall", "f1_score"):
        score = getattr(metrics, f"{name.removesuffix('_score')}_score")
        for average in ("macro", "weighted"):
            assert row[name][average] == pytest.approx(score(label, prediction, average=average), rel=1e-9)
        by_class = score(label, prediction, average=None)
        assert row[name]["one_vs_all"] == pytest.approx({"0": by_class[0], "1": by_class[1]}, rel=1e-9)
    matrix = metrics.confusion_matrix(label, prediction)
    assert {(c["label"], c["prediction"]): c["count"] for c in row.confusion_matrix} == {
        (str(i), str(j)): matrix[i, j] for i in (0, 1) for j in (0, 1) if matrix[i, j]
    }


def test_fairness_stands_on_the_true_slice_of_a_boolean_expression(profile, weeks):
    rows = weeks[(weeks.prediction_time >= LAST) & weeks.late.map(lambda v: v is not None)]
    key = WHOLE | {"slice_key": "busy", "slice_value": "true"}
    row = only(profile, **key, start=LAST, column_name=":table")
    rates = [
        metrics.recall_score(r.late.astype(int), r.prediction.astype(int))
        for _, r in rows.groupby(rows.busy.astype(bool))
    ]
    assert dict(row.equal_opportunity)["1"] == pytest.approx(rates[1] - rates[0], rel=1e-9)
    shares = rows.prediction.astype(float).groupby(rows.busy.astype(bool)).mean()
    assert dict(row.statistical_parity)["1"] == pytest.approx(shares[True] - shares[False], rel=1e-9)
    assert only(profile, **key | {"slice_value": "false"}, start=LAST, column_name=":table").equal_opportunity is None


def test_the_queries_of_published_dashboards_run(spark, world):
    monitor = monitor_of(world)
    found = spark.sql(
        f"SELECT * FROM {monitor.profile_table} WHERE column_name=':table' AND slice_key IS NULL "
        "AND model_version != '*' AND log_type='INPUT' ORDER BY window DESC LIMIT 3"
    ).collect()
    assert len(found) == 3
    found = spark.sql(
        "SELECT window.start, precision.weighted, f1_score.weighted, roc_auc_score.one_vs_one.weighted, confusion_matrix "
        f"FROM {monitor.profile_table} WHERE column_name=':table' AND granularity='1 week' AND slice_key IS NULL"
    ).collect()
    assert all(row[3] > 0.5 for row in found)
    found = spark.sql(
        f"SELECT js_distance FROM {monitor.drift_table} "
        "WHERE column_name IN ('prediction','late') AND drift_type='CONSECUTIVE' AND granularity='1 week'"
    ).collect()
    assert found
    assert all(row[0] is not None for row in found)
    median = spark.sql(
        "SELECT element_at(quantiles, int((size(quantiles)+1)/2)), median "
        f"FROM {monitor.profile_table} WHERE column_name='delay' AND granularity='1 week' AND slice_key IS NULL"
    ).collect()
    assert all(row[0] == pytest.approx(row[1], abs=0.02) for row in median)
