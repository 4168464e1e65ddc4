# Databricks notebook source
# MAGIC %md
# MAGIC # 2. A training set, point in time
# MAGIC Each label row gets the features **as they were known at its time**: the newest row at or before it, never a later one. No label row is lost or
# MAGIC doubled.

# COMMAND ----------

# MAGIC %run ./00_setup

# COMMAND ----------

from databricks.feature_engineering import FeatureEngineeringClient, FeatureFunction, FeatureLookup

fe = FeatureEngineeringClient()
labels = spark.table(f"{schema}.orders").where("placed_at < '2024-04-01'").select("order_id", "customer_id", "placed_at", "amount", "returned")
lookups = [
    FeatureLookup(table_name=f"{schema}.customers", lookup_key="customer_id"),
    FeatureLookup(table_name=f"{schema}.customer_activity", lookup_key="customer_id", timestamp_lookup_key="placed_at"),
    FeatureFunction(udf_name=f"{schema}.hour_of_day", input_bindings={"at": "placed_at"}, output_name="hour"),
]
training_set = fe.create_training_set(
    df=labels, feature_lookups=lookups, label="returned", exclude_columns=["customer_id", "order_id"]
)
frame = training_set.load_df()
display(frame.limit(5))

# COMMAND ----------

# MAGIC %md
# MAGIC The customer's own order is among `orders_so_far`, since it is placed at that very time (equality counts); its outcome is not in `return_rate`.

# COMMAND ----------

assert frame.count() == labels.count()
pdf = frame.toPandas().sort_values("placed_at")
print(pdf.groupby("segment")["returned"].agg(["mean", "size"]).round(3))

# COMMAND ----------

import matplotlib.pyplot as plt
import pandas as pd

share = pdf.groupby(pd.qcut(pdf["return_rate"], 8, duplicates="drop"), observed=True)["returned"].mean()
plt.figure(figsize=(6, 3))
plt.bar(range(len(share)), share)
plt.xticks(range(len(share)), [f"{i.mid:.2f}" for i in share.index])
plt.xlabel("return rate known when the order is placed")
plt.ylabel("share that came back")
plt.tight_layout()
plt.show()
