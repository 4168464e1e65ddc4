"""Rows read in process give the tables that Spark gives, whatever their types; what needs Spark's expressions stays on Spark."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pyarrow as pa
import pytest

from headwater import lakehouse
from headwater.monitoring import Monitor, MonitorInferenceLog, MonitorSnapshot, MonitorTimeSeries, refresh
from headwater.monitoring.inputs import in_process
from headwater.monitoring.inputs.in_process import open_in_process
from headwater.monitoring.inputs.on_spark import OnSpark
from headwater.monitoring.states.columns import profiled_columns
from tests.monitoring.conftest import MONDAY

ROWS = 4_500


def rows_of_every_type(spark, seed):
    """Rows of two weeks with every type that is read here, NULLs, NaNs and infinities among them."""
    drawn = np.random.default_rng(seed)

    def holes(values, type_=None, share=0.05):
        return pa.array(values, type_, mask=drawn.random(ROWS) < share)

    numbers = drawn.normal(size=ROWS)
    numbers[:40] = np.nan
    numbers[40:50], numbers[50:60], numbers[60:80] = np.inf, -np.inf, -0.0
    times = np.sort(drawn.integers(0, 14 * 86_400_000_000, ROWS)) + int(MONDAY.timestamp() * 1e6)
    late = drawn.random(ROWS) < 0.3
    scores = np.clip(late * 0.3 + drawn.random(ROWS) * 0.7, 0, 1).round(3)
    scores[5:9] = np.nan
    columns = {
        "time": holes(times, pa.timestamp("us", "UTC"), 0.01),
        "version": holes(drawn.choice(["1", "2"], ROWS)),
        "late": holes(late, share=0.2),
        "prediction": holes(late ^ (drawn.random(ROWS) < 0.2)),
        "score": holes(scores),
        "wide": holes(numbers),
        "real": holes(drawn.normal(size=ROWS).astype(np.float32)),
        "small": holes(drawn.integers(0, 5, ROWS), pa.int8()),
        "whole": holes(drawn.integers(-(2**60), 2**60, ROWS), pa.int64()),
        "constant": pa.array(np.ones(ROWS)),
        "nothing": pa.nulls(ROWS, pa.float64()),
        "carrier": holes(drawn.choice(["AA", "Ünïted", ""], ROWS)),
        "tail": holes([f"N{i}" for i in range(seed * 999, seed * 999 + ROWS)]),
        "stand": holes(drawn.integers(0, 130, ROWS), pa.int32()),
        "day": holes(drawn.integers(15_000, 15_600, ROWS).astype("int32"), pa.date32()),
        "booked": holes(times - drawn.integers(0, 10**12, ROWS), pa.timestamp("us", "UTC")),
        "photo": holes([b"x" * int(n) for n in drawn.integers(0, 9, ROWS)]),
        "parts": pa.array([{"a": 1}] * ROWS, mask=drawn.random(ROWS) < 0.1),
    }
    return spark.createDataFrame(pa.table(columns))


def monitor_of(name, kind, **options):
    schema = name.rpartition(".")[0]
    return Monitor(table_name=name, output_schema=schema, kind=kind, **options)


def in_both_forms(spark, monitor, monkeypatch, tables):
    """Return the results of a refresh in process, and of the same on Spark."""
    found = []
    for most in (in_process.MOST_ROWS, -1):
        for name in (monitor.profile_table, monitor.drift_table, monitor.histograms_table):
            if lakehouse.table_exists(spark, name):
                lakehouse.drop_table(spark, name)
        with monkeypatch.context() as within:
            within.setattr(in_process, "MOST_ROWS", most)
            refresh(spark, monitor)
        found.append({name: spark.table(name).toArrow().to_pylist() for name in tables(monitor)})
    return found


def result_tables(monitor):
    return (monitor.profile_table, monitor.drift_table)


def is_read_in_process(spark, monitor):
    df = lakehouse.read_table(spark, monitor.table_name)
    version = lakehouse.newest_version(spark, monitor.table_name)
    rows = OnSpark(df, monitor, profiled_columns(df, monitor), (), timeless=True, version=version)
    return not isinstance(open_in_process(spark, monitor.table_name, rows), str)


def same(one, two):
    if isinstance(one, float) and isinstance(two, float):
        return math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-12) or (math.isnan(one) and math.isnan(two))
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(two, (list, tuple)):
        return len(one) == len(two) and all(map(same, one, two))
    return one == two


KEY = (
    "log_type",
    "granularity",
    "window",
    "slice_key",
    "slice_value",
    "version",
    "time",
    "model_id",
    "column_name",
    "drift_type",
)


def assert_same_tables(one, two):
    assert all(rows for name, rows in one.items() if not name.endswith("drift_metrics"))
    for name in one:
        ordered = [
            sorted(rows, key=lambda row: repr([row.get(part) for part in KEY])) for rows in (one[name], two[name])
        ]
        assert len(ordered[0]) == len(ordered[1])
        for row, other in zip(*ordered, strict=True):
            differing = {key: (row[key], other[key]) for key in row if not same(row[key], other[key])}
            assert not differing, (name, {part: row.get(part) for part in KEY}, differing)


@pytest.mark.parametrize("boolean", [True, False], ids=["classes as booleans", "classes as numbers and texts"])
def test_every_type_slice_and_model_gives_the_tables_that_spark_gives(spark, schema, monkeypatch, boolean):
    df, baseline = rows_of_every_type(spark, 1), rows_of_every_type(spark, 2).drop("parts")
    if not boolean:  # a label of 1.0 and 0.0, and predictions '1' and '0': one class each
        df = df.selectExpr(
            "* EXCEPT (late, prediction)",
            "CAST(late AS DOUBLE) late",
            "CAST(CAST(prediction AS INT) AS STRING) prediction",
        )
        baseline = baseline.selectExpr(
            "* EXCEPT (late, prediction)",
            "CAST(late AS DOUBLE) late",
            "CAST(CAST(prediction AS INT) AS STRING) prediction",
        )
    df.write.format("delta").saveAsTable(f"{schema}.every")
    baseline.write.format("delta").saveAsTable(f"{schema}.every_baseline")
    log = MonitorInferenceLog(
        problem_type="classification", timestamp_col="time", granularities=("1 week", "1 month"),
        prediction_col="prediction", model_id_col="version", label_col="late", prediction_proba_col="score",
    )  # fmt: skip
    monitor = monitor_of(
        f"{schema}.every", log, baseline_table_name=f"{schema}.every_baseline",
        slicing_exprs=("`carrier`", "late") if boolean else (),
        columns=None if boolean else ("carrier",),
    )  # fmt: skip
    assert is_read_in_process(spark, monitor)
    assert_same_tables(*in_both_forms(spark, monitor, monkeypatch, result_tables))


@pytest.mark.parametrize("form", ["map", "array"])
def test_probabilities_of_many_classes_give_the_quality_that_spark_gives(spark, schema, monkeypatch, form):
    drawn = np.random.default_rng(3)
    labels = drawn.integers(0, 3, 900)
    scores = drawn.dirichlet([1, 1, 1], 900)
    maps = [
        None if i % 50 == 0 else {str(k): float(p) for k, p in enumerate(row) if i % 7 or k < 2}
        for i, row in enumerate(scores)
    ]
    arrays = [None if i % 50 == 0 else row.tolist() for i, row in enumerate(scores)]
    table = pa.table({
        "time": pa.array(drawn.integers(0, 10**12, 900), pa.timestamp("us", "UTC")),
        "version": ["1"] * 900,
        "kind": pa.array(labels, mask=drawn.random(900) < 0.1),
        "prediction": pa.array(scores.argmax(axis=1).astype(float)),
        "p": pa.array(maps, pa.map_(pa.string(), pa.float64())) if form == "map" else pa.array(arrays, pa.list_(pa.float64())),
    })  # fmt: skip
    spark.createDataFrame(table).write.format("delta").saveAsTable(f"{schema}.kinds")
    log = MonitorInferenceLog(
        problem_type="classification", timestamp_col="time", granularities=("1 week",), prediction_col="prediction",
        model_id_col="version", label_col="kind", prediction_proba_col="p",
    )  # fmt: skip
    monitor = monitor_of(f"{schema}.kinds", log, columns=("prediction",))
    assert is_read_in_process(spark, monitor)
    one, two = in_both_forms(spark, monitor, monkeypatch, result_tables)
    assert_same_tables(one, two)
    assert any(row["roc_auc_score"] for row in one[monitor.profile_table])


def test_columns_may_have_the_names_that_rows_are_prepared_under(spark, schema, monkeypatch):
    renamed = ("time AS model", "version AS time", "wide AS s0", "real AS c0", "small AS score")
    rows_of_every_type(spark, 6).selectExpr(*renamed).write.format("delta").saveAsTable(f"{schema}.names")
    log = MonitorInferenceLog(
        problem_type="regression", timestamp_col="model", granularities=("1 month",), prediction_col="c0",
        model_id_col="time", label_col="s0",
    )  # fmt: skip
    monitor = monitor_of(f"{schema}.names", log, slicing_exprs=("score",))
    assert is_read_in_process(spark, monitor)
    one, two = in_both_forms(spark, monitor, monkeypatch, result_tables)
    assert_same_tables(one, two)
    assert any(row["mean_average_error"] for row in one[monitor.profile_table])


def test_regressions_series_and_snapshots_give_the_tables_that_spark_gives(spark, schema, monkeypatch):
    rows_of_every_type(spark, 4).write.format("delta").saveAsTable(f"{schema}.numbers")
    log = MonitorInferenceLog(
        problem_type="regression", timestamp_col="time", granularities=("1 week",), prediction_col="real",
        model_id_col="version", label_col="wide",
    )  # fmt: skip
    few = ("real", "wide", "tail", "carrier")
    for kind in (log, MonitorTimeSeries(timestamp_col="day", granularities=("1 year",)), MonitorSnapshot()):
        monitor = monitor_of(f"{schema}.numbers", kind, columns=few, slicing_exprs=("small",))
        assert is_read_in_process(spark, monitor)
        assert_same_tables(*in_both_forms(spark, monitor, monkeypatch, result_tables))


def test_of_a_slice_with_many_values_the_hundred_most_frequent_are_those_that_spark_keeps(spark, schema, monkeypatch):
    rows_of_every_type(spark, 5).write.format("delta").saveAsTable(f"{schema}.stands")
    log = MonitorInferenceLog(
        problem_type="classification", timestamp_col="time", granularities=("1 month",), prediction_col="prediction",
        model_id_col="version", label_col="late",
    )  # fmt: skip
    monitor = monitor_of(f"{schema}.stands", log, columns=("carrier",), slicing_exprs=("stand",))
    one, two = in_both_forms(spark, monitor, monkeypatch, result_tables)
    assert_same_tables(one, two)
    whole = [row for row in one[monitor.profile_table] if row["column_name"] == ":table" and row["version"] == "*"]
    assert sorted({row["slice_value"] is None for row in whole}) == [False, True]
    assert len({row["slice_value"] for row in whole}) == 101


def test_what_needs_sparks_expressions_or_casts_is_read_by_spark(spark, schema):
    spark.sql(
        "SELECT TIMESTAMP '2013-01-07' AS t, 'a' AS c, 1.5D AS d, CAST(1.5 AS DECIMAL(4, 1)) AS m"
    ).write.format("delta").saveAsTable(f"{schema}.odd")  # fmt: skip
    series = MonitorTimeSeries(timestamp_col="t", granularities=("1 day",))
    plain = monitor_of(f"{schema}.odd", series, columns=("c", "d"), slicing_exprs=("c",))
    assert is_read_in_process(spark, plain)
    for options in (
        {"columns": ("c", "d"), "slicing_exprs": ("upper(c)",)},
        {"columns": ("c", "d"), "slicing_exprs": ("d",)},
        {"columns": ("c", "m")},
    ):
        assert not is_read_in_process(spark, monitor_of(f"{schema}.odd", series, **options))
    spark.sql(f"CREATE VIEW {schema}.odd_view AS SELECT * FROM {schema}.odd")
    df = lakehouse.read_table(spark, f"{schema}.odd_view")
    rows = OnSpark(df, plain, profiled_columns(df, plain), (), timeless=True, version=None)
    assert open_in_process(spark, f"{schema}.odd_view", rows) == f"{schema}.odd_view is a view"


def test_only_the_files_of_the_touched_windows_are_read(spark, schema, monkeypatch):
    for week in range(3):
        time = MONDAY + dt.timedelta(days=7 * week)
        spark.createDataFrame([(time, "a")], "t timestamp, c string").write.format("delta").mode("append").saveAsTable(
            f"{schema}.weekly"
        )
    monitor = monitor_of(f"{schema}.weekly", MonitorTimeSeries(timestamp_col="t", granularities=("1 week",)))
    read = []
    parts = in_process.lakehouse.ArrowTable.parts
    monkeypatch.setattr(
        in_process.lakehouse.ArrowTable, "parts", lambda self, columns: read.append(self.files) or parts(self, columns)
    )
    refresh(spark, monitor, MONDAY + dt.timedelta(days=7), MONDAY + dt.timedelta(days=8))
    assert set(read) == {1}
