# Databricks notebook source
# MAGIC %md
# MAGIC # What is only known when a prediction is asked for
# MAGIC The distance of a trip comes with the request, the driver's rating from a feature table. A model logged with its training
# MAGIC set looks the rating up by itself, and takes the distance from the rows to be scored.

# COMMAND ----------

# MAGIC %pip install --quiet scikit-learn

# COMMAND ----------

dbutils.library.restartPython()

# COMMAND ----------

dbutils.widgets.text("schema", "main.tutorial_request_time")
schema = dbutils.widgets.get("schema")
spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
model_name = f"{schema}.fare_model"

# COMMAND ----------

from databricks.feature_engineering import FeatureEngineeringClient, FeatureLookup
import mlflow
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

mlflow.set_registry_uri("databricks-uc")
mlflow.set_experiment("/Users/someone@example.com/fares")

fe = FeatureEngineeringClient()
drivers = spark.createDataFrame([(d, 3.0 + d / 10) for d in range(10)], "driver_id long, rating double")
fe.create_table(name=f"{schema}.drivers", primary_keys="driver_id", df=drivers)

# COMMAND ----------

trips = spark.createDataFrame(
    [(d, float(km), 2.0 * km + d) for d in range(10) for km in (1, 5, 9)], "driver_id long, distance_km double, fare double"
)
training_set = fe.create_training_set(
    df=trips,
    feature_lookups=[FeatureLookup(table_name=f"{schema}.drivers", lookup_key="driver_id")],
    label="fare",
    exclude_columns="driver_id",
)
pdf = training_set.load_df().toPandas()
X, y = pdf.drop("fare", axis=1), pdf["fare"]

# COMMAND ----------

with mlflow.start_run(run_name="fares"):
    model = LinearRegression().fit(X, y)
    fe.log_model(
        model=model,
        artifact_path="model",
        flavor=mlflow.sklearn,
        training_set=training_set,
        registered_model_name=model_name,
        signature=infer_signature(X, y),
    )

# COMMAND ----------

client = mlflow.MlflowClient(registry_uri="databricks-uc")
client.set_registered_model_alias(model_name, "champion", 1)
asked = spark.createDataFrame([(4, 2.5)], "driver_id long, distance_km double")
scored = fe.score_batch(model_uri=f"models:/{model_name}@champion", df=asked)
display(scored)

# COMMAND ----------

row = scored.first()
assert row.rating == 3.4 and abs(row.prediction - 9.0) < 1e-6, row
