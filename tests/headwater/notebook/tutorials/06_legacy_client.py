# Databricks notebook source
# MAGIC %md
# MAGIC # The older client
# MAGIC `FeatureStoreClient` takes its arguments by position too.

# COMMAND ----------

from databricks import feature_store
from databricks.feature_store import FeatureLookup

dbutils.widgets.text("schema", "main.tutorial_legacy")
schema = dbutils.widgets.get("schema")
spark.sql(f"create database if not exists {schema}")
fs = feature_store.FeatureStoreClient()

# COMMAND ----------

df = spark.createDataFrame([(1, 0.5), (2, 0.7)], "wine_id int, acidity double")
fs.create_table(f"{schema}.wines", ["wine_id"], df, description="Wines")
fs.write_table(f"{schema}.wines", df.withColumn("acidity", df.acidity * 2), mode="merge")
assert fs.read_table(f"{schema}.wines").where("wine_id = 1").first().acidity == 1.0

# COMMAND ----------

labels = spark.createDataFrame([(1, 6.0), (2, 5.0)], "wine_id int, quality double")
training_set = fs.create_training_set(labels, [FeatureLookup(f"{schema}.wines", "wine_id")], "quality", ["wine_id"])
assert training_set.load_df().columns == ["acidity", "quality"]
