# Databricks notebook source
# MAGIC %md
# MAGIC # 2. A training set
# MAGIC A label is a customer, a moment, and whether an order followed within a week. The features must be those that were
# MAGIC known **at that moment**: with later ones a model looks better than it will ever be.

# COMMAND ----------

dbutils.widgets.text("schema", "main.tour", "Schema of the tour")

# COMMAND ----------

# MAGIC %run ./_resources/shop

# COMMAND ----------

schema = dbutils.widgets.get("schema")
labels = labels_of(spark, orders_of(spark))
display(labels.groupBy("at").agg({"buys": "avg"}).orderBy("at"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Lookups
# MAGIC Two lookups and a function of what they give. The keys have other names here than in the tables (`customer`, `at`), which
# MAGIC is why the lookups name them. `lookback_window` says how old a row of habits may be.

# COMMAND ----------

from databricks.feature_engineering import FeatureEngineeringClient

fe = FeatureEngineeringClient()
training_set = training_set_of(fe, labels, schema)
df = training_set.load_df()
display(df.limit(5))

# COMMAND ----------

# MAGIC %md
# MAGIC Every label is there once, and nothing was looked up from its future.

# COMMAND ----------

assert df.count() == labels.count()
assert df.columns == ["orders_28d", "spent_28d", "days_since", "born", "order_value", "buys"]
labels.write.mode("overwrite").saveAsTable(f"{schema}.labels")

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT buys, count(*) AS labels FROM IDENTIFIER(:schema || '.labels') GROUP BY buys ORDER BY buys
