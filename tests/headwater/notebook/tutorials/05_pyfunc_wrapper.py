# Databricks notebook source
# MAGIC %md
# MAGIC # A model of one's own class
# MAGIC The class stands in the notebook; the model that is logged must load elsewhere all the same.

# COMMAND ----------

dbutils.widgets.text("schema", "main.tutorial_pyfunc")
schema = dbutils.widgets.get("schema")
spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")

# COMMAND ----------

import mlflow
import mlflow.pyfunc
import pandas as pd
from databricks.feature_engineering import FeatureEngineeringClient, FeatureLookup
from sklearn.tree import DecisionTreeClassifier

mlflow.set_tracking_uri("databricks")
mlflow.set_registry_uri("databricks-uc")
fe = FeatureEngineeringClient()

# COMMAND ----------

THRESHOLD = 0.5


class Decider(mlflow.pyfunc.PythonModel):
    """Turns a probability into a word."""

    def __init__(self, inner):
        self.inner = inner

    def predict(self, context, model_input):
        probability = self.inner.predict_proba(model_input[["visits"]].fillna(0))[:, 1]
        return pd.Series(["yes" if p > THRESHOLD else "no" for p in probability])


# COMMAND ----------

customers = spark.createDataFrame([(i, i * 2) for i in range(20)], "customer_id long, visits long")
fe.create_table(name=f"{schema}.customers", primary_keys="customer_id", df=customers)
labels = customers.selectExpr("customer_id", "cast(customer_id >= 10 as int) AS returned")
training_set = fe.create_training_set(
    df=labels,
    feature_lookups=[FeatureLookup(table_name=f"{schema}.customers", lookup_key="customer_id")],
    label="returned",
    exclude_columns="customer_id",
)
pdf = training_set.load_df().toPandas()

# COMMAND ----------

# DBTITLE 1,Train and register
with mlflow.start_run():
    inner = DecisionTreeClassifier(max_depth=2).fit(pdf[["visits"]], pdf["returned"])
    fe.log_model(
        model=Decider(inner),
        artifact_path="decider",
        flavor=mlflow.pyfunc,
        training_set=training_set,
        registered_model_name=f"{schema}.decider",
    )

# COMMAND ----------

scored = fe.score_batch(
    model_uri=f"models:/{schema}.decider/1",
    df=spark.createDataFrame([(3,), (17,), (99,)], "customer_id long"),
    result_type="string",
)
found = {row.customer_id: row.prediction for row in scored.collect()}
assert found == {3: "no", 17: "yes", 99: "no"}, found
