# Databricks notebook source
# MAGIC %md
# MAGIC # Taxi fares with the older client
# MAGIC Trips are made here; features are counts and mean fares per zip code and window.

# COMMAND ----------

from databricks import feature_store
from pyspark.sql.functions import *
from pyspark.sql.types import FloatType, IntegerType, StringType
from datetime import datetime, timedelta

dbutils.widgets.text("schema", "main.tutorial_taxi")
schema = dbutils.widgets.get("schema")
spark.sql(f"CREATE DATABASE IF NOT EXISTS {schema}")

# COMMAND ----------

import random

random.seed(3)
start = datetime(2016, 1, 1)
trips = []
for i in range(120):
    pickup = start + timedelta(minutes=random.randint(0, 60 * 24 * 38))
    minutes = random.randint(3, 40)
    trips.append(
        (pickup, pickup + timedelta(minutes=minutes), random.choice([10001, 10002, 10003]), random.choice([10001, 10004]),
         minutes / 4.0, 3.0 + minutes * 0.8)
    )
raw_data = spark.createDataFrame(
    trips,
    "tpep_pickup_datetime timestamp, tpep_dropoff_datetime timestamp, pickup_zip int, dropoff_zip int, trip_distance double, fare_amount double",
)
raw_data = raw_data.withColumn("pickup_zip", col("pickup_zip").cast(IntegerType()))
display(raw_data)

# COMMAND ----------

@udf(returnType=IntegerType())
def is_weekend(dt):
    return int(dt.weekday() >= 5)


@udf(returnType=StringType())
def partition_id(dt):
    return f"{dt.year:04d}-{dt.month:02d}"


def filter_df_by_ts(df, ts_column, start_date, end_date):
    if ts_column and start_date:
        df = df.filter(col(ts_column) >= start_date)
    if ts_column and end_date:
        df = df.filter(col(ts_column) < end_date)
    return df


@feature_store.feature_table
def pickup_features_fn(df, ts_column, start_date, end_date):
    """Counts and mean fares per pickup zip code, over one hour, every 15 minutes."""
    df = filter_df_by_ts(df, ts_column, start_date, end_date)
    return (
        df.groupBy("pickup_zip", window("tpep_pickup_datetime", "1 hour", "15 minutes"))
        .agg(mean("fare_amount").alias("mean_fare_window_1h_pickup_zip"), count("*").alias("count_trips_window_1h_pickup_zip"))
        .select(
            col("pickup_zip").alias("zip"),
            unix_timestamp(col("window.end")).cast("timestamp").alias("ts"),
            partition_id(to_timestamp(col("window.end"))).alias("yyyy_mm"),
            col("mean_fare_window_1h_pickup_zip").cast(FloatType()),
            col("count_trips_window_1h_pickup_zip").cast(IntegerType()),
        )
    )


@feature_store.feature_table
def dropoff_features_fn(df, ts_column, start_date, end_date):
    df = filter_df_by_ts(df, ts_column, start_date, end_date)
    return (
        df.groupBy("dropoff_zip", window("tpep_dropoff_datetime", "30 minute"))
        .agg(count("*").alias("count_trips_window_30m_dropoff_zip"))
        .select(
            col("dropoff_zip").alias("zip"),
            unix_timestamp(col("window.end")).cast("timestamp").alias("ts"),
            partition_id(to_timestamp(col("window.end"))).alias("yyyy_mm"),
            col("count_trips_window_30m_dropoff_zip").cast(IntegerType()),
            is_weekend(col("window.end")).alias("dropoff_is_weekend"),
        )
    )


pickup_features = pickup_features_fn(raw_data, ts_column="tpep_pickup_datetime", start_date=datetime(2016, 1, 1), end_date=datetime(2016, 1, 31))
dropoff_features = dropoff_features_fn(raw_data, ts_column="tpep_dropoff_datetime", start_date=datetime(2016, 1, 1), end_date=datetime(2016, 1, 31))

# COMMAND ----------

fs = feature_store.FeatureStoreClient()
spark.conf.set("spark.sql.shuffle.partitions", "5")
fs.create_table(
    name=f"{schema}.trip_pickup_features",
    primary_keys=["zip", "ts"],
    df=pickup_features,
    partition_columns="yyyy_mm",
    description="Taxi fares. Pickup features",
)
fs.create_table(
    name=f"{schema}.trip_dropoff_features",
    primary_keys=["zip", "ts"],
    df=dropoff_features,
    partition_columns="yyyy_mm",
    description="Taxi fares. Dropoff features",
)

# COMMAND ----------

for name, fn, ts in [("pickup", pickup_features_fn, "tpep_pickup_datetime"), ("dropoff", dropoff_features_fn, "tpep_dropoff_datetime")]:
    fs.write_table(
        name=f"{schema}.trip_{name}_features",
        df=fn(raw_data, ts_column=ts, start_date=datetime(2016, 2, 1), end_date=datetime(2016, 2, 29)),
        mode="merge",
    )

# COMMAND ----------

# MAGIC %sql SELECT SUM(count_trips_window_1h_pickup_zip) AS total_rides FROM IDENTIFIER(:schema || '.trip_pickup_features')

# COMMAND ----------

from databricks.feature_store import FeatureLookup
import mlflow


def rounded_unix_timestamp(dt, num_minutes=15):
    nsecs = dt.minute * 60 + dt.second + dt.microsecond * 1e-6
    delta = math.ceil(nsecs / (60 * num_minutes)) * (60 * num_minutes) - nsecs
    return int((dt + timedelta(seconds=delta)).replace(tzinfo=timezone.utc).timestamp())


import math
from datetime import timezone

rounded_unix_timestamp_udf = udf(rounded_unix_timestamp, IntegerType())


def rounded_taxi_data(taxi_data_df):
    taxi_data_df = (
        taxi_data_df.withColumn("rounded_pickup_datetime", rounded_unix_timestamp_udf(taxi_data_df["tpep_pickup_datetime"], lit(15)).cast("timestamp"))
        .withColumn("rounded_dropoff_datetime", rounded_unix_timestamp_udf(taxi_data_df["tpep_dropoff_datetime"], lit(30)).cast("timestamp"))
        .drop("tpep_pickup_datetime")
        .drop("tpep_dropoff_datetime")
    )
    taxi_data_df.createOrReplaceTempView("taxi_data")
    return taxi_data_df


taxi_data = rounded_taxi_data(raw_data)

# COMMAND ----------

pickup_feature_lookups = [
    FeatureLookup(
        table_name=f"{schema}.trip_pickup_features",
        feature_names=["mean_fare_window_1h_pickup_zip", "count_trips_window_1h_pickup_zip"],
        lookup_key=["pickup_zip"],
        timestamp_lookup_key="rounded_pickup_datetime",
    )
]

# COMMAND ----------

try:
    fs.create_training_set(taxi_data, feature_lookups=pickup_feature_lookups, label="fare_amount", exclude_columns=["rounded_pickup_datetime"])
except ValueError as error:
    print("as told:", error)

# COMMAND ----------

pickup_feature_lookups = [FeatureLookup(table_name=f"{schema}.plain_pickup", feature_names=["mean_fare_window_1h_pickup_zip", "count_trips_window_1h_pickup_zip"], lookup_key=["pickup_zip", "slot"])]
plain = pickup_features.selectExpr("zip", "unix_timestamp(ts) AS slot", "mean_fare_window_1h_pickup_zip", "count_trips_window_1h_pickup_zip")
fs.create_table(f"{schema}.plain_pickup", ["zip", "slot"], plain)
taxi_data = taxi_data.withColumn("slot", unix_timestamp("rounded_pickup_datetime"))
mlflow.end_run()
mlflow.start_run()
exclude_columns = ["rounded_pickup_datetime", "rounded_dropoff_datetime", "slot"]
training_set = fs.create_training_set(taxi_data, feature_lookups=pickup_feature_lookups, label="fare_amount", exclude_columns=exclude_columns)
training_df = training_set.load_df()

# COMMAND ----------

from sklearn.model_selection import train_test_split
from mlflow.tracking import MlflowClient
import mlflow.sklearn
from sklearn.ensemble import HistGradientBoostingRegressor

features_and_label = training_df.columns
data = training_df.toPandas()[features_and_label]
train, test = train_test_split(data, random_state=123)
X_train = train.drop(["fare_amount"], axis=1)
mlflow.sklearn.autolog()
model = HistGradientBoostingRegressor(max_iter=10).fit(X_train, train.fare_amount)
fs.log_model(
    model,
    artifact_path="model_packaged",
    flavor=mlflow.sklearn,
    training_set=training_set,
    registered_model_name=f"{schema}.taxi_example_fare_packaged",
)

# COMMAND ----------

def get_latest_model_version(model_name):
    latest_version = 1
    mlflow_client = MlflowClient()
    for mv in mlflow_client.search_model_versions(f"name='{model_name}'"):
        version_int = int(mv.version)
        if version_int > latest_version:
            latest_version = version_int
    return latest_version


cols = ["fare_amount", "trip_distance", "pickup_zip", "dropoff_zip", "rounded_pickup_datetime", "rounded_dropoff_datetime", "slot"]
new_taxi_data = taxi_data.select(cols)
latest_model_version = get_latest_model_version(f"{schema}.taxi_example_fare_packaged")
model_uri = f"models:/{schema}.taxi_example_fare_packaged/{latest_model_version}"
with_predictions = fs.score_batch(model_uri, new_taxi_data)

# COMMAND ----------

def is_within_5_percent(fare_amount, prediction):
    return -5 <= fare_amount - prediction <= 5


with_predictions = with_predictions.withColumn("ok", udf(is_within_5_percent, "boolean")("fare_amount", "prediction"))
display(with_predictions.select("fare_amount", "prediction", "ok"))
dbutils.notebook.exit(str(with_predictions.count()))
