# Databricks notebook source
# MAGIC %md
# MAGIC # Features as they were known at the time
# MAGIC Hourly readings of weather stations are a time series feature table. Each ride names its station and its start by other
# MAGIC words than the table does; the training set must hold the last reading **at or before** the start.

# COMMAND ----------

dbutils.widgets.text("schema", "main.tutorial_time_series", "Schema")
schema = dbutils.widgets.get("schema")
spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")

# COMMAND ----------

# DBTITLE 1,Readings and rides
from datetime import datetime

readings = spark.createDataFrame(
    [
        ("north", datetime(2024, 5, 1, 8), 11.0),
        ("north", datetime(2024, 5, 1, 9), 13.0),
        ("south", datetime(2024, 5, 1, 8), 16.0),
    ],
    "station string, measured_at timestamp, temperature double",
)
rides = spark.createDataFrame(
    [
        (1, "north", datetime(2024, 5, 1, 8, 59), 12.0),
        (2, "north", datetime(2024, 5, 1, 9, 0), 9.0),
        (3, "south", datetime(2024, 5, 1, 7, 0), 30.0),
    ],
    "ride_id long, from_station string, started timestamp, minutes double",
)
display(readings)

# COMMAND ----------

from databricks.feature_engineering import FeatureEngineeringClient, FeatureLookup

fe = FeatureEngineeringClient()
fe.create_table(
    name=f"{schema}.weather",
    primary_keys=["station", "measured_at"],
    timeseries_column="measured_at",
    df=readings,
    description="Readings of weather stations",
)

# COMMAND ----------

training_set = fe.create_training_set(
    df=rides,
    feature_lookups=[
        FeatureLookup(
            table_name=f"{schema}.weather",
            lookup_key="from_station",
            timestamp_lookup_key="started",
        )
    ],
    label="minutes",
    exclude_columns=["started"],
)
training_df = training_set.load_df()
display(training_df.orderBy("ride_id"))

# COMMAND ----------

found = {row.ride_id: row.temperature for row in training_df.collect()}
assert found == {1: 11.0, 2: 13.0, 3: None}, found
