# Databricks notebook source
# MAGIC %md
# MAGIC # The shop's raw tables
# MAGIC Other notebooks begin with `%run ./00_setup`. It makes the schema of the widget `schema`, and in it what a shop's own systems would
# MAGIC deliver: customers, their orders, and which orders came back. The data is generated, always the same (seed 7): 300 customers, 120 days.

# COMMAND ----------

dbutils.widgets.text("schema", "main.tour", "Schema of the tour")
schema = dbutils.widgets.get("schema")
spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")

# COMMAND ----------

import numpy as np
import pandas as pd

if not spark.catalog.tableExists(f"{schema}.orders"):
    random = np.random.default_rng(7)
    customers = pd.DataFrame(
        {
            "customer_id": np.arange(300),
            "segment": random.choice(["home", "office", "student"], 300, p=[0.5, 0.3, 0.2]),
            "habit": random.beta(2, 5, 300),  # how readily this customer sends things back: nobody knows it
        }
    )
    n = 6000
    orders = pd.DataFrame({"order_id": np.arange(n), "customer_id": random.integers(0, 300, n)})
    orders["placed_at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(random.uniform(0, 120, n)), unit="D").round("s")
    orders["amount"] = np.round(random.lognormal(3.5, 0.7, n), 2)
    joined = orders.merge(customers, on="customer_id").sort_values("order_id")
    chance = 1 / (1 + np.exp(-(-3.0 + 6 * joined["habit"] + 0.006 * joined["amount"] + 0.8 * (joined["segment"] == "student"))))
    orders["returned"] = (random.uniform(size=n) < chance.to_numpy()).astype("int32")
    # Whether an order comes back is known two weeks later, not when it is placed.
    orders["outcome_at"] = orders["placed_at"] + pd.Timedelta(days=14)
    spark.createDataFrame(customers.drop(columns="habit")).write.saveAsTable(f"{schema}.customers_raw")
    spark.createDataFrame(orders).write.saveAsTable(f"{schema}.orders")

print(f"{spark.table(f'{schema}.orders').count():,} orders in {schema}.orders")
