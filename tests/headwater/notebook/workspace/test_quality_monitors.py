"""``WorkspaceClient().quality_monitors``: the SDK's custom metrics, as public notebooks give them."""

from __future__ import annotations

import pytest
from databricks.sdk.service.catalog import (
    MonitorMetric,
    MonitorMetricType,
    MonitorRefreshInfoState,
    MonitorSnapshot,
)
from pyspark.sql import types as T

from headwater.lakehouse import InvalidInputError
from headwater.notebook.workspace.quality_monitors import QualityMonitors

DOUBLE = T.StructField("output", T.DoubleType()).json()


def metric(kind, name, definition, columns=("amount",)):
    return MonitorMetric(
        type=MonitorMetricType(f"CUSTOM_METRIC_TYPE_{kind}"), name=name, input_columns=list(columns),
        definition=definition, output_data_type=DOUBLE,
    )  # fmt: skip


@pytest.fixture
def monitors(spark, tmp_path):
    return QualityMonitors(tmp_path, lambda: spark)


def test_custom_metrics_of_the_sdk_are_computed_kept_and_those_that_fail_are_in_the_message(spark, schema, monitors):
    table = f"{schema}.orders"
    spark.sql(f"CREATE TABLE {table} USING delta AS SELECT cast(id AS double) AS amount FROM range(5)")
    given = [
        metric("AGGREGATE", "squared_avg", "avg(`{{input_column}}`*`{{input_column}}`)"),
        metric("DERIVED", "root_mean_square", "sqrt(squared_avg)"),
        metric("DRIFT", "change", "{{current_df}}.root_mean_square - {{base_df}}.root_mean_square"),
        metric("AGGREGATE", "wrong", "avg(amont)", [":table"]),
    ]
    info = monitors.create(table, schema, snapshot=MonitorSnapshot(), custom_metrics=given)
    (refreshed,) = monitors.list_refreshes(table).refreshes
    assert refreshed.state is MonitorRefreshInfoState.SUCCESS
    assert "The custom metric 'wrong' has no value for the column ':table'" in refreshed.message
    assert monitors.get(table).custom_metrics == given
    row = spark.table(info.profile_metrics_table_name).where("column_name = 'amount'").first()
    assert row["root_mean_square"] == pytest.approx(6**0.5)
    spark.sql(f"INSERT INTO {table} SELECT 10.0 FROM range(5)")
    monitors.run_refresh(table)
    row = spark.table(info.drift_metrics_table_name).where("column_name = 'amount'").first()
    assert row["change"] == pytest.approx(53**0.5 - 6**0.5)


def test_a_custom_metric_that_is_none_is_refused_and_nothing_is_kept(spark, schema, monitors):
    table = f"{schema}.orders"
    spark.sql(f"CREATE TABLE {table} (amount double) USING delta")
    with pytest.raises(InvalidInputError, match="names the variable 'colum'"):
        monitors.create(
            table, schema, snapshot=MonitorSnapshot(), custom_metrics=[metric("AGGREGATE", "m", "avg({{colum}})")]
        )
    assert not list(monitors._home.glob("monitors/*"))
