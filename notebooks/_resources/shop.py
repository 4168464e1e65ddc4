# Databricks notebook source
# MAGIC %md
# MAGIC The shop of the tour: rows that are generated, with a fixed seed, and the same wherever they are made.

# COMMAND ----------

import datetime as dt

import numpy as np
import pandas as pd

CUSTOMERS, DAYS, START = 200, 90, dt.datetime(2024, 1, 1)
SEED = 7


def customers_of(spark):
    """One row per customer: region and year of birth."""
    rng = np.random.default_rng(SEED)
    frame = pd.DataFrame(
        {
            "customer_id": np.arange(1, CUSTOMERS + 1),
            "region": rng.choice(["north", "south", "west"], CUSTOMERS),
            "born": rng.integers(1950, 2005, CUSTOMERS).astype("int32"),
        }
    )
    return spark.createDataFrame(frame, "customer_id long, region string, born int")


def orders_of(spark):
    """Orders: each customer has a rate per day, and a third lose half of their interest on the way."""
    rng = np.random.default_rng(SEED + 1)
    rate = rng.gamma(2.0, 0.05, CUSTOMERS)
    turn = np.where(rng.random(CUSTOMERS) < 0.33, rng.integers(30, 80, CUSTOMERS), DAYS + 1)
    rows = []
    for customer in range(CUSTOMERS):
        for day in range(DAYS):
            eager = rate[customer] * (1.0 if day < turn[customer] else 0.2)
            for _ in range(rng.poisson(eager)):
                at = START + dt.timedelta(days=day, minutes=int(rng.integers(8 * 60, 22 * 60)))
                rows.append((customer + 1, at, round(float(rng.gamma(3.0, 12.0)), 2)))
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount"])
    return spark.createDataFrame(frame, "customer_id long, ordered_at timestamp, amount double")


def habits_of(spark, orders):
    """For each customer and each seventh day: orders, money and days since the last order, over the 28 days before."""
    days = ", ".join(f"TIMESTAMP'{START + dt.timedelta(days=day):%Y-%m-%d}'" for day in range(28, DAYS - 6, 7))
    orders.createOrReplaceTempView("tour_orders")
    return spark.sql(f"""
        WITH days AS (SELECT explode(array({days})) AS day),
             keys AS (SELECT DISTINCT customer_id, day FROM tour_orders CROSS JOIN days)
        SELECT k.customer_id, k.day,
               count(o.amount) AS orders_28d,
               coalesce(sum(o.amount), 0D) AS spent_28d,
               CAST(coalesce(min(datediff(k.day, o.ordered_at)), 28) AS INT) AS days_since
        FROM keys k LEFT JOIN tour_orders o
          ON o.customer_id = k.customer_id AND o.ordered_at < k.day AND o.ordered_at >= k.day - INTERVAL 28 DAYS
        GROUP BY k.customer_id, k.day""")


def labels_of(spark, orders):
    """For each customer and each seventh day, at noon: whether an order follows within seven days."""
    days = ", ".join(f"TIMESTAMP'{START + dt.timedelta(days=day):%Y-%m-%d} 12:00:00'" for day in range(28, DAYS - 7, 7))
    orders.createOrReplaceTempView("tour_orders")
    return spark.sql(f"""
        WITH times AS (SELECT explode(array({days})) AS at),
             keys AS (SELECT DISTINCT customer_id, at FROM tour_orders CROSS JOIN times)
        SELECT k.customer_id AS customer, k.at, CAST(max(o.ordered_at) IS NOT NULL AS INT) AS buys
        FROM keys k LEFT JOIN tour_orders o
          ON o.customer_id = k.customer_id AND o.ordered_at >= k.at AND o.ordered_at < k.at + INTERVAL 7 DAYS
        GROUP BY k.customer_id, k.at""")


def training_set_of(fe, labels, schema):
    """The training set that notebooks 2 to 4 use."""
    from databricks.feature_engineering import FeatureFunction, FeatureLookup

    return fe.create_training_set(
        df=labels,
        feature_lookups=[
            FeatureLookup(
                table_name=f"{schema}.habits",
                lookup_key="customer",
                timestamp_lookup_key="at",
                lookback_window=dt.timedelta(days=7),
            ),
            FeatureLookup(table_name=f"{schema}.customers", lookup_key="customer", feature_names=["born"]),
            FeatureFunction(
                udf_name=f"{schema}.order_value",
                output_name="order_value",
                input_bindings={"spent": "spent_28d", "orders": "orders_28d"},
            ),
        ],
        label="buys",
        exclude_columns=["customer", "at"],
    )
