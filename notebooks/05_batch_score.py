# Databricks notebook source
# MAGIC %md
# MAGIC # 5. Score a batch
# MAGIC The model looks its features up by itself. Scores are kept in an *inference table*, which the monitor reads.

# COMMAND ----------

# MAGIC %run ./00_setup

# COMMAND ----------

import mlflow
from databricks.feature_engineering import FeatureEngineeringClient
from pyspark.sql import functions as F

mlflow.set_registry_uri("databricks-uc")
fe = FeatureEngineeringClient()
model_name = f"{schema}.returns"
champion = mlflow.MlflowClient().get_model_version_by_alias(model_name, "champion").version
asked = spark.table(f"{schema}.orders").where("placed_at >= '2024-04-01'").select("order_id", "customer_id", "placed_at", "amount")
scored = fe.score_batch(model_uri=f"models:/{model_name}/{champion}", df=asked, result_type="array<double>")

# COMMAND ----------

chance = F.element_at("prediction", 2)
rows = scored.withColumn("chance", chance).withColumn("prediction", (chance >= 0.5).cast("int")).withColumn("model_version", F.lit(str(champion)))
# The label comes later; here it is two weeks later, and known by now.
rows = rows.join(spark.table(f"{schema}.orders").select("order_id", "returned"), "order_id")
rows.write.mode("overwrite").option("overwriteSchema", "true").saveAsTable(f"{schema}.scores")

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT segment, count(*) AS orders, round(avg(chance), 3) AS predicted, round(avg(returned), 3) AS came_back
# MAGIC FROM ${schema}.scores GROUP BY segment ORDER BY segment

# COMMAND ----------

assert _sqldf.count() == 3
assert spark.table(f"{schema}.scores").count() == asked.count()
