# Databricks notebook source
# MAGIC %md
# MAGIC # Code shared by `%run`
# MAGIC The setup notebook makes the schema and brings functions; its parameter says whether to start anew.

# COMMAND ----------

dbutils.widgets.text("schema", "main.tutorial_helpers")

# COMMAND ----------

# MAGIC %run ./_resources/00-setup $reset_all_data=true $rows="5"

# COMMAND ----------

# The names of the setup are names here.
assert (reset_all_data, row_count) == (True, 5)
assert dbutils.widgets.get("schema") == schema

features_df = make_rows(row_count)
features_df.write.mode("overwrite").saveAsTable(f"{schema}.raw")

# COMMAND ----------

result = dbutils.notebook.run("./_resources/count_rows", 60, {"table": f"{schema}.raw"})
assert result == "5", result

# COMMAND ----------

# MAGIC %python
# MAGIC import os
# MAGIC assert os.path.basename(os.getcwd()) == "tutorials"
