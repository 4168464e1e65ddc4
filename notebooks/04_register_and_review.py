# Databricks notebook source
# MAGIC %md
# MAGIC # 4. Register, and review in the MLflow UI
# MAGIC The model is logged **with its feature spec**: where each input comes from. Who scores with it brings keys and times only.

# COMMAND ----------

dbutils.widgets.text("schema", "main.tour", "Schema of the tour")

# COMMAND ----------

# MAGIC %run ./_resources/shop

# COMMAND ----------

import mlflow
import mlflow.sklearn
from databricks.feature_engineering import FeatureEngineeringClient
from sklearn.ensemble import RandomForestClassifier

schema = dbutils.widgets.get("schema")
mlflow.set_registry_uri("databricks-uc")
mlflow.set_experiment(f"/Shared/{schema}")
fe = FeatureEngineeringClient()

# COMMAND ----------

# MAGIC %md
# MAGIC The best trial of notebook 3 says which forest to fit, now on all labels.

# COMMAND ----------

trials = mlflow.search_runs(filter_string="metrics.log_loss > 0", order_by=["metrics.log_loss ASC"])
chosen = {name: int(trials.loc[0, f"params.{name}"]) for name in ("depth", "leaf")}
training_set = training_set_of(fe, spark.table(f"{schema}.labels"), schema)
frame = training_set.load_df().toPandas()
inputs = frame.drop(columns="buys").astype("float64")
display(trials[["run_id", "params.depth", "params.leaf", "metrics.log_loss", "metrics.auc"]].head(3))

# COMMAND ----------

with mlflow.start_run(run_name="forest"):
    model = RandomForestClassifier(
        n_estimators=40, max_depth=chosen["depth"], min_samples_leaf=chosen["leaf"], random_state=7
    ).fit(inputs, frame["buys"])
    mlflow.log_params(chosen)
    fe.log_model(
        model=model,
        artifact_path="model",
        flavor=mlflow.sklearn,
        training_set=training_set,
        registered_model_name=f"{schema}.buyers",
        signature=mlflow.models.infer_signature(inputs, model.predict(inputs)),
        pip_requirements=["scikit-learn"],
    )

# COMMAND ----------

# MAGIC %md
# MAGIC ## Review
# MAGIC `mlflow ui --backend-store-uri sqlite:///.headwater/mlflow.db` shows the runs, the model and its versions here; on Databricks
# MAGIC they are under *Experiments* and *Models*. A reviewer who agrees gives the version the alias that scoring uses.

# COMMAND ----------

from mlflow import MlflowClient

client = MlflowClient()
newest = max(int(version.version) for version in client.search_model_versions(f"name = '{schema}.buyers'"))
client.set_registered_model_alias(f"{schema}.buyers", "champion", newest)
client.set_model_version_tag(f"{schema}.buyers", str(newest), "reviewed", "yes")

# COMMAND ----------

import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(7, 2.5))
axes.barh(list(inputs.columns), model.feature_importances_)
axes.set_title("What the forest goes by")
figure.tight_layout()
plt.show()
