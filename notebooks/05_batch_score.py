# Databricks notebook source
# MAGIC %md
# MAGIC # 5. Score in batch
# MAGIC Rows with customers and times go in; `score_batch` looks the features up as they were known then, and applies the model where
# MAGIC the data is.

# COMMAND ----------

dbutils.widgets.text("schema", "main.tour", "Schema of the tour")
schema = dbutils.widgets.get("schema")

# COMMAND ----------

import mlflow
from databricks.feature_engineering import FeatureEngineeringClient
from mlflow import MlflowClient

mlflow.set_registry_uri("databricks-uc")
fe = FeatureEngineeringClient()
asked = spark.table(f"{schema}.labels").select("customer", "at", "buys")
scored = fe.score_batch(model_uri=f"models:/{schema}.buyers@champion", df=asked.drop("buys"))
display(scored.limit(5))

# COMMAND ----------

# MAGIC %md
# MAGIC ## An inference table
# MAGIC Each score is kept with its time, the version that gave it and, since it is known by now, the truth.

# COMMAND ----------

from pyspark.sql import functions as F

version = MlflowClient().get_model_version_by_alias(f"{schema}.buyers", "champion").version
inference = (
    scored.withColumn("prediction", F.col("prediction").cast("int"))
    .withColumn("model_version", F.lit(str(version)))
    .join(asked, ["customer", "at"])
)
inference.write.mode("overwrite").saveAsTable(f"{schema}.inference")

# COMMAND ----------

# MAGIC %md
# MAGIC A column that has the name of a feature is taken instead of the lookup: *what if this customer had spent nothing?*

# COMMAND ----------

nothing = asked.limit(3).drop("buys").withColumn("spent_28d", F.lit(0.0)).withColumn("orders_28d", F.lit(0).cast("long"))
display(fe.score_batch(model_uri=f"models:/{schema}.buyers@champion", df=nothing))

# COMMAND ----------

assert spark.table(f"{schema}.inference").count() == asked.count()
