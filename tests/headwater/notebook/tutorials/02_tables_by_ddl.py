# Databricks notebook source
# MAGIC %md
# MAGIC # Any table with a primary key is a feature table
# MAGIC The table is declared and filled in SQL alone, and looked up from Python.

# COMMAND ----------

dbutils.widgets.text("schema", "main.tutorial_ddl")

# COMMAND ----------

# MAGIC %sql
# MAGIC CREATE SCHEMA IF NOT EXISTS ${schema};
# MAGIC
# MAGIC CREATE TABLE IF NOT EXISTS ${schema}.balances (
# MAGIC   account_id BIGINT NOT NULL,
# MAGIC   booked_at TIMESTAMP NOT NULL,
# MAGIC   balance DOUBLE COMMENT 'in euro; after the booking',
# MAGIC   CONSTRAINT balances_pk PRIMARY KEY (account_id, booked_at TIMESERIES)
# MAGIC ) COMMENT 'Balances of accounts';
# MAGIC
# MAGIC INSERT INTO ${schema}.balances VALUES
# MAGIC   (1, TIMESTAMP '2024-01-01 00:00:00', 10.0),
# MAGIC   (1, TIMESTAMP '2024-01-03 00:00:00', -5.0);

# COMMAND ----------

from datetime import datetime

from databricks.feature_engineering import FeatureEngineeringClient, FeatureLookup

schema = dbutils.widgets.get("schema")
fe = FeatureEngineeringClient()
table = fe.get_table(name=f"{schema}.balances")
assert list(table.primary_keys) == ["account_id", "booked_at"], table.primary_keys

# COMMAND ----------

labels = spark.createDataFrame([(1, datetime(2024, 1, 2), 0.0)], "account_id long, asked_at timestamp, defaulted double")
lookups = [
    FeatureLookup(table_name=f"{schema}.balances", lookup_key=["account_id"], timestamp_lookup_key="asked_at"),
]
rows = fe.create_training_set(df=labels, feature_lookups=lookups, label="defaulted").load_df().collect()
assert [row.balance for row in rows] == [10.0], rows
