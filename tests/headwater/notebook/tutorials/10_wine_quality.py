# Databricks notebook source
# MAGIC %md
# MAGIC # Wines
# MAGIC A feature table of wines, a model with a column that only the request knows, and a second version from more features.

# COMMAND ----------

# MAGIC %pip install databricks-feature-engineering
# MAGIC dbutils.library.restartPython()

# COMMAND ----------

import pandas as pd
from pyspark.sql.functions import monotonically_increasing_id, expr, rand
import uuid
from databricks.feature_engineering import FeatureEngineeringClient, FeatureLookup
import mlflow
import mlflow.sklearn
from sklearn.model_selection import train_test_split
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import mean_squared_error, r2_score

# COMMAND ----------

from sklearn.datasets import load_wine

dbutils.widgets.text("schema", "main.tutorial_wine")
schema = dbutils.widgets.get("schema")
catalog, db = schema.split(".")
spark.sql(f"USE CATALOG {catalog}")
spark.sql(f"CREATE SCHEMA IF NOT EXISTS {db}")
spark.sql(f"USE SCHEMA {db}")
bunch = load_wine(as_frame=True)
raw_data = spark.createDataFrame(bunch.data.assign(quality=bunch.target.astype(float)).rename(columns={"od280/od315_of_diluted_wines": "od280 od315"}))


def addIdColumn(dataframe, id_column_name):
    columns = dataframe.columns
    new_df = dataframe.withColumn(id_column_name, monotonically_increasing_id())
    return new_df[[id_column_name] + columns]


def renameColumns(df):
    renamed_df = df
    for column in df.columns:
        renamed_df = renamed_df.withColumnRenamed(column, column.replace(" ", "_"))
    return renamed_df


renamed_df = renameColumns(raw_data)
df = addIdColumn(renamed_df, "wine_id")
features_df = df.drop("quality")
display(features_df)

# COMMAND ----------

fe = FeatureEngineeringClient()
table_name = "wine_db_" + str(uuid.uuid4())[:6]
fe.create_table(
    name=table_name,
    primary_keys=["wine_id"],
    df=features_df,
    schema=features_df.schema,
    description="wine features",
)

# COMMAND ----------

inference_data_df = df.select("wine_id", "quality", (10 * rand()).alias("real_time_measurement"))
display(inference_data_df)


def load_data(table_name, lookup_key):
    model_feature_lookups = [FeatureLookup(table_name=table_name, lookup_key=lookup_key)]
    training_set = fe.create_training_set(df=inference_data_df, feature_lookups=model_feature_lookups, label="quality", exclude_columns="wine_id")
    training_pd = training_set.load_df().toPandas()
    X = training_pd.drop("quality", axis=1)
    y = training_pd["quality"]
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
    return X_train, X_test, y_train, y_test, training_set


X_train, X_test, y_train, y_test, training_set = load_data(table_name, "wine_id")
X_train.head()

# COMMAND ----------

from mlflow.tracking.client import MlflowClient

mlflow.set_registry_uri("databricks-uc")
model_name = f"{catalog}.{db}.wine_model"
client = MlflowClient()
try:
    client.delete_registered_model(model_name)
except Exception:
    None

# COMMAND ----------

mlflow.sklearn.autolog(log_models=False)


def train_model(X_train, X_test, y_train, y_test, training_set, fe):
    with mlflow.start_run() as run:
        rf = RandomForestRegressor(max_depth=3, n_estimators=20, random_state=42)
        rf.fit(X_train, y_train)
        y_pred = rf.predict(X_test)
        mlflow.log_metric("test_mse", mean_squared_error(y_test, y_pred))
        mlflow.log_metric("test_r2_score", r2_score(y_test, y_pred))
        fe.log_model(
            model=rf,
            artifact_path="wine_quality_prediction",
            flavor=mlflow.sklearn,
            training_set=training_set,
            registered_model_name=model_name,
        )


train_model(X_train, X_test, y_train, y_test, training_set, fe)

# COMMAND ----------

def get_latest_model_version(model_name):
    latest_version = 1
    mlflow_client = MlflowClient()
    for mv in mlflow_client.search_model_versions(f"name='{model_name}'"):
        version_int = int(mv.version)
        if version_int > latest_version:
            latest_version = version_int
    return latest_version


batch_input_df = inference_data_df.drop("quality")
latest_model_version = get_latest_model_version(model_name)
predictions_df = fe.score_batch(model_uri=f"models:/{model_name}/{latest_model_version}", df=batch_input_df)
display(predictions_df["wine_id", "prediction"])

# COMMAND ----------

so2_cols = ["alcohol", "malic_acid"]
new_features_df = features_df.withColumn("average_so2", expr("+".join(so2_cols)) / 2)
display(new_features_df)
fe.write_table(name=table_name, df=new_features_df, mode="merge")
display(fe.read_table(name=table_name))

# COMMAND ----------

X_train, X_test, y_train, y_test, training_set = load_data(table_name, "wine_id")
assert "average_so2" in X_train.columns
train_model(X_train, X_test, y_train, y_test, training_set, fe)
model_info = client.get_registered_model(model_name)
client.set_registered_model_alias(model_name, "Champion", get_latest_model_version(model_name))
scored = fe.score_batch(model_uri=f"models:/{model_name}@Champion", df=batch_input_df.limit(10))
assert scored.count() == 10 and get_latest_model_version(model_name) == 2
dbutils.widgets.removeAll()
