# Databricks notebook source
# MAGIC %md
# MAGIC # 1. Define features
# MAGIC Question of the tour: *will this order come back?* A **feature** is a function of keys and a time. Here are three kinds:
# MAGIC
# MAGIC | kind | here | asked for by |
# MAGIC |---|---|---|
# MAGIC | a plain table | the customer's segment | `customer_id` |
# MAGIC | a time series | what the customer did until then | `customer_id` and a time |
# MAGIC | a function | the hour of the day | a value of the request itself |

# COMMAND ----------

# MAGIC %run ./00_setup

# COMMAND ----------

from databricks.feature_engineering import FeatureEngineeringClient

fe = FeatureEngineeringClient()

customers = spark.table(f"{schema}.customers_raw")
fe.create_table(
    name=f"{schema}.customers",
    primary_keys="customer_id",
    df=customers,
    description="Customers and their segment",
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## A time series: one row for each change
# MAGIC An order counts from the moment it is placed; whether it came back counts from `outcome_at`, two weeks later. A feature that used the
# MAGIC outcome earlier would know the future in training and lack it in service.

# COMMAND ----------

from pyspark.sql import Window
from pyspark.sql import functions as F

orders = spark.table(f"{schema}.orders")
placed = orders.select("customer_id", F.col("placed_at").alias("ts"), "amount", F.lit(None).cast("int").alias("returned"))
known = orders.select("customer_id", F.col("outcome_at").alias("ts"), F.lit(None).cast("double").alias("amount"), "returned")
events = placed.unionByName(known).groupBy("customer_id", "ts").agg(
    F.sum("amount").alias("amount"), F.count("amount").alias("orders"), F.sum("returned").alias("returned"), F.count("returned").alias("outcomes")
)
so_far = Window.partitionBy("customer_id").orderBy("ts").rowsBetween(Window.unboundedPreceding, Window.currentRow)
activity = events.select(
    "customer_id",
    "ts",
    F.sum("orders").over(so_far).alias("orders_so_far"),
    (F.sum("amount").over(so_far) / F.sum("orders").over(so_far)).alias("mean_amount"),
    # A share of few outcomes says little: four outcomes at the shop's own rate are added.
    ((F.coalesce(F.sum("returned").over(so_far), F.lit(0)) + 1) / (F.sum("outcomes").over(so_far) + 4)).alias("return_rate"),
)
fe.create_table(
    name=f"{schema}.customer_activity",
    primary_keys=["customer_id", "ts"],
    timeseries_column="ts",
    schema=activity.schema,
    description="Orders and returns of a customer until a time",
)
fe.write_table(name=f"{schema}.customer_activity", df=activity)  # merges: run again, it changes nothing
display(fe.read_table(name=f"{schema}.customer_activity").orderBy("customer_id", "ts").limit(5))

# COMMAND ----------

# MAGIC %md
# MAGIC ## A function, in SQL
# MAGIC It is kept in the catalog, and travels with each model that was trained with it.

# COMMAND ----------

spark.sql(f"""
CREATE OR REPLACE FUNCTION {schema}.hour_of_day(at TIMESTAMP) RETURNS DOUBLE
LANGUAGE PYTHON
COMMENT 'Hour of the day, UTC, minutes as a fraction'
AS $$
return None if at is None else at.hour + at.minute / 60
$$""")

# COMMAND ----------

table = fe.get_table(name=f"{schema}.customer_activity")
print(table.primary_keys, table.features, sep="\n")
