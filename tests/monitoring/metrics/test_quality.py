"""Quality of several classes, of probabilities as map or array, and of regressions, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from headwater.monitoring import Monitor, MonitorInferenceLog, refresh

RNG = np.random.default_rng(2)
ROWS = 240


@pytest.mark.parametrize("form", ["map<string,double>", "array<double>"])
def test_three_classes_with_their_probabilities(spark, schema, form):
    raw = RNG.integers(1, 9, (ROWS, 3)).astype(float)
    proba = raw / raw.sum(axis=1, keepdims=True)
    label = np.array([RNG.choice(3, p=p) for p in proba])
    prediction = proba.argmax(axis=1)
    given = [dict(zip("012", p, strict=True)) if form.startswith("map") else p for p in proba.tolist()]
    rows = [(str(p), int(y), s) for p, y, s in zip(prediction, label, given, strict=True)]
    frame = spark.createDataFrame(rows, f"prediction string, label int, proba {form}")
    row = table_row(spark, schema, frame, "classification", prediction_proba_col="proba")
    names = [0, 1, 2]
    assert row.log_loss == pytest.approx(metrics.log_loss(label, proba, labels=names), rel=1e-9)
    for average in ("macro", "weighted"):
        expected = metrics.roc_auc_score(label, proba, multi_class="ovo", average=average)
        assert row.roc_auc_score.one_vs_one[average] == pytest.approx(expected, rel=1e-9)
        expected = metrics.precision_score(label, prediction, average=average)
        assert row.precision[average] == pytest.approx(expected, rel=1e-9)
    for name in names:
        expected = metrics.roc_auc_score(label == name, proba[:, name])
        assert row.roc_auc_score.one_vs_all[str(name)] == pytest.approx(expected, rel=1e-9)


def test_a_single_class_has_no_roc_area_and_a_class_never_predicted_precision_zero(spark, schema):
    rows = [("0", 1, 0.2), ("0", 1, 0.4), ("0", 1, None), ("1", None, 0.9)]
    frame = spark.createDataFrame(rows, "prediction string, label int, proba double")
    row = table_row(spark, schema, frame, "classification", prediction_proba_col="proba")
    assert row.roc_auc_score is None
    assert row.precision.one_vs_all == {"0": 0.0, "1": 0.0}
    assert row.log_loss == pytest.approx(-np.log([0.2, 0.4]).mean())
    assert sum(c["count"] for c in row.confusion_matrix) == 3


def test_a_regression(spark, schema):
    label = RNG.normal(5, 2, ROWS)
    prediction = label + RNG.normal(0, 1, ROWS)
    rows = [(float(p), float(y)) for p, y in zip(prediction, label, strict=True)]
    frame = spark.createDataFrame([*rows, (1.0, None), (float("nan"), 1.0)], "prediction double, label double")
    row = table_row(spark, schema, frame, "regression")
    squared = metrics.mean_squared_error(label, prediction)
    assert row.mean_squared_error == pytest.approx(squared, rel=1e-9)
    assert row.root_mean_squared_error == pytest.approx(squared**0.5, rel=1e-9)
    assert row.mean_average_error == pytest.approx(metrics.mean_absolute_error(label, prediction), rel=1e-9)
    expected = metrics.mean_absolute_percentage_error(label, prediction)
    assert row.mean_absolute_percentage_error == pytest.approx(expected, rel=1e-9)
    assert row.r2_score == pytest.approx(metrics.r2_score(label, prediction), rel=1e-9)
    assert row.accuracy_score is None


def table_row(spark, schema, frame, problem, **extra):
    frame.selectExpr("*", "TIMESTAMP '2013-10-07 12:00:00' AS t", "'m' AS model").write.format("delta").saveAsTable(
        f"{schema}.log"
    )
    kind = MonitorInferenceLog(
        problem_type=problem, timestamp_col="t", granularities=("1 day",), prediction_col="prediction",
        model_id_col="model", label_col="label", **extra,
    )  # fmt: skip
    monitor = Monitor(table_name=f"{schema}.log", output_schema=schema, kind=kind)
    refresh(spark, monitor)
    where = "column_name = ':table' AND model = 'm'"
    (row,) = spark.table(monitor.profile_table).where(where).collect()
    return row
