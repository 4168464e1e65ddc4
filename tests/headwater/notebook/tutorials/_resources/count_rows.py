# Databricks notebook source
table_name = dbutils.widgets.get("table")

# COMMAND ----------

dbutils.notebook.exit(spark.table(table_name).count())
