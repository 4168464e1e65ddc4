# Databricks notebook source
dbutils.widgets.removeAll()
dbutils.widgets.text("schema", "main.tutorial_widgets", "Schema")
dbutils.widgets.dropdown("mode", "fast", ["fast", "exact"])
dbutils.widgets.combobox("region", "eu", ["eu", "us"])
dbutils.widgets.multiselect("columns", "a,b", ["a", "b", "c"])

# COMMAND ----------

schema = dbutils.widgets.get("schema")
columns = getArgument("columns").split(",")
assert columns == ["a", "b"] and dbutils.widgets.getAll()["mode"] == "fast"

# COMMAND ----------

# MAGIC %sql
# MAGIC CREATE WIDGET TEXT lowest DEFAULT "2";
# MAGIC CREATE OR REPLACE TEMPORARY VIEW numbers AS SELECT id AS n, 'a;b' AS text FROM range(5); -- not two; statements
# MAGIC SELECT n, text, '${region}' AS region, getArgument("mode") AS mode FROM numbers WHERE n >= CAST(:lowest AS BIGINT) ORDER BY n

# COMMAND ----------

rows = _sqldf.collect()
assert [(r.n, r.text, r.region, r.mode) for r in rows] == [(n, "a;b", "eu", "fast") for n in (2, 3, 4)], rows

# COMMAND ----------

# DBTITLE 1,Hand on to the next task
dbutils.jobs.taskValues.set(key="rows", value=len(rows))
earlier = dbutils.jobs.taskValues.get(taskKey="ingest", key="rows", default=0, debugValue=-1)
print("earlier:", earlier)

# COMMAND ----------

dbutils.notebook.exit(f"{schema}: {len(rows)} rows, {earlier} earlier")
