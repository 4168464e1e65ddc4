# Databricks notebook source
# MAGIC %md
# MAGIC # 6. Monitor
# MAGIC The inference table is profiled week by week: how the inputs are distributed, how far they have moved from the week before,
# MAGIC and how good the predictions were. (On Databricks: `%pip install headwater` first, for `monitoring`.)

# COMMAND ----------

dbutils.widgets.text("schema", "main.tour", "Schema of the tour")
schema = dbutils.widgets.get("schema")

# COMMAND ----------

from monitoring import Monitor, MonitorInferenceLog, refresh

monitor = Monitor(
    table_name=f"{schema}.inference",
    output_schema=schema,
    kind=MonitorInferenceLog(
        problem_type="classification",
        timestamp_col="at",
        granularities=("1 week",),
        prediction_col="prediction",
        model_id_col="model_version",
        label_col="buys",
    ),
    columns=("prediction", "buys", "spent_28d", "days_since"),
)
result = refresh(spark, monitor)

# COMMAND ----------

# MAGIC %md
# MAGIC ## How good, week by week

# COMMAND ----------

profile = spark.table(f"{schema}.inference_profile_metrics")
quality = (
    profile.where("column_name = ':table' AND log_type = 'INPUT' AND slice_key IS NULL AND model_version <> '*'")
    .selectExpr("window.start AS week", "accuracy_score", "count AS rows")
    .orderBy("week")
)
display(quality)

# COMMAND ----------

# MAGIC %md
# MAGIC ## How far the inputs moved
# MAGIC Each week against the one before.

# COMMAND ----------

drift = (
    spark.table(f"{schema}.inference_drift_metrics")
    .where("column_name IN ('spent_28d', 'days_since') AND slice_key IS NULL AND model_version = '*'")
    .selectExpr("window.start AS week", "column_name", "js_distance")
    .orderBy("week")
)
display(drift)

# COMMAND ----------

import plotly.express as px

moved = drift.toPandas()
px.line(moved, x="week", y="js_distance", color="column_name", title="Distance to the week before", height=320).show()

# COMMAND ----------

assert quality.count() >= 7
assert not moved.empty
