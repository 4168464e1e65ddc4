"""Refresh: idempotent, incremental, restartable, and at ease with nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib

import pandas as pd
import pytest

from headwater import lakehouse
from headwater.monitoring import Monitor, MonitorInferenceLog, MonitorSnapshot, MonitorTimeSeries, refresh
from tests.monitoring.conftest import MONDAY, as_spark, monitor_of, week

DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)
SMALL = {"columns": ("delay", "carrier"), "slicing_exprs": (), "baseline_table_name": None}


def contents(spark, name, where="true"):
    rows = spark.table(name).where(where).drop("logging_table_commit_version").toArrow().to_pylist()
    return sorted(map(repr, rows))


def written(spark, name):
    return spark.sql(f"DESCRIBE HISTORY {name}").count()


@pytest.fixture
def small(spark, schema):
    as_spark(spark, pd.concat([week(n, 120) for n in range(3)])).write.format("delta").saveAsTable(
        f"{schema}.inference"
    )
    return monitor_of(schema, **SMALL)


def test_a_whole_refresh_equals_one_week_by_week_and_twice_equals_once(spark, schema, small):
    for number in range(3):
        refresh(spark, small, MONDAY + number * WEEK, MONDAY + (number + 1) * WEEK)
    tables = (small.profile_table, small.drift_table, small.histograms_table)
    weekly = [contents(spark, name) for name in tables]
    commits = [written(spark, name) for name in tables]
    refresh(spark, small, MONDAY + WEEK, MONDAY + 2 * WEEK)
    assert [contents(spark, name) for name in tables] == weekly
    assert [written(spark, name) for name in tables] == [n + 1 for n in commits]
    refresh(spark, small)
    assert [contents(spark, name) for name in tables] == weekly


def test_late_rows_change_their_window_and_the_drift_of_the_next_one_alone(spark, small):
    refresh(spark, small)
    before = {
        name: contents(spark, name, "granularity = '1 week'") for name in (small.profile_table, small.drift_table)
    }
    late = week(0, 50, seed=7)
    as_spark(spark, late).write.format("delta").mode("append").saveAsTable(small.table_name)
    refresh(spark, small, MONDAY + DAY, MONDAY + 2 * DAY)
    profile = spark.table(small.profile_table).where("granularity = '1 week' AND column_name = ':table'")
    counts = {
        row["start"]: row["count"]
        for row in profile.where("model_version = '*'").selectExpr("window.start", "count").collect()
    }
    assert counts == {MONDAY: 170, MONDAY + WEEK: 120, MONDAY + 2 * WEEK: 120}
    changed = set(contents(spark, small.profile_table, "granularity = '1 week'")) - set(before[small.profile_table])
    assert all("'start': datetime.datetime(2013, 10, 7, 0, 0" in row for row in changed)
    drift = set(contents(spark, small.drift_table, "granularity = '1 week'")) - set(before[small.drift_table])
    assert drift
    assert all("CONSECUTIVE" in row and "datetime.datetime(2013, 10, 14, 0, 0" in row for row in drift)


def test_an_interval_without_rows_empties_its_windows_and_an_empty_one_does_nothing(spark, small):
    refresh(spark, small, MONDAY, MONDAY)
    assert contents(spark, small.profile_table) == []
    refresh(spark, small, MONDAY, MONDAY + WEEK)
    assert contents(spark, small.profile_table)
    spark.sql(f"DELETE FROM {small.table_name}")
    result = refresh(spark, small, MONDAY, MONDAY + WEEK)
    assert result.windows["1 week"] == (MONDAY, MONDAY + WEEK)
    assert contents(spark, small.profile_table) == []
    with pytest.raises(ValueError, match="is after"):
        refresh(spark, small, MONDAY, MONDAY - DAY)


def test_a_refresh_killed_between_commits_is_made_good_by_the_next(spark, small, monkeypatch):
    module = importlib.import_module("headwater.monitoring.refresh")
    write = module.replace_rows

    # The first refresh has stored its edges when its states are killed; profiles and drift are written side by side.
    kills = [(0, ("_histograms",)), (1, ("_profile_metrics", "_drift_metrics"))]
    kills += [(2, ("_profile_metrics",)), (2, ("_drift_metrics",))]
    for number, endings in kills:

        def killed(rows, name, where, endings=endings):
            if name.endswith(endings) and "EDGES" not in where:
                raise KeyboardInterrupt
            write(rows, name, where)

        start, end = MONDAY + number * WEEK, MONDAY + (number + 1) * WEEK
        with monkeypatch.context() as patch:
            patch.setattr(module, "replace_rows", killed)
            with pytest.raises(KeyboardInterrupt):
                refresh(spark, small, start, end)
        refresh(spark, small, start, end)
    tables = (small.profile_table, small.drift_table, small.histograms_table)
    killed_and_run_again = [contents(spark, name) for name in tables]
    refresh(spark, small)
    assert [contents(spark, name) for name in tables] == killed_and_run_again
    facts = "granularity = '1 week' AND column_name = ':table' AND model_version = '*'"
    assert [row["count"] for row in spark.table(small.profile_table).where(facts).collect()] == [120] * 3
    consecutive = spark.table(small.drift_table).where(f"{facts} AND drift_type = 'CONSECUTIVE'")
    assert consecutive.count() == 2


def test_a_baselines_profiles_that_a_kill_has_left_out_come_with_the_next_refresh(spark, schema, monkeypatch):
    for name, number in (("inference", 1), ("baseline", 0)):
        as_spark(spark, week(number, 120)).write.format("delta").saveAsTable(f"{schema}.{name}")
    monitor = monitor_of(schema, columns=("delay", "carrier"), slicing_exprs=())
    module = importlib.import_module("headwater.monitoring.refresh")
    write = module.replace_rows

    def killed(rows, name, where):
        if name.endswith(("_profile_metrics", "_drift_metrics")):
            raise KeyboardInterrupt
        write(rows, name, where)

    with monkeypatch.context() as patch:
        patch.setattr(module, "replace_rows", killed)
        with pytest.raises(KeyboardInterrupt):
            refresh(spark, monitor)
    assert refresh(spark, monitor).baseline_computed
    found = contents(spark, monitor.profile_table, "log_type = 'BASELINE'")
    profiled = spark.table(monitor.profile_table).where("log_type = 'BASELINE'").select("column_name").distinct()
    assert {row["column_name"] for row in profiled.collect()} >= {":table", "delay", "carrier"}
    assert not refresh(spark, monitor).baseline_computed
    assert contents(spark, monitor.profile_table, "log_type = 'BASELINE'") == found


def test_a_new_model_is_compared_with_the_baseline_of_all_models(spark, schema):
    rows = week(0, 60).assign(model_version="9")
    as_spark(spark, rows).write.format("delta").saveAsTable(f"{schema}.inference")
    as_spark(spark, week(0, 200, seed=3)).write.format("delta").saveAsTable(f"{schema}.baseline")
    monitor = monitor_of(schema, columns=("delay",), slicing_exprs=())
    assert refresh(spark, monitor).baseline_computed
    drift = spark.table(monitor.drift_table).where("column_name = 'delay' AND granularity = '1 week'")
    assert {row["model_version"]: row["count_delta"] for row in drift.collect()} == {"9": -140, "*": -140}
    assert not refresh(spark, monitor, MONDAY, MONDAY + WEEK).baseline_computed


def test_a_slicing_expression_of_many_values_keeps_the_hundred_most_frequent(spark, schema):
    spark.sql(
        f"CREATE TABLE {schema}.events USING delta AS SELECT TIMESTAMP '2013-10-07 01:00:00' AS t, "
        "CASE WHEN id < 300 THEN cast(id % 100 AS string) ELSE concat('rare', id) END AS k, "
        "cast(NULL AS string) AS empty, array(1) AS list, cast('ab' AS binary) AS bytes, DATE '2013-10-07' AS day, "
        "cast(1.5 AS decimal(4,2)) AS price FROM range(400)"
    )
    kind = MonitorTimeSeries(timestamp_col="t", granularities=("1 hour",))
    monitor = Monitor(
        table_name=f"{schema}.events", output_schema=schema, kind=kind, slicing_exprs=("k", "id_is_null IS NULL")
    )
    with pytest.raises(Exception, match="id_is_null"):
        refresh(spark, monitor)
    monitor = Monitor(table_name=f"{schema}.events", output_schema=schema, kind=kind, slicing_exprs=("k",))
    refresh(spark, monitor)
    rows = spark.table(monitor.profile_table)
    assert "model_id" not in rows.columns
    found = rows.where("slice_key = 'k' AND column_name = ':table'").collect()
    assert {(row["slice_value"], row["count"]) for row in found} == {(str(i), 3) for i in range(100)}
    whole = {row["column_name"]: row for row in rows.where("slice_key IS NULL").collect()}
    assert (whole["empty"]["count"], whole["empty"]["percent_null"], whole["empty"]["distinct_count"]) == (0, 100.0, 0)
    assert (whole["bytes"]["max_length"], whole["list"]["count"]) == (2.0, 400)
    assert whole["day"]["min"] == dt.datetime(2013, 10, 7, tzinfo=dt.UTC).timestamp()
    assert (whole["price"]["data_type"], whole["price"]["avg"]) == ("decimal(4,2)", 1.5)


def test_snapshots_are_compared_with_the_one_before(spark, schema):
    monitor = Monitor(table_name=f"{schema}.stock", output_schema=schema, kind=MonitorSnapshot())
    spark.sql(f"CREATE TABLE {schema}.stock USING delta AS SELECT cast(id AS double) AS x FROM range(100)")
    refresh(spark, monitor)
    refresh(spark, monitor)
    assert spark.table(monitor.profile_table).where("column_name = 'x'").count() == 1
    spark.sql(f"INSERT INTO {schema}.stock SELECT cast(id + 1000 AS double) FROM range(100)")
    refresh(spark, monitor)
    (row,) = spark.table(monitor.drift_table).where("column_name = 'x'").collect()
    assert (row["drift_type"], row["count_delta"], row["ks_test"]["statistic"]) == ("CONSECUTIVE", 100, 0.5)
    with pytest.raises(ValueError, match="whole table"):
        refresh(spark, monitor, MONDAY)


def test_columns_that_are_not_there_are_named(spark, small):
    kind = MonitorInferenceLog(
        problem_type="classification", timestamp_col="carrier", granularities=("1 day",), prediction_col="prediction",
        model_id_col="model_version",
    )  # fmt: skip
    with pytest.raises(lakehouse.ColumnTypeError, match="must be timestamp or date"):
        refresh(spark, Monitor(table_name=small.table_name, output_schema=small.output_schema, kind=kind))
    with pytest.raises(lakehouse.MissingColumnsError, match="Did you mean 'delay'"):
        refresh(
            spark,
            Monitor(
                table_name=small.table_name, output_schema=small.output_schema, kind=small.kind, columns=("delays",)
            ),
        )


def typed(spark, schema, ddl, rows):
    """Give a time series monitor of a small table, which is written anew with the rows."""
    frame = spark.createDataFrame(rows, f"at timestamp, {ddl}")
    frame.write.format("delta").mode("overwrite").option("overwriteSchema", "true").saveAsTable(f"{schema}.typed")
    return Monitor(
        table_name=f"{schema}.typed",
        output_schema=schema,
        kind=MonitorTimeSeries(timestamp_col="at", granularities=("1 day",)),
    )


def test_a_column_that_changes_its_type_is_compared_as_classes_or_by_counts(spark, schema):
    first, second = MONDAY, MONDAY + DAY
    monitor = typed(spark, schema, "code int, seen int", [(first, 1, 5), (first, 2, 6)])
    refresh(spark, monitor)
    typed(
        spark,
        schema,
        "code string, seen date",
        [(second, "1", MONDAY.date()), (second, "x", None), (second, "1", None)],
    )
    refresh(spark, monitor, second, second + DAY)
    rows = spark.table(monitor.drift_table).where("column_name in ('code', 'seen')").collect()
    drift = {row["column_name"]: row for row in rows}
    assert drift["code"]["count_delta"] == 1
    assert drift["code"]["tv_distance"] == pytest.approx(0.5)  # {1: 1/2, 2: 1/2} and {1: 2/3, x: 1/3}
    assert drift["seen"]["percent_null_delta"] == pytest.approx(200 / 3)
    assert drift["seen"]["ks_test"] is None
    assert drift["seen"]["tv_distance"] is None


def test_text_in_a_baseline_of_numbers_and_in_a_regression_names_table_and_column(spark, schema):
    monitor = typed(spark, schema, "code double", [(MONDAY, 1.0)])
    spark.createDataFrame([("a",)], "code string").write.format("delta").saveAsTable(f"{schema}.base")
    with pytest.raises(
        ValueError, match=rf"Wrong types in the table {schema}.base: 'code' is string, must be a number"
    ):
        refresh(spark, dataclasses.replace(monitor, baseline_table_name=f"{schema}.base"))
    kind = MonitorInferenceLog(
        problem_type="regression",
        timestamp_col="at",
        granularities=("1 day",),
        prediction_col="guess",
        model_id_col="model",
        label_col="truth",
    )
    typed(spark, schema, "guess double, truth string, model string", [(MONDAY, 1.0, "two", "1")])
    with pytest.raises(
        ValueError, match=rf"Wrong types in the table {schema}.typed: 'truth' is string, must be a number"
    ):
        refresh(spark, dataclasses.replace(monitor, kind=kind))


def test_a_slicing_expression_that_does_not_fit_is_named(spark, schema):
    monitor = dataclasses.replace(typed(spark, schema, "code int", [(MONDAY, 1)]), slicing_exprs=("kode > 1",))
    with pytest.raises(ValueError, match=rf"The slicing expression 'kode > 1' does not fit the table {schema}.typed: "):
        refresh(spark, monitor)


def test_rows_of_the_years_1_and_9999_have_windows_that_end_with_the_calendar(spark, schema):
    monitor = typed(spark, schema, "code int", [(MONDAY, 1)])
    spark.sql(
        f"INSERT INTO {schema}.typed VALUES (timestamp'0001-01-01 00:00:00+00:00', 2), "
        "(timestamp'9999-12-31 23:59:59.999999+00:00', 3)"
    )
    kind = MonitorTimeSeries(timestamp_col="at", granularities=("1 day", "1 week", "1 month", "1 year"))
    monitor = dataclasses.replace(monitor, kind=kind)
    for _ in range(2):
        refresh(spark, monitor)
        refresh(spark, monitor, dt.datetime(9999, 12, 31))
        rows = spark.table(monitor.profile_table).where("column_name = 'code'").orderBy("window.start")
        found = rows.selectExpr(
            "granularity", "cast(window.start as string)", "cast(window.end as string)", "avg"
        ).collect()
        assert len(found) == 12
        year = [tuple(row)[1:] for row in found if row["granularity"] == "1 year"]
        assert year[0] == ("0001-01-01 00:00:00", "0002-01-01 00:00:00", 2.0)
        assert year[2] == ("9999-01-01 00:00:00", "9999-12-31 23:59:59.999999", 3.0)
