"""Custom metrics of all three types against pandas, by window, slice and model; a wrong one harms itself alone."""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib

import numpy as np
import pandas as pd
import pytest

from headwater.monitoring import Monitor, MonitorMetric, MonitorSnapshot, refresh
from tests.monitoring.conftest import MONDAY, as_spark, monitor_of, week

WEEK = dt.timedelta(days=7)
MEAN_SQUARE = MonitorMetric(
    type="aggregate", name="mean_square", input_columns=["delay", "seats"],
    definition="avg(`{{input_column}}` * `{{input_column}}`)", output_data_type="double",
)  # fmt: skip
WEIGHTED_ERROR = MonitorMetric(
    type="aggregate", name="weighted_error", input_columns=[":table"],
    definition="sum(abs({{prediction_col}} - {{label_col}}) * seats) / sum(if({{label_col}} IS NULL, NULL, seats))",
    output_data_type="double",
)  # fmt: skip
ROOT = MonitorMetric(
    type="derived", name="root_mean_square", input_columns=["delay", "seats"], definition="sqrt(mean_square)",
    output_data_type="double",
)  # fmt: skip
SHARE = MonitorMetric(  # of a built-in column and of a derived metric before it
    type="derived", name="mean_of_root", input_columns=["delay", "seats"], definition="avg / root_mean_square",
    output_data_type="float",
)  # fmt: skip
GROWTH = MonitorMetric(
    type="drift", name="root_growth", input_columns=["delay", "seats"],
    definition="{{current_df}}.root_mean_square / `{{base_df}}`.`root_mean_square`", output_data_type="double",
)  # fmt: skip
ERROR_CHANGE = MonitorMetric(
    type="drift", name="error_change", input_columns=[":table"],
    definition="`{{current_df}}.weighted_error` - {{base_df}}.weighted_error", output_data_type="double",
)  # fmt: skip
ALL = (MEAN_SQUARE, WEIGHTED_ERROR, ROOT, SHARE, GROWTH, ERROR_CHANGE)
SLICES = {"busy": lambda f: f["busy"].astype(str).str.lower(), "origin": lambda f: f["origin"]}


def expected_of(rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Give by column the profile's metrics of some rows, by hand."""
    found = {}
    for name in ("delay", "seats"):
        values = rows[name].to_numpy(dtype=float)
        mean_square = float(np.mean(values * values))
        root = mean_square**0.5
        found[name] = {"mean_square": mean_square, "root_mean_square": root, "mean_of_root": values.mean() / root}
    known = rows[rows["late"].notna()]
    weights = known["seats"].to_numpy(dtype=float)
    errors = np.abs(known["prediction"].to_numpy(dtype=float) - known["late"].to_numpy(dtype=float))
    found[":table"] = {"weighted_error": float((errors * weights).sum() / weights.sum())}
    return found


def cells_of(rows: pd.DataFrame, window) -> dict[tuple, dict[str, dict[str, float]]]:
    """Give by window, slice, value and model what is expected of the rows."""
    parts = [(None, None, rows)]
    for key, of in SLICES.items():
        parts += [(key, value, mine) for value, mine in rows.groupby(of(rows))]
    found = {}
    for key, value, mine in parts:
        found[window, key, value, "*"] = expected_of(mine)
        for model, its in mine.groupby("model_version"):
            found[window, key, value, model] = expected_of(its)
    return found


@pytest.fixture(scope="module")
def baseline_rows() -> pd.DataFrame:
    return week(0, 400, seed=99)


@pytest.fixture(scope="module")
def expected(weeks, baseline_rows):
    """Give the profile's metrics by granularity, start, slice, value and model."""
    found = {}
    monday = weeks["prediction_time"].map(lambda t: MONDAY + (t - MONDAY).days // 7 * WEEK)
    first = weeks["prediction_time"].map(lambda t: dt.datetime(t.year, t.month, 1))
    for granularity, starts in (("1 week", monday), ("1 month", first)):
        for start, mine in weeks.groupby(starts):
            found |= cells_of(mine, (granularity, start.to_pydatetime()))
    return found | cells_of(baseline_rows, None)


def watched(schema, **changes) -> Monitor:
    given = {"columns": ("delay", "seats"), "slicing_exprs": ("busy", "origin"), "custom_metrics": ALL, **changes}
    return monitor_of(schema, **given)


@pytest.fixture(scope="module")
def monitor(spark, weeks, baseline_rows):
    schema = "main.t_custom_metrics"
    spark.sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    spark.sql(f"CREATE SCHEMA {schema}")
    as_spark(spark, weeks).write.format("delta").saveAsTable(f"{schema}.inference")
    as_spark(spark, baseline_rows).write.format("delta").saveAsTable(f"{schema}.baseline")
    result = refresh(spark, watched(schema))
    assert result.failed_metrics == ()
    yield watched(schema)
    spark.sql(f"DROP SCHEMA {schema} CASCADE")


def test_aggregates_and_what_is_derived_of_them_equal_pandas_in_every_window_slice_and_model(spark, monitor, expected):
    rows = spark.table(monitor.profile_table).selectExpr("*", "unix_micros(window.start) AS start").collect()
    seen = set()
    for row in rows:
        start = None if row["start"] is None else dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=row["start"])
        window = None if start is None else (row["granularity"], start)
        cell = (window, row["slice_key"], row["slice_value"], row["model_version"])
        seen.add(cell)
        of_column = expected[cell].get(row["column_name"], {})
        for metric in (MEAN_SQUARE, WEIGHTED_ERROR, ROOT, SHARE):
            value = row[metric.name]
            rel = 1e-6 if metric is SHARE else 1e-12
            wanted = of_column.get(metric.name)
            assert value == (None if wanted is None else pytest.approx(wanted, rel=rel)), (cell, metric.name)
    assert seen == set(expected)
    assert spark.table(monitor.profile_table).schema["mean_of_root"].dataType.simpleString() == "float"


def test_drift_metrics_equal_pandas_against_the_window_before_and_the_baseline(spark, monitor, expected):
    rows = spark.table(monitor.drift_table).selectExpr(
        "*", "unix_micros(window.start) AS start", "unix_micros(window_cmp.start) AS before"
    )
    compared = {"CONSECUTIVE": 0, "BASELINE": 0}
    for row in rows.collect():
        start, before = (
            None if row[name] is None else dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=row[name])
            for name in ("start", "before")
        )
        rest = (row["slice_key"], row["slice_value"], row["model_version"])
        now = expected[((row["granularity"], start), *rest)].get(row["column_name"], {})
        base = expected[(None if before is None else (row["granularity"], before), *rest)].get(row["column_name"], {})
        compared[row["drift_type"]] += 1
        if row["column_name"] == ":table":
            assert row["error_change"] == pytest.approx(now["weighted_error"] - base["weighted_error"], abs=1e-12)
            assert row["root_growth"] is None
        elif row["column_name"] in ("delay", "seats"):
            assert row["root_growth"] == pytest.approx(now["root_mean_square"] / base["root_mean_square"], rel=1e-12)
            assert row["error_change"] is None
    assert min(compared.values()) > 50


def contents(spark, name):
    return sorted(map(repr, spark.table(name).drop("logging_table_commit_version").toArrow().to_pylist()))


def test_a_refresh_week_by_week_equals_the_whole(spark, schema, weeks):
    as_spark(spark, weeks).write.format("delta").saveAsTable(f"{schema}.inference")
    monitor = watched(schema, baseline_table_name=None, slicing_exprs=("origin",))
    for number in range(3):
        refresh(spark, monitor, MONDAY + number * WEEK, MONDAY + (number + 1) * WEEK)
    weekly = [contents(spark, name) for name in (monitor.profile_table, monitor.drift_table)]
    refresh(spark, monitor)
    assert [contents(spark, name) for name in (monitor.profile_table, monitor.drift_table)] == weekly


def test_few_states_on_the_driver_and_many_on_spark_give_the_same_metrics(spark, schema, weeks, monkeypatch):
    as_spark(spark, weeks[weeks["prediction_time"] < MONDAY + 2 * WEEK]).write.format("delta").saveAsTable(
        f"{schema}.inference"
    )
    kind = dataclasses.replace(monitor_of(schema).kind, granularities=("1 week",))
    monitor = watched(schema, baseline_table_name=None, slicing_exprs=(), kind=kind)
    refresh(spark, monitor)
    on_driver = [contents(spark, name) for name in (monitor.profile_table, monitor.drift_table)]
    monkeypatch.setattr(importlib.import_module("headwater.monitoring.states.stored_states"), "MOST", 0)
    refresh(spark, monitor)
    assert [contents(spark, name) for name in (monitor.profile_table, monitor.drift_table)] == on_driver


def test_wrong_metrics_are_named_with_their_column_and_harm_themselves_alone(spark, schema):
    as_spark(spark, week(0, 120)).write.format("delta").saveAsTable(f"{schema}.inference")

    def metric(name, definition, columns=("delay",), kind="aggregate", type_="double"):
        return MonitorMetric(type=kind, name=name, input_columns=columns, definition=definition, output_data_type=type_)

    wrong = {
        "misspelt": (metric("misspelt", "avg(dellay)"), "dellay"),
        "no_aggregate": (metric("no_aggregate", "`{{input_column}}` + 1"), "Spark says"),
        "no_number": (metric("no_number", "avg(cast(carrier AS double))", ["carrier"]), "CAST_INVALID_INPUT"),
        "no_column": (metric("no_column", "count(*)", ["windspeed"]), "not profiled"),
        "no_sql": (metric("no_sql", "avg(", [":table"]), "Spark says"),
        "a_query": (metric("a_query", "(SELECT 1)", [":table"]), "holds a query"),
        "avg": (metric("avg", "avg(delay)"), "a column of this name"),
        "no_type": (metric("no_type", "avg(delay)", type_="dubble"), "dubble"),
        "by_zero": (metric("by_zero", "1 / (count - count)", kind="derived"), "DIVIDE_BY_ZERO"),
        "drift_of_none": (metric("drift_of_none", "{{current_df}}.meen", kind="drift"), "meen"),
    }
    sound = (MEAN_SQUARE, metric("twice", "2 * mean_square", ["delay", "carrier"], "derived"))
    given = (*[one for one, _ in wrong.values()], *sound)
    monitor = watched(
        schema, baseline_table_name=None, slicing_exprs=(), columns=("delay", "seats", "carrier"), custom_metrics=given
    )
    result = refresh(spark, monitor)
    assert {error.metric for error in result.failed_metrics} == set(wrong)
    for error in result.failed_metrics:
        one, words = wrong[error.metric]
        assert error.column == one.input_columns[0]
        assert words in str(error)
        assert one.definition in str(error)
        assert schema in str(error)
    rows = spark.table(monitor.profile_table)
    assert rows.where("column_name = 'delay' AND twice = 2 * mean_square AND avg IS NOT NULL").count() > 0
    assert rows.where("by_zero IS NOT NULL OR no_number IS NOT NULL").count() == 0
    assert rows.where("column_name = 'carrier' AND frequent_items IS NOT NULL").count() > 0
    again = refresh(spark, monitor, MONDAY, MONDAY + WEEK)
    assert {(error.metric, error.column) for error in again.failed_metrics} == {
        (error.metric, error.column) for error in result.failed_metrics
    }
    mended = dataclasses.replace(monitor, custom_metrics=(metric("by_zero", "1 / (count + 1)", kind="derived"), *sound))
    assert refresh(spark, mended).failed_metrics == ()
    assert spark.table(monitor.profile_table).where("by_zero IS NOT NULL").count() > 0


def test_a_metric_that_is_added_or_changed_is_computed_for_the_baseline_too(spark, schema):
    for name, number in (("inference", 1), ("baseline", 0)):
        as_spark(spark, week(number, 80)).write.format("delta").saveAsTable(f"{schema}.{name}")
    bare = watched(schema, custom_metrics=(), slicing_exprs=())
    assert refresh(spark, bare).baseline_computed
    assert not refresh(spark, bare).baseline_computed
    added = dataclasses.replace(bare, custom_metrics=(MEAN_SQUARE,))
    changed = dataclasses.replace(
        bare, custom_metrics=(dataclasses.replace(MEAN_SQUARE, definition="avg({{input_column}})"),)
    )
    for monitor, power in ((added, 2), (changed, 1)):
        assert refresh(spark, monitor).baseline_computed
        assert not refresh(spark, monitor).baseline_computed
        (row,) = (
            spark.table(monitor.profile_table)
            .where("log_type = 'BASELINE' AND column_name = 'seats' AND model_version = '*'")
            .collect()
        )
        assert row["mean_square"] == pytest.approx(np.mean(week(0, 80)["seats"].to_numpy(dtype=float) ** power))


def test_columns_with_any_names_and_types_of_any_kind_and_a_snapshot(spark, schema):
    spark.sql(
        f"CREATE TABLE {schema}.stock USING delta TBLPROPERTIES ('delta.columnMapping.mode' = 'name') AS "
        "SELECT cast(id AS double) AS time, cast(id % 3 AS int) AS granularity, 'x' AS `a b` FROM range(9)"
    )
    metrics = [
        MonitorMetric(
            type="aggregate", name="facts", input_columns=[":table"], output_data_type="map<string,double>",
            definition="map('rows', count(*), 'time', avg(time), 'kinds', count(DISTINCT granularity))",
        ),
        MonitorMetric(
            type="aggregate", name="longest", input_columns=["a b"], output_data_type="int",
            definition="max(length(`{{input_column}}`))",
        ),
    ]  # fmt: skip
    monitor = Monitor(
        table_name=f"{schema}.stock", output_schema=schema, kind=MonitorSnapshot(), custom_metrics=metrics
    )
    assert refresh(spark, monitor).failed_metrics == ()
    rows = {row["column_name"]: row for row in spark.table(monitor.profile_table).collect()}
    assert rows[":table"]["facts"] == {"rows": 9.0, "time": 4.0, "kinds": 3.0}
    assert (rows["a b"]["longest"], rows["a b"]["facts"]) == (1, None)
