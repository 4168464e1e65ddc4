"""How answers are read: in whichever form probabilities, predictions and labels are written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headwater.monitoring.estimation.answers import answers_of, no_rows, rows_of, scored
from tests.monitoring.conftest import MONDAY, monitor_of

NAMES = ("barbera", "barolo", "grignolino")


def _read(spark, monitor, ddl, rows):
    df = spark.createDataFrame(
        [(MONDAY, "1", *row) for row in rows], f"prediction_time timestamp, model_version string, {ddl}"
    )
    answers = answers_of(df, df, monitor)
    return answers, rows_of(scored(df, monitor, answers, timeless=False).toArrow(), answers)


def test_classes_are_read_from_maps_arrays_and_single_probabilities(spark):
    monitor = monitor_of("main.no", slicing_exprs=(), baseline_table_name=None, exclude=())
    maps = [
        ("barolo", {"barolo": 0.7, "barbera": 0.2, "grignolino": 0.1}, "barbera"),
        ("grignolino", {"grignolino": 0.9, "barolo": 0.1}, None),
        ("barolo", None, "barolo"),
        ("merlot", {"barolo": 0.7, "barbera": 0.2, "grignolino": 0.1}, "merlot"),
    ]
    answers, rows = _read(spark, monitor, "prediction string, proba map<string,double>, late string", maps)
    assert (answers.kind, answers.classes) == ("multiclass", NAMES)
    assert rows.predictions.tolist() == [1.0, 2.0], (
        "a row without probabilities, and one of an unknown class, are left out"
    )
    np.testing.assert_array_equal(rows.labels, [0.0, np.nan])
    np.testing.assert_array_equal(rows.scores, [[0.2, 0.7, 0.1], [0.0, 0.1, 0.9]])

    arrays = [(2.0, [0.1, 0.2, 0.7], 1), (0.0, [0.5, 0.3, 0.2], None), (1.0, [0.5, 0.5], 0)]
    answers, rows = _read(spark, monitor, "prediction double, proba array<double>, late int", arrays)
    assert answers.classes == ("0", "1", "2")
    assert (rows.predictions.tolist(), len(rows)) == ([2.0, 0.0], 2)
    np.testing.assert_array_equal(rows.labels, [1.0, np.nan])

    single = [(1.0, 0.8, True), (0.0, 0.3, False), (1.0, float("nan"), True), (0.0, 1.5, None), (1.0, 0.6, None)]
    answers, rows = _read(spark, monitor, "prediction double, proba double, late boolean", single)
    assert (answers.kind, answers.classes[1]) == ("binary", "true")
    assert (rows.predictions.tolist(), rows.scores.tolist()) == ([1.0, 0.0, 1.0], [0.8, 0.3, 0.6])
    np.testing.assert_array_equal(rows.labels, [1.0, 0.0, np.nan])
    assert len(no_rows(answers)) == 0

    named = replace(monitor, kind=replace(monitor.kind, positive_class="late"))
    _, rows = _read(spark, named, "prediction string, proba double, late string", [("late", 0.8, "on time")])
    assert (rows.predictions.tolist(), rows.labels.tolist()) == ([1.0], [0.0])
