# Databricks notebook source
# MAGIC %md Shared setup

# COMMAND ----------

dbutils.widgets.dropdown("reset_all_data", "false", ["true", "false"], "Reset all data")
dbutils.widgets.text("rows", "3", "Rows")
reset_all_data = dbutils.widgets.get("reset_all_data") == "true"
row_count = int(dbutils.widgets.get("rows"))
schema = dbutils.widgets.get("schema")

# COMMAND ----------

# MAGIC %run ./functions

# COMMAND ----------

if reset_all_data:
    spark.sql(f"DROP TABLE IF EXISTS {schema}.raw")
spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
