# Databricks notebook source
# MAGIC %md
# MAGIC # 6. Monitor the scores
# MAGIC A monitor profiles the inference table by week, compares each week with the one before and with a baseline, and measures quality once labels
# MAGIC are there. The tables are those of Lakehouse Monitoring; here a refresh has ended when the call returns.

# COMMAND ----------

# MAGIC %run ./00_setup

# COMMAND ----------

import time

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service.catalog import MonitorInferenceLog, MonitorInferenceLogProblemType, MonitorInfoStatus, MonitorRefreshInfoState

w = WorkspaceClient()
table = f"{schema}.scores"
try:
    w.quality_monitors.delete(table_name=table)
except NotFound:
    print("the first monitor of this table")
info = w.quality_monitors.create(
    table_name=table,
    output_schema_name=schema,
    assets_dir="/Workspace/Users/someone@example.com/monitoring",
    inference_log=MonitorInferenceLog(
        problem_type=MonitorInferenceLogProblemType.PROBLEM_TYPE_CLASSIFICATION,
        timestamp_col="placed_at",
        granularities=["1 week"],
        prediction_col="prediction",
        model_id_col="model_version",
        label_col="returned",
    ),
    slicing_exprs=["segment = 'student'"],
)

# COMMAND ----------

while info.status == MonitorInfoStatus.MONITOR_STATUS_PENDING:
    info = w.quality_monitors.get(table_name=table)
    time.sleep(10)
run = w.quality_monitors.list_refreshes(table_name=table).refreshes[0]
while run.state in (MonitorRefreshInfoState.PENDING, MonitorRefreshInfoState.RUNNING):
    run = w.quality_monitors.get_refresh(table_name=table, refresh_id=run.refresh_id)
    time.sleep(30)
assert run.state == MonitorRefreshInfoState.SUCCESS, run.message

# COMMAND ----------

profile = spark.table(info.profile_metrics_table_name)
weeks = profile.where("column_name = ':table' AND slice_key IS NULL AND model_version != '*' AND log_type = 'INPUT'")
display(weeks.selectExpr("window.start AS week", "count", "round(accuracy_score, 3) AS accuracy", "round(f1_score.weighted, 3) AS f1").orderBy("week"))

# COMMAND ----------

drift = spark.table(info.drift_metrics_table_name)
display(
    drift.where("drift_type = 'CONSECUTIVE' AND slice_key IS NULL AND model_version = '*' AND ks_test IS NOT NULL")
    .selectExpr("window.start AS week", "column_name", "round(ks_test.statistic, 3) AS ks", "round(ks_test.pvalue, 3) AS p")
    .orderBy("column_name", "week")
)

# COMMAND ----------

assert weeks.count() >= 4
