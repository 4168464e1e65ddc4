# Databricks notebook source
# MAGIC %md
# MAGIC # 1. Define features
# MAGIC A shop wants to know which customers will buy in the coming week. What it knows are customers and their orders.
# MAGIC This tour goes from there to a model that is watched, in six short notebooks; each starts where the last one ended.
# MAGIC They run unchanged here (`headwater notebook run notebooks/01_define_features.py`) and on Databricks.
# MAGIC
# MAGIC Here: the rows, and two **feature tables** made of them.

# COMMAND ----------

dbutils.widgets.text("schema", "main.tour", "Schema of the tour")

# COMMAND ----------

# MAGIC %run ./_resources/shop

# COMMAND ----------

# MAGIC %md
# MAGIC ## The rows
# MAGIC 200 customers and three months of orders, generated with a fixed seed: each customer has a habit, some lose it.

# COMMAND ----------

schema = dbutils.widgets.get("schema")
spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
customers, orders = customers_of(spark), orders_of(spark)
display(orders.orderBy("customer_id", "ordered_at").limit(5))

# COMMAND ----------

# MAGIC %md
# MAGIC ## A table of customers
# MAGIC One row per customer. The primary key makes a Delta table a feature table; the same could be said in SQL.

# COMMAND ----------

from databricks.feature_engineering import FeatureEngineeringClient

fe = FeatureEngineeringClient()
fe.create_table(
    name=f"{schema}.customers",
    primary_keys="customer_id",
    df=customers,
    description="Who the customers are",
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## A table of habits, day by day
# MAGIC What a customer did in the 28 days before midnight of each day: known at that midnight, so that is its time.
# MAGIC The time series column lets training sets ask for *what was known at the time*, and for nothing later.

# COMMAND ----------

habits = habits_of(spark, orders)
fe.create_table(
    name=f"{schema}.habits",
    primary_keys=["customer_id", "day"],
    timeseries_column="day",
    schema=habits.schema,
    description="Orders of the 28 days before, at midnight UTC",
)
# The table is there from now on; writing merges by its keys, so that a day can be written again.
fe.write_table(name=f"{schema}.habits", df=habits, mode="merge")
display(fe.read_table(name=f"{schema}.habits").where("customer_id = 1").orderBy("day").limit(5))

# COMMAND ----------

# MAGIC %md
# MAGIC ## A feature that is computed on demand
# MAGIC A Python function of the catalog. Training sets, batch scores and models carry it and give it the same arguments.

# COMMAND ----------

spark.sql(f"""
    CREATE OR REPLACE FUNCTION {schema}.order_value(spent DOUBLE, orders BIGINT)
    RETURNS DOUBLE
    LANGUAGE PYTHON
    COMMENT 'Mean value of an order; 0 without one'
    AS $$
      return spent / orders if orders else 0.0
    $$""")

# COMMAND ----------

import matplotlib.pyplot as plt

per_day = orders.selectExpr("date(ordered_at) AS day").groupBy("day").count().orderBy("day").toPandas()
figure, axes = plt.subplots(figsize=(8, 2.5))
axes.plot(per_day["day"], per_day["count"])
axes.set_title("Orders per day")
display(figure)

# COMMAND ----------

table = fe.get_table(name=f"{schema}.habits")
assert list(table.primary_keys) == ["customer_id", "day"]
dbutils.notebook.exit(f"{habits.count()} rows of habits")
